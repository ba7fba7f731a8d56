"""What is done with each statement of a schema file."""

import pytest

from dbsync.load import tree
from dbsync.load.acts import may_act
from dbsync.load.definitions import extensions
from dbsync.load.rules import MakeRole, PassOver, Refuse, Run, rule
from dbsync.model.text import Place, Script, Statement


def statement(sql: str, data: str | None = None) -> Statement:
    node = tree.node(sql)
    assert node
    return Statement(sql=sql, place=Place("schema.sql", 1), node=tree.node_name(node), data=data)


@pytest.mark.parametrize("sql", ["begin", "start transaction", "commit", "end", "set client_encoding = 'LATIN1'"])
def test_passed_over_in_silence(sql: str) -> None:
    assert rule(statement(sql)) == PassOver()


@pytest.mark.parametrize(
    "sql",
    [
        "alter role a superuser",
        "grant a to b",
        "drop role a",
        "alter role a set work_mem = '1MB'",
        "alter database a set work_mem = '1MB'",
        "comment on database a is 'x'",
        "alter database a owner to b",
        "grant connect on database a to b",
        "comment on role a is 'x'",
        "vacuum",
        "analyze t",
        "cluster t",
        "reindex table t",
        "checkpoint",
        "listen a",
        "notify a",
        "lock table t",
        "alter subscription s enable",
        "alter subscription s refresh publication",
    ],
)
def test_passed_over_with_a_note(sql: str) -> None:
    found = rule(statement(sql))
    assert isinstance(found, PassOver)
    assert found.note


@pytest.mark.parametrize(
    "sql",
    [
        "rollback",
        "savepoint a",
        "release a",
        "rollback to a",
        "prepare transaction 'a'",
        "commit prepared 'a'",
        "create database a",
        "drop database a",
        "alter database a rename to b",
        "alter system set work_mem = '1MB'",
        "create tablespace a location '/x'",
        "drop tablespace a",
        "drop owned by a",
        "reassign owned by a to b",
        "load 'x'",
        "copy t to program 'x'",
        "copy t from program 'x'",
        "copy t to '/x'",
        "copy t from '/x'",
        "drop subscription s",
        "alter role a rename to b",
    ],
)
def test_refused(sql: str) -> None:
    found = rule(statement(sql))
    assert isinstance(found, Refuse)
    assert found.why
    assert found.hint


@pytest.mark.parametrize(
    "sql", ["create table t ()", "do $$begin end$$", "cluster t using i", "alter table t owner to a", "select f()"]
)
def test_run_as_it_stands(sql: str) -> None:
    assert rule(statement(sql)) == Run()


def test_roles_are_made_bare() -> None:
    assert rule(statement("create user \"A\" superuser password 'x'")) == MakeRole("A")


@pytest.mark.parametrize(
    "options",
    ["", "with (connect = true, slot_name = 'x')", "with (enabled, create_slot, copy_data = true, slot_name = 'x')"],
)
def test_subscriptions_do_not_connect(options: str) -> None:
    found = rule(statement(f"create subscription s connection 'host=a' publication p {options}"))
    assert isinstance(found, Run)
    slot = ", slot_name = 'x'" if options else ""
    text = f"CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p WITH (connect = false{slot})"
    assert found.instead == text


@pytest.mark.parametrize(
    "sql",
    [
        "create extension postgis",
        "create event trigger e on ddl_command_end execute function f()",
        "alter table t owner to x",
        "alter table t disable trigger all",
        "create function f(int) returns int language c as 'lib', 'f'",
        "create function f() returns int language sql leakproof return 1",
        "create type t (input = t_in, output = t_out)",
        "create publication p for all tables",
        "create user mapping for x server s options (password_required 'false')",
        "alter foreign table t options (add filename '/x')",
    ],
)
def test_what_only_names_things_is_an_act(sql: str) -> None:
    assert may_act("42501", sql)
    assert not may_act("42P01", sql)
    assert not may_act(None, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "do $$begin end$$",
        "select f()",
        "set session_replication_role = replica",
        "insert into t values (f())",
        "create table t as select f()",
        "create table t (a d default '{x}')",
        "create table t (a int) partition by range ((a + f()))",
        "alter table t owner to x, add check (f())",
        "alter table t add column a int default f()",
        "create index on t ((f(a)))",
        "create view v as select f()",
        "create policy p on t using (f())",
        "create trigger g before insert on t for each row when (new.a = '{x}'::d[]) execute function f()",
        "create function f() returns int language sql return g()",
        "create publication p for tables in schema s, table t where (a = '{x}'::d[])",
        "create conversion c for 'LATIN1' to 'UTF8' from f",
        "create aggregate a (int) (sfunc = f, stype = internal, msfunc = f, mstype = d, minitcond = 'x')",
        "alter domain d add check (f(value))",
        "import foreign schema s from server x into public",
        "refresh materialized view v",
        "not SQL",
        "",
    ],
)
def test_what_evaluates_something_is_no_act(sql: str) -> None:
    assert not may_act("42501", sql)


def test_an_aggregate_over_internal_is_an_act() -> None:
    assert may_act("42P13", "create aggregate a (int) (sfunc = f, stype = internal)")
    assert not may_act("42P13", "create function f() returns int language c as 'lib', 'f'")


def test_extensions_are_known_before_loading() -> None:
    script = Script((statement("create table t ()"), statement('create extension if not exists "uuid-ossp"')), ())
    assert extensions(script) == {"uuid-ossp": Place("schema.sql", 1)}

"""What is done with each statement of a schema file."""

import pytest

from dbsync.load import tree
from dbsync.load.definitions import extensions
from dbsync.load.elevation import may_elevate
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


def test_elevation() -> None:
    assert may_elevate("42501", "CreateExtensionStmt")
    assert may_elevate("42P13", "DefineStmt")
    assert not may_elevate("42P13", "CreateFunctionStmt")
    assert not may_elevate("42501", "DoStmt")
    assert not may_elevate("42501", "VariableSetStmt")
    assert not may_elevate("42501", "")
    assert not may_elevate(None, "CreateExtensionStmt")


def test_extensions_are_known_before_loading() -> None:
    script = Script((statement("create table t ()"), statement('create extension if not exists "uuid-ossp"')), ())
    assert extensions(script) == {"uuid-ossp": Place("schema.sql", 1)}

"""Tables and rows that are made to be difficult."""

import pytest

from dbsync.errors import NoPlan, SchemaError
from tests.plugins.project import Project


def texts(project: Project) -> list[str]:
    return [one.step.sql for one in project.settled().steps]


def test_a_text_that_comes_from_a_sequence(project: Project) -> None:
    project.write(
        schema="create sequence from_ten minvalue 10 start 10;"
        "create table v (id int primary key default nextval('from_ten'));"
        "create sequence s; create table t (id text primary key default nextval('s'), n int);"
        "create sequence q as smallint; create table u (id numeric primary key default nextval('q'));",
        seeds="insert into t values ('one', 1), ('12', 2); insert into u values (7), (70000), ('NaN'), (-5);"
        "insert into v values (1);",
    )
    project.settled()
    assert project.rows("select last_value from s union all select last_value from q") == [(1,), (7,)]
    project.run("update t set n = 5 where id = 'one'; select setval('q', 3)")
    assert texts(project) == [
        "UPDATE public.t SET n = 1 WHERE id = 'one'",
        "SELECT pg_catalog.setval('public.q', greatest(7, last_value)) FROM public.q",
    ]


def test_rows_that_break_what_is_not_valid(project: Project) -> None:
    schema = (
        "create domain short as text; alter domain short add constraint short check (length(value) < 4) not valid;"
        "create table p (id int primary key);"
        "create table t (id int primary key, n int, p int, s short, note text);"
        "alter table t add constraint plus check (n > 0) not valid;"
        "alter table t add constraint there foreign key (p) references p not valid;"
        "comment on constraint plus on t is 'more than nothing';"
    )
    project.write(
        schema="create domain short as text; create table p (id int primary key);"
        "create table t (id int primary key, n int, p int, s short, note text);",
        seeds="insert into t (id, note) values (9, 'x');",
    )
    project.settled()
    project.run("insert into t values (1, -1, 5, 'long enough', null), (2, -1, null, null, 'two')")
    project.write(schema=schema)
    project.settled()
    project.write(seeds="-- dbsync: exact\ninsert into t (id, note) values (9, 'x'), (2, 'two');")
    assert texts(project) == ["DELETE FROM public.t WHERE id = 1"]
    project.write(seeds="insert into t (id, note) values (9, 'x'), (2, 'three');")
    with pytest.raises(NoPlan, match=r'seeds.sql:1:1: a row cannot be changed in public.t: .* check constraint "plus"'):
        project.plan()


def test_rows_that_break_what_is_valid(project: Project) -> None:
    schema = (
        "create function fits(n int) returns bool immutable language sql as 'select n > 0';"
        "create table t (id int primary key, n int check (fits(n)));"
    )
    project.write(schema=schema, seeds="insert into t (id) values (1);")
    project.settled()
    project.run("update t set n = 5")
    project.run("create or replace function fits(n int) returns bool immutable language sql as 'select n > 9'")
    project.write(schema=schema.replace("n > 0", "n > 9"))
    with pytest.raises(NoPlan, match=r"Rows of public\.t on live break a rule that the table has for them"):
        project.plan()


@pytest.mark.parametrize("kind", ["json", "point", "xml[]", "json[]", "box"])
def test_a_key_whose_values_cannot_be_compared(project: Project, kind: str) -> None:
    project.write(
        schema=f"create table t (a int, b {kind});", seeds="-- dbsync: key (a, b)\ninsert into t values (1, null);"
    )
    with pytest.raises(
        SchemaError, match=r"seeds\.sql:1:12: the key's column 'b' is of type .*, which PostgreSQL does"
    ):
        project.plan()


def test_keys_with_an_equality_of_their_own(project: Project) -> None:
    project.write(
        schema="create extension citext; create extension ltree; create table t (id int generated always as identity"
        " primary key, name citext not null unique); create table f (n int primary key, t int references t);"
        "create table l (p ltree primary key, n int);",
        seeds="insert into t (name) values ('Pro'), ('Free'); insert into f select 1, id from t where name = 'pro';"
        "\n-- dbsync: exact\ninsert into l values ('a.b', 1);",
    )
    project.settled()
    project.run("delete from f; delete from t; insert into l values ('x', 1), ('x.y', 2)")
    assert len(texts(project)) == 3
    project.run("update t set name = 'PRO' where name = 'pro'; update l set n = 2")
    assert texts(project) == [
        "UPDATE public.t SET name = 'Pro' WHERE name OPERATOR(public.=) 'PRO'",
        "UPDATE public.l SET n = 1 WHERE p OPERATOR(public.=) 'a.b'",
    ]
    project.write(seeds="-- dbsync: key (name)\ninsert into t (name) values ('a'), ('A');")
    with pytest.raises(SchemaError, match=r"duplicate key|the same key"):
        project.plan()


@pytest.mark.parametrize(
    ("before", "then", "first", "second"),
    [
        ("numeric(6,2)", "numeric(8,4)", "1.5", "1.5"),
        ("varchar(5)", "varchar(9)", "'ab'", "'ab'"),
        ("char(3)", "char(6)", "'ab'", "'ab'"),
        ("timestamp(0)", "timestamp(3)", "'2024-01-01 10:00'", "'2024-01-01 10:00'"),
        ("date", "timestamp", "'2024-01-01'", "'2024-01-01'"),
        ("int", "numeric(6,2)", "7", "7"),
        ("text", "citext", "'PRO'", "'Pro'"),
        ("text", "uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"),
        ("bit(3)", "bit varying(9)", "B'101'", "B'101'"),
    ],
)
def test_a_key_that_gets_another_type(project: Project, before: str, then: str, first: str, second: str) -> None:
    schema = "create extension citext; create table t (k {} primary key, n int);"
    project.write(schema=schema.format(before), seeds=f"insert into t values ({first}, 1);")
    project.settled()
    project.write(schema=schema.format(then), seeds=f"insert into t values ({second}, 2);")
    plan = project.settled()
    assert [(one.added, one.changed) for one in plan.rows] == [(0, 1)]
    assert project.rows("select n from t") == [(2,)]


def test_names_with_everything(project: Project) -> None:
    table, key = '"S %s"."t %s ""x"', '"k\'%%s"'
    project.write(
        schema=f'create schema "S %s"; create table {table} ("id %s" int generated always as identity primary key,'
        f' {key} text unique, "100%" int); create table u ("%s" int references {table}, b int primary key);'
        "create table m (t int primary key, o int, k int, n int, c0 int, w int, v int);",
        seeds=f"-- dbsync: key ({key})\ninsert into {table} ({key}, \"100%\") values ('%s', 1), ('b', 2);"
        f'insert into u select "id %s", "100%" from {table}; insert into m values (1, 2, 3, 4, 5, 6, 7);',
    )
    project.settled()
    project.run(f"delete from u; delete from {table}; delete from m")
    assert len(texts(project)) == 3

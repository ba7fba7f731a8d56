"""Values of every type: what was written is what is compared, and what is there again is no difference."""

from typing import NamedTuple

import psycopg
import pytest

from tests.plugins.project import Project

PRELUDE = """
create type mood as enum ('sad', 'ok');
create type pair as (a int, b text);
create domain price as numeric(10, 2) check (value >= 0);
"""


class Kind(NamedTuple):
    """A type, two values of it, and another way to write the first one."""

    type: str
    first: str
    second: str
    same: str | None = None


KINDS = [
    Kind("smallint", "1", "-2"),
    Kind("bigint", "9223372036854775807", "0"),
    Kind("numeric", "1.50", "1.51", "1.5"),
    Kind("double precision", "0.1", "'NaN'"),
    Kind("real", "'-Infinity'", "1e10"),
    Kind("boolean", "true", "false", "'yes'"),
    Kind("text", r"'it''s a \ and a % and ü'", "''"),
    Kind("varchar(5)", "'abc'", "'ABC'"),
    Kind("char(4)", "'ab'", "'ac'", "'ab  '"),
    Kind("bytea", r"'\x00ff'", r"'\x'"),
    Kind("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'"),
    Kind("date", "'2024-02-29'", "'infinity'"),
    Kind("time", "'10:00'", "'10:00:00.5'"),
    Kind("timestamp", "'2024-02-29 10:00'", "'2024-02-29 10:00:01'"),
    Kind("timestamptz", "'2024-02-29 10:00+02'", "'2024-02-29 10:00+00'", "'2024-02-29 08:00+00'"),
    Kind("interval", "'1 day'", "'24 hours'"),
    Kind("interval", "'-1 day +02:00'", "'-1 day -02:00'"),
    Kind("json", """'{"a": 1, "b": [1, 2]}'""", """'{"a": 2}'""", """'{"b":[1,2],   "a":1}'"""),
    Kind("jsonb", """'{"a": 1, "b": "x\\\\y"}'""", "'null'", """'{"b":"x\\\\y","a":1.0}'"""),
    Kind("point", "'(1,2)'", "'(2,1)'"),
    Kind("box", "'(1,1),(0,0)'", "'(2,0.5),(0,0)'"),
    Kind("inet", "'10.0.0.1/8'", "'10.0.0.1'"),
    Kind("bit varying(5)", "B'101'", "B'1'"),
    Kind("tsvector", "'a b'", "'a'"),
    Kind("int4range", "'[1,5)'", "'empty'", "'[1,4]'"),
    Kind("int4multirange", "'{[1,5)}'", "'{}'"),
    Kind("int[]", "'{1,NULL,3}'", "'{}'"),
    Kind("text[]", """'{"a,b","c\\"d",NULL,"NULL"}'""", "'{{a},{b}}'"),
    Kind("mood", "'sad'", "'ok'"),
    Kind("mood[]", "'{sad}'", "'{ok}'"),
    Kind("pair", """'(1,"a,b")'""", "'(1,)'"),
    Kind("pair[]", "array[(1,'x')::pair]", "'{}'"),
    Kind("price", "1.5", "2"),
    Kind("money", "'12.50'", "'13'"),
    Kind("oid", "7", "8"),
    Kind("regclass", "'pg_class'", "'pg_type'"),
    Kind("name", "'a'", "'b'"),
    Kind('"char"', "'a'", "'b'"),
    Kind("pg_lsn", "'0/1'", "'0/2'"),
    Kind("macaddr", "'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"),
    Kind("path", "'[(0,0),(1,1)]'", "'((0,0),(1,1))'"),
]


def seeds(which: str) -> str:
    columns = ", ".join(f"c{number}" for number, _ in enumerate(KINDS))
    values = ", ".join(getattr(one, which) or one.first for one in KINDS)
    return f"insert into t (id, {columns}) values (1, {values});"


@pytest.fixture
def typed(project: Project) -> Project:
    columns = ", ".join(f"c{number} {one.type}" for number, one in enumerate(KINDS))
    project.write(schema=PRELUDE + f"create table t (id int primary key, {columns});")
    return project


def test_every_type_there_and_back(typed: Project) -> None:
    typed.write(seeds=seeds("first"))
    typed.settled()
    texts = ", ".join(f"c{number}::text" for number, _ in enumerate(KINDS))
    expected = ", ".join(f"({one.first}::{one.type})::text" for one in KINDS)
    assert typed.rows(f"select {texts} from t") == typed.rows(f"select {expected}")

    # The same values in other words are no difference.
    typed.write(seeds=seeds("same"))
    assert [one.step.sql for one in typed.plan().steps] == []

    # Others are one in every column, also where there was nothing.
    typed.write(seeds=seeds("second"))
    (rows,) = typed.settled().rows
    assert set(rows.changes[0].after or ()) == {f"c{number}" for number, _ in enumerate(KINDS)}
    second = typed.rows(f"select {texts} from t")
    typed.undo()
    assert typed.rows(f"select {texts} from t") == typed.rows(f"select {expected}")
    typed.undo()
    assert typed.rows(f"select {texts} from t") == second
    nothing = ", ".join(f"c{number} = null" for number, _ in enumerate(KINDS))
    typed.run(f"update t set {nothing}")
    (rows,) = typed.settled().rows
    assert len(rows.changes[0].after or ()) == len(KINDS)
    typed.write(seeds=f"insert into t (id, {texts.replace('::text', '')}) values (1{', null' * len(KINDS)});")
    typed.settled()
    assert typed.rows(f"select num_nulls({texts}) from t") == [(len(KINDS),)]


def test_many_rows_of_every_type(typed: Project) -> None:
    """More than are changed by statements of their own."""
    columns = ", ".join(f"c{number}" for number, _ in enumerate(KINDS))
    for which in ("first", "second"):
        values = ", ".join(f"({getattr(one, which)})::{one.type}" for one in KINDS)
        typed.write(seeds=f"insert into t (id, {columns}) select n, {values} from generate_series(1, 30) n;")
        plan = typed.settled()
        assert [one.step.rows for one in plan.steps if one.step.rows] == [30]


@pytest.mark.same_major
def test_xml(project: Project) -> None:
    try:
        project.rows("select '<a/>'::xml")
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this server was built without libxml")
    project.write(schema="create table t (id int primary key, x xml);", seeds="insert into t values (1, '<a>1</a>');")
    project.settled()
    project.run("update t set x = '<a>2</a>'")
    assert [one.step.sql for one in project.settled().steps] == ["UPDATE public.t SET x = '<a>1</a>' WHERE id = 1"]


def test_keys_of_other_types(project: Project) -> None:
    project.write(
        schema="create extension citext; create type mood as enum ('sad', 'ok');"
        "create table a (k citext primary key, v int); create table b (k mood primary key, v int);"
        "create table c (k date, l numeric, v int, primary key (k, l)); create table d (k text[] primary key, v int);",
        seeds="insert into a values ('Pro', 1); insert into b values ('ok', 1);"
        "insert into c values ('2024-01-01', 1.5, 1), ('2024-01-01', 2, 1); insert into d values ('{a,b}', 1);",
    )
    project.settled()
    project.run("update a set k = 'PRO', v = 2; update b set v = 2; update c set v = 2, l = 1.50 where l = 1.5;")
    project.run("update d set v = 2")
    assert [one.step.sql for one in project.settled().steps] == [
        "UPDATE public.a SET k = 'Pro', v = 1 WHERE k OPERATOR(public.=) 'PRO'",
        "UPDATE public.b SET v = 1 WHERE k = 'ok'",
        "UPDATE public.c SET v = 1 WHERE k = '2024-01-01' AND l = 1.50",
        "UPDATE public.d SET v = 1 WHERE k = '{a,b}'",
    ]

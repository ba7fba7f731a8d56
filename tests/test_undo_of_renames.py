"""Undo of a plan that gave something another name and its old name to something new: each is what it was before."""

import dataclasses

import pytest

from tests.plugins.project import Project


@dataclasses.dataclass(frozen=True)
class Case:
    """`rows` are in live before, `more` come after the apply; `left` says what a query finds after the undo."""

    before: str
    after: str
    rows: str
    more: str
    query: str
    left: list[tuple[object, ...]]


CASES = {
    "a column": Case(
        "create table t (id integer primary key, x text);",
        "create table t (id integer primary key,\n-- dbsync: renamed from x\ny text, x integer);",
        "insert into t values (1, 'old')",
        "update t set x = 7",
        "select to_jsonb(t) from t",
        [({"id": 1, "x": "old"},)],
    ),
    "a column that others depend on": Case(
        "create table t (id integer primary key, x text); create view v as select x from t;",
        "create table t (id integer primary key,\n-- dbsync: renamed from x\ny text, x integer);"
        "create view v as select y as x, x as more from t;",
        "insert into t values (1, 'old')",
        "update t set x = 7",
        "select to_jsonb(t), to_jsonb(v) from t, v",
        [({"id": 1, "x": "old"}, {"x": "old"})],
    ),
    "a table": Case(
        "create table t (id integer primary key, x text);",
        "-- dbsync: renamed from t\ncreate table u (id integer primary key, x text);\n"
        "create table t (id bigint primary key);",
        "insert into t values (1, 'old')",
        "insert into t values (2)",
        "select to_jsonb(t), to_regclass('u')::text from t",
        [({"id": 1, "x": "old"}, None)],
    ),
    "a label": Case(
        "create type e as enum ('x', 'z'); create table t (a e);",
        "create type e as enum (\n-- dbsync: renamed from x\n'y', 'x', 'z'); create table t (a e);",
        "insert into t values ('x')",
        "insert into t values ('z')",
        "select a::text, enum_range(null::e)::text from t order by a",
        [("x", "{x,z}"), ("z", "{x,z}")],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_old_one_comes_back_by_its_name(case: Case, project: Project) -> None:
    project.run(f"{case.before} {case.rows}")
    project.write(schema=case.after)
    project.apply()
    project.run(case.more)
    project.undo()
    assert project.rows(case.query) == case.left

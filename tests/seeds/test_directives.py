"""Whom the comments of a seeds file reach: the table of the statement that they stand at, and no other."""

import pytest

from dbsync.errors import SchemaError
from tests.plugins.project import Project

SCHEMA = (
    "create schema other; create table t (id int primary key); create table u (id int primary key);"
    "create table other.t (id int primary key);"
)


def modes(project: Project) -> dict[str, str]:
    return {".".join(one.table.path): one.mode for one in project.plan().rows}


@pytest.mark.parametrize(
    ("seeds", "exact"),
    [
        ("-- dbsync: exact\ninsert into t values (1); insert into u values (1); insert into other.t values (1);", "t"),
        (
            "insert into t values (1); insert into u values (1); /* dbsync: exact */ insert into other.t values (1);",
            "other.t",
        ),
        ("insert into t values (1); -- dbsync: exact\ninsert into u values (1); insert into other.t values (1);", "t"),
        (
            "insert into t values (1); insert into other.t values (1);\ncopy u from stdin; -- dbsync: exact\n1\n\\.\n",
            "u",
        ),
        (
            (
                "-- dbsync: exact\nwith x as (insert into t values (1)) insert into u values (1);"
                "insert into other.t values (1);"
            ),
            "u",
        ),
        (
            (
                "insert into t values (1); insert into u values (1);\n-- dbsync: exact\n"
                "select 1; set search_path = other, public;"
            ),
            None,
        ),
        (
            (
                "insert into t values (1);\nset search_path = other, public;\n-- dbsync: exact\n"
                "insert into t values (1); insert into u values (1);"
            ),
            "other.t",
        ),
        (
            (
                "/* no /* longer */ -- dbsync: exact\n */ insert into t values (1); insert into u values (1);"
                "insert into other.t values (1);"
            ),
            "",
        ),
        (
            (
                "insert into t values (1); insert into u values (1); insert into other.t values (1);\n"
                "create temp table t (id int);\n-- dbsync: exact\ninsert into t values (5);"
            ),
            None,
        ),
    ],
)
def test_one_table(project: Project, seeds: str, exact: str | None) -> None:
    project.write(schema=SCHEMA, seeds=seeds)
    if exact is None:
        with pytest.raises(SchemaError, match="this directive "):
            modes(project)
        return
    expected = {f"public.{name}": "merge" for name in ("t", "u")} | {"other.t": "merge"}
    if exact:
        expected[exact if "." in exact else f"public.{exact}"] = "exact"
    assert modes(project) == expected


def test_an_included_file(project: Project) -> None:
    (project.folder / "more.sql").write_text("\n\n\n\n-- nothing but u\ninsert into u values (1);\n")
    project.write(
        schema=SCHEMA,
        seeds="insert into t values (1);\n\\ir more.sql\n-- dbsync: exact\ninsert into other.t values (1);\n",
    )
    assert modes(project) == {"public.t": "merge", "public.u": "merge", "other.t": "exact"}
    (project.folder / "more.sql").write_text("-- dbsync: insert-only\ninsert into u values (1);\n-- dbsync: exact\n")
    with pytest.raises(SchemaError, match=r"more\.sql:3:12: this directive stands in front of no INSERT"):
        project.plan()
    project.write(seeds="-- dbsync: exact\n\\ir more.sql\ninsert into t values (1);")
    (project.folder / "more.sql").write_text("insert into u values (1);\n")
    with pytest.raises(SchemaError, match=r"seeds\.sql:1:12: this directive stands in front of no INSERT"):
        project.plan()


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ("-- dbsync exact\ninsert into t values (1);", "1:1: this is almost a directive of dbsync's"),
        ("insert into t -- dbsync: exact\n values (1);", "1:26: this directive stands inside of a statement"),
        ("-- dbsync: exact\ninsert into t select 1 where false;", "declares no row of public.t"),
        ("-- dbsync: merge\n-- dbsync: exact\ninsert into t values (1);", "2:12: another directive stands before"),
    ],
)
def test_what_cannot_be_meant(project: Project, seeds: str, said: str) -> None:
    project.write(schema=SCHEMA, seeds=seeds)
    with pytest.raises(SchemaError) as caught:
        project.plan()
    assert said in str(caught.value)


def test_columns_of_a_query(project: Project) -> None:
    """An INSERT without a list of columns gives as many as its query has, wherever these are counted."""
    project.write(
        schema="create table t (id int primary key, name text, note text default 'none', n int default 7);"
        "create table other (id int, name text); create table p (k int, note text default 'x', v int, primary key (k))"
        " partition by list (k); create table p1 (v int, k int not null, note text);"
        "alter table p attach partition p1 for values in (1);",
        seeds="create temp table more as select 2 as id, 'b' as name;\n"
        "insert into t with x as (select 1, 'a') select * from x union all table more;\n"
        "insert into p1 select 5, 1;"
        "merge into t using (values (3)) v (i) on t.id = v.i when not matched then insert (id, name)"
        " values (v.i, 'c');",
    )
    project.settled()
    project.run("update t set note = 'mine', n = 8; update p set note = 'mine'")
    assert [one.step.sql for one in project.plan().steps] == []
    project.run("update t set name = 'x' where id = 3; update p set v = 6")
    assert [one.step.sql for one in project.settled().steps] == [
        "UPDATE public.t SET name = 'c' WHERE id = 3",
        "UPDATE public.p SET v = 5 WHERE k = 1",
    ]

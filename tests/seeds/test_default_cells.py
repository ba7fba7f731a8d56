"""DEFAULT in a row leaves its column to the database, whatever stands in the other rows of the statement."""

import pytest

from dbsync.errors import SchemaError
from tests.plugins.project import Project

SCHEMA = """
create table t (id int primary key, n int default 7, note text default 'none', parent int references t);
"""


def test_each_cell_for_itself(project: Project) -> None:
    """Also where rows of one statement refer to each other."""
    project.write(
        schema=SCHEMA,
        seeds="""insert into t (id, n, note, parent) values
            (1, default, 'a', 2), (2, 5, default, default), (3, DEFAULT, default, 1), (4, 6, 'd', null) -- the last
            ;""",
    )
    project.settled()
    found = "select id, n, note, parent from t order by id"
    assert project.rows(found) == [(1, 7, "a", 2), (2, 5, "none", None), (3, 7, "none", 1), (4, 6, "d", None)]
    project.run("update t set n = 70, note = 'mine'")
    plan = project.settled()
    # What is there keeps what the file leaves to the database.
    assert project.rows(found) == [(1, 70, "a", 2), (2, 5, "mine", None), (3, 70, "mine", 1), (4, 6, "d", None)]
    (rows,) = plan.rows
    assert (rows.declared, rows.added, rows.changed) == (4, 0, 3)
    assert {(one.key, str(one.place)) for one in rows.changes} == {
        (("1",), "seeds.sql:1"),
        (("2",), "seeds.sql:1"),
        (("4",), "seeds.sql:1"),
    }
    assert project.rows("select count(*) from t where note = 'none'") == [(0,)]


@pytest.mark.parametrize(
    "seeds",
    [
        "insert into t (id, n) values (1, default), (2, 5) returning id;",
        "insert into t as x (id, n) values (1, default), (2, 5) on conflict (id) do nothing returning x.*, 1;",
        "with w as (select 5 as five) insert into t (id, n) values (1, default), (2, (select five from w));",
        "insert into t values (1, default), (2, 5);",
        "merge into t using (values (1), (2)) v (id) on v.id = t.id when not matched then insert values (id, default);",
    ],
)
def test_whatever_the_statement(project: Project, seeds: str) -> None:
    project.write(schema=SCHEMA, seeds=seeds)
    project.settled()
    project.run("update t set n = 70")
    project.settled()
    assert project.rows("select n from t where id = 1") == [(70,)]


def test_a_key_that_is_left_to_the_database_is_none(project: Project) -> None:
    project.write(
        schema="create table t (id serial primary key, n int);", seeds="insert into t values (100, 1), (default, 2);"
    )
    with pytest.raises(SchemaError, match="cannot be told apart"):
        project.plan()
    project.write(schema="create table t (id serial primary key, n int unique);")
    project.settled()


def test_what_triggers_keep_out_and_views(project: Project) -> None:
    """Where it cannot be told which row is whose, DEFAULT in all rows alone leaves a column out."""
    project.write(
        schema=SCHEMA
        + """create function few() returns trigger language plpgsql as
            $$ begin return case when new.id < 3 then new end; end $$;
        create trigger few before insert on t for each row execute function few();
        create view v as select * from t;""",
        seeds="insert into t (id, n) values (1, default), (2, 5), (3, 6);\n"
        "insert into v (id, n) values (0, default), (-1, 2);",
    )
    project.settled()
    assert project.rows("select id, n from t order by id") == [(-1, 2), (0, 7), (1, 7), (2, 5)]

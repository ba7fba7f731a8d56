"""Rows that cannot be: named with their place before anything is applied."""

import pytest

from dbsync.errors import ConnectionFailed, DbsyncError, NoPlan, Refused, SchemaError
from tests.plugins.project import Project

USERS = "create table users (id int primary key, mail text unique, age int check (age > 0), boss int references users);"


def refused(project: Project, expected: type[DbsyncError] = NoPlan) -> str:
    with pytest.raises(expected) as caught:
        project.plan()
    return str(caught.value)


@pytest.fixture
def users(project: Project) -> Project:
    project.write(schema=USERS, seeds="insert into users values (1, 'a@b', 5, null);")
    project.settled()
    return project


def test_a_unique_value_that_another_row_holds(users: Project) -> None:
    users.run("insert into users values (77, 'new@b', 3, null)")
    users.write(
        seeds="insert into users values (1, 'a@b', 5, null);\n\ninsert into users values\n  (2, 'new@b', 5, 1);\n"
    )
    said = refused(users)
    assert said.startswith("seeds.sql:3:1: a row cannot be added to public.users: duplicate key value")
    assert " 3 | insert into users values\n" in said
    assert "Key (mail)=(new@b) already exists." in said
    assert "VALUES (2, 'new@b', 5, 1)" in said


def test_a_value_that_is_unique_in_one_partition(project: Project) -> None:
    project.write(
        schema="create table t (id int, r text, n int, primary key (id, r)) partition by list (r);"
        "create table t_a partition of t for values in ('a'); create table t_b partition of t for values in ('b');"
        "create unique index on t_a (n);",
        seeds="insert into t values (1, 'a', 1);",
    )
    project.settled()
    project.run("insert into t values (5, 'a', 7), (6, 'b', 7)")
    project.write(seeds="insert into t values (1, 'a', 1), (2, 'b', 7), (3, 'b', 1);")
    project.settled()
    project.write(seeds="insert into t values (1, 'a', 1), (2, 'a', 7);")
    assert refused(project).startswith("seeds.sql:1:1: a row cannot be added to public.t: duplicate key value")


def test_one_of_many(users: Project) -> None:
    users.run("insert into users values (5000, 'new@b', 3, null)")
    users.write(seeds="insert into users select n, case when n = 900 then 'new@b' end from generate_series(1, 1000) n;")
    assert "VALUES (900, 'new@b')" in refused(users)
    assert "Key (mail)=(new@b) already exists." in refused(users)


def test_a_check_that_live_has_and_the_file_no_longer(users: Project) -> None:
    users.write(seeds="insert into users values (1, 'a@b', -5, null);")
    assert refused(users, SchemaError).startswith('seeds.sql:1:1: new row for relation "users" violates check')


def test_a_row_that_live_lacks(project: Project) -> None:
    schema = "create table a (id int primary key); create table b (id int primary key, a int references a);"
    project.write(schema=schema, seeds="insert into a values (1); insert into b values (1, 1);")
    project.settled()
    # The file gives the row that b refers to only with the schema, which makes no rows on live.
    project.write(schema=schema + "insert into a values (2);", seeds="insert into b values (1, 2);")
    said = refused(project)
    assert said.startswith("seeds.sql:1:1: a row cannot be changed in public.b: insert or update on table")
    assert 'Key (a)=(2) is not present in table "a".' in said


def test_deleting_what_others_refer_to(project: Project) -> None:
    schema = "create table a (id int primary key); create table b (id int primary key, a int references a);"
    project.write(schema=schema, seeds="insert into a values (1), (2);")
    project.settled()
    project.run("insert into b values (5, 2)")
    project.write(seeds="-- dbsync: exact\ninsert into a values (1);")
    said = refused(project)
    assert said.startswith("seeds.sql:2:1: a row cannot be deleted from public.a: update or delete on table")
    assert 'Key (id)=(2) is still referenced from table "b".' in said


def test_deleting_cascades(project: Project) -> None:
    schema = (
        "create table a (id int primary key);"
        "create table b (id int primary key, a int references a on delete cascade);"
        "create table c (id int primary key, b int references b);"
    )
    project.write(schema=schema, seeds="insert into a values (1), (2);")
    project.settled()
    project.run("insert into b values (5, 2)")
    project.write(seeds="-- dbsync: exact\ninsert into a values (1);")
    losses = ("1 row of table public.a", "1 row of table public.b, which goes with rows of table public.a")
    assert project.plan().losses == losses
    project.run("insert into c values (6, 5)")
    assert 'Key (id)=(5) is still referenced from table "c".' in refused(project)


def test_no_key(project: Project) -> None:
    project.write(
        schema="create table a (x int, y int); create table b (id serial primary key, name text);",
        seeds="\n  insert into a values (1, 2);",
    )
    said = refused(project, SchemaError)
    assert said.startswith("seeds.sql:2:3: the rows of public.a cannot be told apart: it has no unique key")
    assert "write -- dbsync: key (x) in front of this" in said
    project.write(seeds="insert into b (name) values ('a');")
    assert "its unique keys are (id), and the file gives name" in refused(project, SchemaError)
    project.write(
        seeds="-- dbsync: key (name)\ninsert into b (name) values ('a'), ('b');\n"
        "-- dbsync: key (x, y)\ninsert into a values (1, 2), (1, 3);"
    )
    project.settled()
    project.run("insert into b (name) values ('b')")
    assert "more than one row of public.b on live has the key (name) = (b)" in refused(project)


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (
            "-- dbsync: key (nome)\ninsert into users (id) values (1);",
            "seeds.sql:1:12: table public.users has no column",
        ),
        ("-- dbsync: key (mail)\ninsert into users (id) values (1);", "seeds.sql:1:12: the key's column 'mail' is not"),
        ("-- dbsync: key (mail)\ninsert into users (id, mail) values (1, null);", "have NULL in their key (mail)"),
        (
            "-- dbsync: key (age)\ninsert into users (id, age) values (1, 5), (2, 5);",
            "two rows of public.users have the same key: 5",
        ),
        ("insert into users values (1);\ninsert into users values (1);", "seeds.sql:2:1: duplicate key value"),
        ("insert into users values (1);\n  create table x ();", "seeds.sql:2:3: a seeds file holds rows, and this is"),
        ("rollback;", "seeds.sql:1:1: this has no meaning in a seeds file"),
        ("insert into user values (1);", "seeds.sql:1:13:"),
        (
            "-- dbsync: exact\ninsert into users values (1);\n-- dbsync: merge\ninsert into users values (2);",
            "seeds.sql:3:12: table public.users has another directive, at seeds.sql:1",
        ),
        ("insert into users (id, boss) values (1, 9);", "let it give the row that this one refers to, too"),
    ],
)
def test_files_that_cannot_be(project: Project, seeds: str, said: str) -> None:
    project.write(schema=USERS, seeds=seeds)
    assert said in refused(project, SchemaError)


@pytest.mark.parametrize("nulls", ["", " nulls not distinct"])
def test_a_unique_key_with_null(project: Project, nulls: str) -> None:
    project.write(
        schema=f"create table t (a int, b int, unique{nulls} (a, b))", seeds="insert into t values (1, 1), (1, null);"
    )
    said = refused(project, SchemaError)
    assert "the rows of public.t cannot be told apart: rows have NULL in (a, b), by which they would be" in said


def test_a_trigger_that_knows_better(project: Project) -> None:
    project.write(
        schema="create table t (id int primary key, n int); create function f() returns trigger language plpgsql"
        " as $$ begin new.n := old.n + 1; return new; end $$;"
        "create trigger f before update on t for each row execute function f();",
        seeds="insert into t values (1, 5);",
    )
    project.settled()
    project.run("alter table t disable trigger f; update t set n = 3; alter table t enable trigger f")
    said = refused(project)
    assert "rows that were written are not as they were declared" in said
    assert "public.t 1: n (seeds.sql:1)" in said


def test_a_trigger_that_adds_rows(project: Project) -> None:
    project.write(
        schema="create table t (id int primary key); create table log (id int primary key);"
        "create function f() returns trigger language plpgsql"
        " as $$ begin insert into log values (new.id) on conflict do nothing; return new; end $$;"
        "create trigger f before insert on t for each row execute function f();",
        seeds="insert into t values (1);\n-- dbsync: exact\ninsert into log values (7);",
    )
    assert "These would still differ:\n  public.log 1: the row (seeds.sql:3)" in refused(project)


def test_a_table_without_columns(project: Project) -> None:
    project.write(schema="create table t ();", seeds="insert into t default values;")
    assert "the rows of public.t cannot be told apart: it has no unique key" in refused(project, SchemaError)


def test_rows_in_the_way_of_the_schema(users: Project) -> None:
    users.run("update users set age = null")
    users.write(
        schema=USERS.replace("age int", "age int not null"),
        seeds="insert into users (id, mail, age) values (1, 'a@b', 5);",
    )
    plan = users.plan()
    assert len(plan.blocked) == 1
    assert "declared rows were not compared: rows are in the way of the schema" in plan.notes
    with pytest.raises(Refused, match="rows of the database are in the way of a step of the plan"):
        users.apply()


def test_row_level_security(project: Project) -> None:
    schema = USERS + "alter table users enable row level security; create policy p on users using (id < 100);"
    project.write(schema=schema, seeds="insert into users values (1, 'a@b', 5, null), (200, 'b@b', 5, null);")
    project.settled()
    assert project.rows("select count(*) from users") == [(2,)]


def test_rows_that_the_role_may_not_read(project: Project, admin: object) -> None:
    project.write(schema=USERS, seeds="insert into users values (1, 'a@b', 5, null);")
    project.settled()
    project.run("create role dbsync_blind login; grant dbsync_blind to current_user")
    try:
        project.run("grant usage on schema public to dbsync_blind")
        blind = project.target.conninfo(user="dbsync_blind")
        with pytest.raises(ConnectionFailed, match=r"the rows of public\.users cannot be read: permission denied"):
            project.plan(database=blind)
    finally:
        project.run("drop owned by dbsync_blind; drop role dbsync_blind")

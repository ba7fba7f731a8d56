"""What a plan asks of the live database runs nobody's code with more rights than they have, and shows no values.

In each case the role `app` wrote the code, and a superuser plans. The code takes back any SET ROLE, and then leaves a
file behind as the superuser.
"""

import dataclasses
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbsync.hazards import ask
from dbsync.model.hazards import Question
from dbsync.model.objects import Id
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.planning.planner import PlanRequest, make_plan
from tests.plugins.database import Connection

EVIL = """
    create function evil() returns integer language plpgsql volatile as $$ begin
        if current_database() like 'dbsync_test_%' then
            perform set_config('role', 'none', true);
            copy (select 1) to program 'touch {marker}';
        end if;
        return 0;
    exception when others then
        return 0;
    end $$;
    create function f() returns integer language plpgsql immutable as $$ begin return public.evil(); end $$;
    create function f(integer) returns integer language plpgsql immutable as $$ begin return public.evil(); end $$;
    create function f(integer, integer) returns float8 language plpgsql immutable as
        $$ begin return public.evil(); end $$;
"""
ITEM = "create table item (id integer primary key, n integer, t text);"
ROWS = "insert into item select i, i, i::text from generate_series(1, 200) i;"


@dataclasses.dataclass(frozen=True)
class App:
    """A role, a database with the functions above, and the file that they leave behind."""

    name: str
    database: Target
    marker: Path

    @property
    def own(self) -> Target:
        """The way that the role itself gets there."""
        return Target.parse(self.database.conninfo(user=self.name))

    def run(self, text: str, *, superuser: bool = False) -> None:
        """As the role, or as the superuser."""
        with psycopg.connect(self.database.conninfo(), autocommit=True) as connection:
            connection.execute("set search_path to public; set client_min_messages to error")
            if not superuser:
                connection.execute(f"set role {self.name}".encode())
            connection.execute(text.encode())
        self.marker.unlink(missing_ok=True)


@pytest.fixture
def app(admin: Connection, database: Target, tmp_path: Path) -> Iterator[App]:
    name = f"app_{uuid.uuid4().hex[:8]}"
    found = App(name, database, Path(f"/tmp/dbsync_test_{name}"))
    admin.execute(f"create role {name} login".encode())
    try:
        found.run(f"alter schema public owner to {name}", superuser=True)
        found.run(EVIL.format(marker=found.marker))
        yield found
    finally:
        found.run(f"drop owned by {name} cascade; reassign owned by {name} to current_user", superuser=True)
        admin.execute(f"drop role {name}".encode())
        found.marker.unlink(missing_ok=True)


def planned(target: Target, folder: Path, schema: str, seeds: str = "") -> Plan:
    """A plan for a file; it is one that lives with functions of the database."""
    (folder / "schema.sql").write_text(schema)
    request = PlanRequest(target=target, schema=folder / "schema.sql", author="dbsync")
    if seeds:
        (folder / "seeds.sql").write_text(seeds)
        request = dataclasses.replace(request, seeds=folder / "seeds.sql")
    return make_plan(request, lambda _: None)


THERE = {
    "an index over an expression": ITEM + "create index on item ((n + f()));",
    "an index over some rows": ITEM + "create index on item (n) where n > f();",
    "statistics": ITEM + "create statistics s on (n + f()), t from item;",
    "the index of a table that inherits": ITEM
    + "create table sub () inherits (item); create index on sub ((n + f()));",
    "a partition key": "create table item (id integer, n integer, t text) partition by range ((n + f()));"
    "create table part partition of item default;",
    "the index of a partition's partition": "create table item (id integer, n integer, t text) partition by list (id);"
    "create table part partition of item default partition by list (n);"
    "create table sub partition of part default; create index on sub ((n + f()));",
    "the cast of a type": "create type e as enum ('a', 'b');"
    "create function g(e) returns text language plpgsql immutable as $$ begin return public.evil(); end $$;"
    "create cast (e as text) with function g(e); create table item (id integer primary key, n integer, t text, e e);",
    "the estimate of a range": "create type r as range (subtype = integer, subtype_diff = f);"
    "create table item (id integer primary key, n integer, t text, r r);",
}


@pytest.mark.usefixtures("kept_scratch")
@pytest.mark.parametrize("name", THERE)
def test_code_that_is_there_does_not_run(app: App, tmp_path: Path, name: str) -> None:
    """Planning `count(*)` is enough to run it."""
    app.run(THERE[name] + ROWS)
    app.run("analyze item")
    code = EVIL.format(marker=app.marker) + THERE[name]
    plan = planned(app.database, tmp_path, code.replace("t text", "t text not null"))
    asked = [one for one in plan.hazards if one.question.hazard == "not-null"]
    assert asked
    assert not app.marker.exists()
    for one in asked:
        assert "which would run with the rights of postgres" in one.unknown, one
    # With its writer's rights it may run.
    with connect(app.own) as connection:
        assert {one.rows for one in ask(connection, [one.question for one in asked], timeout=10)} == {0}


def test_the_function_of_an_operator_class(app: App, tmp_path: Path) -> None:
    """A superuser made the class, of an ordinary role's function, which that may replace."""
    app.run("create function cmp(integer, integer) returns integer language sql immutable return $1 - $2;" + ITEM)
    app.run(
        "create operator class odd for type integer using btree as operator 1 <, operator 3 =, function 1 cmp;"
        "create index on item (n odd)",
        superuser=True,
    )
    with connect(app.database) as connection:
        question = Question(
            hazard="check",
            about=Id("table", ("public", "item")),
            tables=("public.item",),
            query="SELECT id FROM public.item WHERE n = 1",
        )
        (answer,) = ask(connection, [question], timeout=10)
    assert "cmp(integer,integer)" in answer.unknown


def test_a_table_that_became_something_else(app: App) -> None:
    """A name may stand for a view when the question comes, or have one that is a foreign table among its parts."""
    app.run(ITEM + "alter table item rename to old; create view item as select f() as id, n, t from old")
    question = Question(
        hazard="check",
        about=Id("table", ("public", "item")),
        tables=("public.item",),
        query="SELECT id FROM public.item WHERE n = 1",
    )
    with connect(app.database) as connection:
        (answer,) = ask(connection, [question], timeout=10)
    assert answer.unknown == "public.item is a view now"
    assert not app.marker.exists()


WRITTEN = {
    "a function that is there": "check (f(n) >= 0)",
    "an operator": "check (n OPERATOR(public.@@@) 1)",
    "a function that reads tables": "check (table_to_xml('secret', true, true, '')::text <> t)",
    "a function that reads all of a schema": "check (schema_to_xml('public', true, true, '')::text <> t)",
    "a function that reads settings": "check (current_setting('data_directory') <> t)",
    "a function that converts to a type that a text names": "check (pg_input_is_valid(t, 'public.d'))",
    "a cast": "check (t::public.d <> '')",
}


@pytest.mark.usefixtures("kept_scratch")
@pytest.mark.parametrize("name", WRITTEN)
def test_code_of_the_file_does_not_run(app: App, tmp_path: Path, name: str) -> None:
    """Only what PostgreSQL itself computes with is evaluated before anybody has agreed."""
    there = (
        "create operator @@@ (leftarg = integer, rightarg = integer, function = g);"
        "create domain d as text check (f() = 0); create table secret (t text); "
    )
    there = (
        "create function g(integer, integer) returns boolean language plpgsql immutable as"
        f" $$ begin return public.evil() = 0; end $$; {there} {ITEM}"
    )
    app.run(there + ROWS + "insert into secret values ('hunter2')")
    code = EVIL.format(marker=app.marker) + there
    plan = planned(app.database, tmp_path, code.replace("integer, t text);", f"integer, t text, {WRITTEN[name]});"))
    (asked,) = [one for one in plan.hazards if one.question.hazard == "check"]
    assert not app.marker.exists()
    assert asked.unknown
    assert "hunter2" not in repr(plan.hazards)
    assert "rights" in asked.unknown or "runs only in the apply" in asked.unknown


@pytest.mark.usefixtures("kept_scratch")
def test_a_constraint_that_stands(app: App, tmp_path: Path) -> None:
    """It is evaluated for every write already: also for the question, by whoever has no more rights than its writer."""
    there = ITEM + "alter table item add constraint c check (f(n) >= 0) not valid;"
    app.run(there + ROWS)
    code = EVIL.format(marker=app.marker) + there.replace(" not valid", "")
    (asked,) = [one for one in planned(app.database, tmp_path, code).hazards if one.question.hazard == "check"]
    assert "constraint c of public.item calls f(integer)" in asked.unknown.replace("public.f(", "f(")
    assert not app.marker.exists()
    mine = planned(app.own, tmp_path, code)
    assert [one.rows for one in mine.hazards if one.question.hazard == "check"] == [0]


@pytest.mark.usefixtures("kept_scratch")
def test_a_question_runs_as_the_owner(app: App, tmp_path: Path) -> None:
    app.run(ITEM + ROWS)
    code = EVIL.format(marker=app.marker) + ITEM.replace("t text", f"t text, check (current_user = '{app.name}')")
    (asked,) = [one for one in planned(app.database, tmp_path, code).hazards if one.question.hazard == "check"]
    assert (asked.rows, asked.unknown) == (0, "")


@pytest.mark.usefixtures("kept_scratch")
@pytest.mark.parametrize("check", ["t::integer > 0", "1 / (length(t) - 7) > 0", "t::date < '2030-01-01'"])
def test_of_an_error_only_its_class_is_shown(app: App, tmp_path: Path, check: str) -> None:
    app.run(ITEM + "insert into item values (1, 1, 'hunter2')")
    code = EVIL.format(marker=app.marker) + ITEM.replace("t text", f"t text, check ({check})")
    (asked,) = [one for one in planned(app.database, tmp_path, code).hazards if one.question.hazard == "check"]
    assert (asked.rows, asked.examples) == (1, ("id 1",))
    assert "SQLSTATE 22" in asked.failure
    assert "hunter2" not in repr(asked)


@pytest.mark.usefixtures("kept_scratch")
def test_what_computes_only_is_evaluated(app: App, tmp_path: Path) -> None:
    """The usual conditions, over dates, texts, JSON, arrays, enums and domains."""
    there = (
        "create type e as enum ('a', 'b'); create domain d as text check (length(value) < 9);"
        "create table item (id integer primary key, at timestamptz, day date, t text, j jsonb, l integer[], e e, d d,"
        " r int4range{});"
    )
    conditions = (
        "at > day and at < now() + interval '1 day'",
        "lower(t) ~ '^[a-z]+$' and t like 'a%' and concat(t, id) <> format('%s', day)",
        "(j ->> 'x')::integer > 0 and jsonb_typeof(j) = 'object' and to_jsonb(e) is not null",
        "array_length(l, 1) < 3 and l @> array[1] and array_to_string(l, ',') <> ''",
        "e = any (array['a', 'b']::e[]) and e::text <> 'x' and r && int4range(1, 5)",
        "to_char(at, 'YYYY') > '1999' and extract(year from at) > 1 and d <> 'x' and coalesce(t, d) is not null",
    )
    app.run(
        there.format("") + "insert into item values"
        "(1, '2020-01-02', '2020-01-01', 'abc', '{\"x\": 1}', '{1}', 'a', 'a', '[1,3)')"
    )
    checks = "".join(f", check ({one})" for one in conditions)
    code = EVIL.format(marker=app.marker) + there.format(checks)
    asked = [one for one in planned(app.database, tmp_path, code).hazards if one.question.hazard == "check"]
    assert [(one.rows, one.unknown) for one in asked] == [(0, "")] * len(conditions)


@pytest.mark.usefixtures("kept_scratch")
def test_declared_rows_run_nobodys_code(app: App, tmp_path: Path) -> None:
    """The rows of the live database are read only where that is safe."""
    from dbsync.errors import ConnectionFailed

    there = ITEM + "create index on item ((n + f()));"
    app.run(there + ROWS)
    code, seeds = EVIL.format(marker=app.marker) + there, "insert into item values (1, 5, 'five');"
    with pytest.raises(ConnectionFailed, match="which would run with the rights of postgres"):
        planned(app.database, tmp_path, code, seeds)
    assert not app.marker.exists()
    mine = planned(app.own, tmp_path, code, seeds)
    assert [len(one.changes) for one in mine.rows] == [1]

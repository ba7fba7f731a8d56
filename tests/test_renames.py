"""Directives that rename, and what dbsync says of them: what the corpus, where all goes well, does not show."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync.errors import NoPlan, SchemaError
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.planning.planner import PlanRequest, make_plan

Planned = Callable[[str, str], Plan]
pytestmark = pytest.mark.usefixtures("kept_scratch")


@pytest.fixture
def plan(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planned]:
    """Makes live by one text, and plans what another text says, by dbsync's own author."""
    monkeypatch.chdir(tmp_path)
    with psycopg.connect(database.conninfo(), autocommit=True) as live:

        def plan(before: str, after: str) -> Plan:
            live.execute(before.encode())
            Path("schema.sql").write_text(after)
            return make_plan(PlanRequest(target=database, schema=Path("schema.sql"), author="dbsync"), lambda _: None)

        yield plan


def steps(plan: Plan) -> list[str]:
    return [one.step.sql for one in plan.steps]


@pytest.mark.same_major
def test_without_effect_once_live_has_the_new_name(plan: Planned) -> None:
    schema = "-- dbsync: renamed from a\ncreate table b (\n  x int -- dbsync: renamed from y\n);"
    found = plan("create table b (x int)", schema)
    assert (found.empty, found.notes, found.renamed) == (True, (), ())


@pytest.mark.same_major
def test_without_effect_where_live_has_neither(plan: Planned) -> None:
    found = plan("", "-- dbsync: renamed from a\ncreate table b (x int);")
    assert (steps(found), found.notes) == (["CREATE TABLE public.b (\n    x integer\n)"], ())


@pytest.mark.same_major
def test_both_names_are_there(plan: Planned) -> None:
    found = plan("create table a (x int); create table b (x int)", "-- dbsync: renamed from a\ncreate table b (x int);")
    assert steps(found) == ["DROP TABLE public.a"]
    assert found.notes == (
        (
            "schema.sql:1: table public.a and table public.b are both in the database, so the one is not renamed to the"
            " other"
        ),
    )


@pytest.mark.same_major
def test_the_old_name_is_used_again(plan: Planned, database: Target) -> None:
    schema = "-- dbsync: renamed from a\ncreate table b (x int);\ncreate table a (other text);"
    found = plan("create table a (x int)", schema)
    assert steps(found) == ["ALTER TABLE public.a RENAME TO b", "CREATE TABLE public.a (\n    other text\n)"]
    with connect(database) as live:
        for one in found.steps:
            live.execute(one.step.sql.encode())
    again = plan("", schema)
    assert (again.empty, again.notes) == (True, ())


@pytest.mark.same_major
def test_alike_and_exchanged_cannot_be_told(plan: Planned) -> None:
    schema = "-- dbsync: renamed from b\ncreate table a (x int);\n-- dbsync: renamed from a\ncreate table b (x int);"
    found = plan("create table a (x int); create table b (x int)", schema)
    assert found.empty
    assert found.notes == (
        (
            "schema.sql:1: table public.b and table public.a are alike, so it cannot be told whether they have changed"
            " names already: they are left as they are"
        ),
    )


def test_a_ring_of_three(plan: Planned) -> None:
    schema = (
        "-- dbsync: renamed from c\ncreate table a (z int);\n-- dbsync: renamed from a\ncreate table b (x int);\n"
        "-- dbsync: renamed from b\ncreate table c (y int);"
    )
    found = plan("create table a (x int); create table b (y int); create table c (z int)", schema)
    assert steps(found) == [
        "ALTER TABLE public.a RENAME TO a__before",
        "ALTER TABLE public.c RENAME TO a",
        "ALTER TABLE public.b RENAME TO c",
        "ALTER TABLE public.a__before RENAME TO b",
    ]
    assert [(str(one.before), str(one.after)) for one in found.renamed] == [
        ("table public.c", "table public.a"),
        ("table public.a", "table public.b"),
        ("table public.b", "table public.c"),
    ]


def test_what_is_in_the_way_makes_room(plan: Planned) -> None:
    found = plan(
        "create table a (x int); create view b as select 1 as one; create view uses as select one from b",
        "-- dbsync: renamed from a\ncreate table b (x int);\ncreate view uses as select 1 as one;",
    )
    assert steps(found)[:2] == ["ALTER VIEW public.b RENAME TO b__before", "ALTER TABLE public.a RENAME TO b"]
    assert found.losses == ()
    assert found.steps[0].step.reason == "view public.b is in the way of table public.a"


def test_moved_where_the_name_is_taken(plan: Planned) -> None:
    found = plan(
        "create schema app; create table a (x int); create table app.a (y int); create table b (z int)",
        "create schema app;\ncreate table app.a (y int);\ncreate table b (z int);\n"
        "-- dbsync: renamed from public.a\ncreate table app.b (x int);",
    )
    assert steps(found) == [
        "ALTER TABLE public.a RENAME TO a__before",
        "ALTER TABLE public.a__before SET SCHEMA app",
        "ALTER TABLE app.a__before RENAME TO b",
    ]


def test_what_the_plan_says_of_it(plan: Planned) -> None:
    found = plan(
        "create table plans (id serial primary key, price int)",
        "-- dbsync: renamed from plans\ncreate table tariffs (\n  id serial primary key,\n"
        "  cost bigint -- dbsync: renamed from price\n);",
    )
    first = found.steps[0]
    assert (first.step.sql, str(first.step.place)) == ("ALTER TABLE public.plans RENAME TO tariffs", "schema.sql:1")
    assert first.locks == {"public.plans": "ACCESS EXCLUSIVE"}
    assert found.losses == ()
    assert [(str(one.before), str(one.after), one.place and one.place.line) for one in found.renamed] == [
        ("table public.plans", "table public.tariffs", 1),
        ("column public.plans.price", "column public.tariffs.cost", 4),
        ("constraint public.plans.plans_pkey", "constraint public.tariffs.tariffs_pkey", None),
        ("sequence public.plans_id_seq", "sequence public.tariffs_id_seq", None),
    ]
    (column,) = [change for change in found.changes if change.id.kind == "column"]
    assert (column.renamed, column.fields()) == (True, ("type",))
    assert len(found.batches) == 1


def test_a_label_that_needs_a_commit_comes_after_the_rename(plan: Planned) -> None:
    found = plan(
        "create type mood as enum ('sad'); create table t (m mood default 'sad')",
        "-- dbsync: renamed from mood\ncreate type feeling as enum (\n  'blue', -- dbsync: renamed from sad\n"
        "  'new'\n);\ncreate table t (m feeling default 'new');",
    )
    assert [[one.step.sql for one in batch.steps] for batch in found.batches] == [
        [
            "ALTER TYPE public.mood RENAME TO feeling",
            "ALTER TYPE public.feeling RENAME VALUE 'sad' TO 'blue'",
            "ALTER TYPE public.feeling ADD VALUE 'new'",
        ],
        ["ALTER TABLE public.t ALTER COLUMN m SET DEFAULT 'new'::public.feeling"],
    ]


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            "-- dbsync: renamed from x\ncreate table a ();\n-- dbsync: renamed from x\ncreate table b ();",
            "schema.sql:3:1: table public.x cannot have become both public.a and public.b",
        ),
        (
            "-- dbsync: renamed from x\ncreate table a (); -- dbsync: renamed from y",
            "schema.sql:2:20: table public.a has a directive already",
        ),
        ("-- dbsync: renamed from a\ncreate table a ();", "schema.sql:1:1: table public.a has this name already"),
        (
            (
                "create function f() returns trigger language plpgsql as 'begin end'; create table t ();\n"
                "-- dbsync: renamed from app.old\n"
                "create trigger new before insert on t for each row execute function f();"
            ),
            "schema.sql:2:1: a trigger has no schema of its own",
        ),
        (
            "-- dbsync: renamed from x\ncreate table a ();\ndrop table a;",
            "schema.sql:1:1: what is made here is not there any more when the whole file has run",
        ),
        ("-- dbsync: renamed from x\ncreate type a;", "schema.sql:1:1: PostgreSQL cannot rename a shell type"),
    ],
)
def test_directives_that_contradict(plan: Planned, schema: str, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        plan("", schema)
    assert caught.value.message == message
    assert "^^^" in (caught.value.excerpt or "")


def test_postgresql_refuses(database: Target, make_database: Any, plan: Planned) -> None:
    with pytest.raises(NoPlan) as caught:
        plan(
            "create type c as (a int); create table t of c",
            "create type c as (a int);\ncreate table t of c;\nalter table t not of;\nalter table t rename a to b;\n"
            "-- dbsync: renamed from a\nalter table t add column d int;",
        )
    assert (
        caught.value.message == "schema.sql:5: column public.t.a cannot be renamed: cannot rename column of typed table"
    )


def possible(plan: Plan) -> list[tuple[str, str, str, str]]:
    return [(str(one.before), str(one.after), one.directive, str(one.place)) for one in plan.renames]


def test_possible_renames(plan: Planned) -> None:
    found = plan(
        "create table a (x int, y text, old date); create table b (y text); create type m as enum ('p', 'q', 'r');"
        "create type c as (one int, two int); create schema s; create table s.moved (a int); create domain d as text;",
        "create table a (x int, y text,\n  new date);\ncreate table d (z int); create table b2 (y text);\n"
        "create type m as enum ('p', 'Q', 'r');\ncreate type c as (\n  one int, three int);\ncreate schema s;\n"
        "create table moved (a int);\ncreate domain e as text;",
    )
    assert possible(found) == [
        ("column public.a.old", "column public.a.new", "-- dbsync: renamed from old", "schema.sql:2"),
        ("domain public.d", "domain public.e", "-- dbsync: renamed from d", "schema.sql:9"),
        ("table public.b", "table public.b2", "/* dbsync: renamed from b */", "schema.sql:3"),
        ("table s.moved", "table public.moved", "-- dbsync: renamed from s.moved", "schema.sql:8"),
        ("attribute public.c.two", "attribute public.c.three", "/* dbsync: renamed from two */", "schema.sql:6"),
        ("label public.m.q", 'label public.m."Q"', "/* dbsync: renamed from 'q' */", "schema.sql:4"),
    ]


def test_what_is_to_be_written_works_word_for_word(plan: Planned) -> None:
    before = "create table a (x int, old date); create table b (y text); create type m as enum ('p', 'q')"
    schema = "create table a (x int, new date); create table b2 (y text);\ncreate type m as enum ('p', 'two words');\n"
    lines = schema.split("\n")
    for one in sorted(plan(before, schema).renames, key=lambda one: one.place.column if one.place else 0, reverse=True):
        assert one.place
        line, column = lines[one.place.line - 1], one.place.column - 1
        if one.directive.startswith("--"):
            lines[one.place.line - 1] = f"{one.directive}\n{line}"
        else:
            lines[one.place.line - 1] = f"{line[:column]}{one.directive} {line[column:]}"
    found = plan("", "\n".join(lines))
    assert steps(found) == [
        "ALTER TABLE public.b RENAME TO b2",
        "ALTER TABLE public.a RENAME COLUMN old TO new",
        "ALTER TYPE public.m RENAME VALUE 'q' TO 'two words'",
    ]
    assert (found.losses, found.renames) == ((), ())

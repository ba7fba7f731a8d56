"""Rows in the way of a plan: live is asked, and what it answers is so when the plan is applied."""

import dataclasses
from pathlib import Path

import psycopg
import pytest

from dbsync.apply.engine import apply_plan
from dbsync.apply.session import Checks
from dbsync.errors import ApplyFailed
from dbsync.hazards import HAZARDS, ask
from dbsync.model.hazards import Question
from dbsync.model.objects import Id
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.planning.live import fingerprint
from dbsync.planning.planner import PlanRequest, make_plan
from dbsync.planning.verify import remaining


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """`live` and `rows` make a database, `bad` puts rows in the way of `schema`, which `says` and `examples` tell."""

    hazard: str
    live: str
    rows: str = ""
    bad: str
    schema: str
    rows_in_the_way: int
    says: str
    examples: tuple[str, ...] = ()


ITEMS = "create table item (id integer primary key, name text, price integer, code varchar(20));"
GOOD = "insert into item values (1, 'one', 1, 'a'), (2, 'two', 2, 'b');"

CASES = {
    "not null": Case(
        hazard="not-null",
        live=ITEMS,
        rows=GOOD,
        bad="insert into item values (3), (4)",
        schema="create table item (id integer primary key, name text not null, price integer, code varchar(20));",
        rows_in_the_way=2,
        says="of public.item with NULL in name, which becomes NOT NULL",
        examples=("id 3", "id 4"),
    ),
    "new column without a default": Case(
        hazard="not-null",
        live=ITEMS,
        bad=GOOD + "insert into item values (3), (4)",
        schema=ITEMS.replace("name text", "name text, size integer not null"),
        rows_in_the_way=4,
        says="of public.item without a value for the new column size (NOT NULL, no default)",
        examples=("id 1", "id 2", "id 3"),
    ),
    "new generated column that is NULL": Case(
        hazard="not-null",
        live=ITEMS,
        rows=GOOD,
        bad="insert into item values (3)",
        schema=ITEMS.replace("20)", "20), twice integer not null generated always as (price * 2) stored"),
        rows_in_the_way=1,
        says="with NULL in twice",
        examples=("id 3",),
    ),
    "check": Case(
        hazard="check",
        live=ITEMS,
        rows=GOOD + "insert into item values (3)",
        bad="insert into item values (4, 'four', -1), (5, 'five', -2), (6, 'six', 0), (7, 'seven', 0)",
        schema=ITEMS.replace("price integer", "price integer check (price > 0)"),
        rows_in_the_way=4,
        says="of public.item against CHECK (price > 0)",
        examples=("id 4", "id 5", "id 6"),
    ),
    "check that fails": Case(
        hazard="check",
        live=ITEMS,
        rows=GOOD,
        bad="insert into item values (3, 'three', 0)",
        schema=ITEMS.replace("price integer", "price integer check (10 / price > 0)"),
        rows_in_the_way=1,
        says="against CHECK ((10 / price) > 0)",
        examples=("id 3",),
    ),
    "check that fails for some, and is false for others": Case(
        hazard="check",
        live=ITEMS,
        rows=GOOD + "insert into item values (3)",
        bad="insert into item values (4, 'four', -1), (5, 'five', 0), (6, 'six', -20)",
        schema=ITEMS.replace("price integer", "price integer check (10 / price >= 0)"),
        rows_in_the_way=2,
        says="against CHECK ((10 / price) >= 0)",
        examples=("id 4", "id 5"),
    ),
    "check over a new column": Case(
        hazard="check",
        live=ITEMS,
        rows=GOOD,
        bad="insert into item values (3, 'three', 30)",
        schema="create table item (id integer primary key, name text, price integer, code varchar(20),"
        " most integer not null default 10, check (price <= most));",
        rows_in_the_way=1,
        says="against CHECK (price <= most)",
        examples=("id 3",),
    ),
    "check on what the plan renames": Case(
        hazard="check",
        live="create type word as enum ('a', 'b');"
        "create table item (id integer primary key, price integer, kind word, old text);",
        rows="insert into item values (1, 1, 'a', 'x')",
        bad="insert into item values (2, -1, 'b', null)",
        schema="-- dbsync: renamed from word\ncreate type label as enum ('a', 'b');\n"
        "-- dbsync: renamed from item\ncreate table product (\n  id integer primary key,\n"
        "  cost integer check (cost > 0), -- dbsync: renamed from price\n  kind label\n);",
        rows_in_the_way=1,
        says="of public.item against CHECK (cost > 0)",
        examples=("id 2",),
    ),
    "validate": Case(
        hazard="check",
        live=ITEMS + "alter table item add constraint sane check (price > 0) not valid;",
        rows=GOOD,
        bad="alter table item drop constraint sane; insert into item values (3, 'three', -3);"
        "alter table item add constraint sane check (price > 0) not valid;",
        schema=ITEMS.replace("price integer", "price integer constraint sane check (price > 0)"),
        rows_in_the_way=1,
        says="against CHECK (price > 0)",
        examples=("id 3",),
    ),
    "inherited check": Case(
        hazard="check",
        live=ITEMS + "create table sub () inherits (item);",
        rows=GOOD,
        bad="insert into sub values (8, 'sub', -1)",
        schema=ITEMS.replace("price integer", "price integer check (price > 0)")
        + "create table sub () inherits (item);",
        rows_in_the_way=1,
        says="against CHECK",
        examples=("id 8",),
    ),
    "unique": Case(
        hazard="unique",
        live=ITEMS,
        rows=GOOD + "insert into item values (3), (4)",
        bad="insert into item values (5, 'one'), (6, 'one'), (7, 'two')",
        schema=ITEMS.replace("name text", "name text unique"),
        rows_in_the_way=5,
        says="of public.item with the same (name) as another row",
    ),
    "unique, NULLs alike": Case(
        hazard="unique",
        live=ITEMS,
        rows=GOOD + "insert into item values (3)",
        bad="insert into item values (4)",
        schema=ITEMS.replace("name text", "name text unique nulls not distinct"),
        rows_in_the_way=2,
        says="of public.item with the same (name) as another row",
        examples=("id 3", "id 4"),
    ),
    "unique, of a column with the words of another key in its name": Case(
        hazard="unique",
        live='create table item ("a WITHOUT OVERLAPS" integer);',
        rows="insert into item values (1), (2)",
        bad="insert into item values (2)",
        schema='create table item ("a WITHOUT OVERLAPS" integer unique);',
        rows_in_the_way=2,
        says='of public.item with the same ("a WITHOUT OVERLAPS") as another row',
        examples=("ctid (0,2)", "ctid (0,3)"),
    ),
    "primary key": Case(
        hazard="unique",
        live="create table item (a integer not null, b integer not null);",
        rows="insert into item values (1, 1), (1, 2)",
        bad="insert into item values (1, 2)",
        schema="create table item (a integer not null, b integer not null, primary key (a, b));",
        rows_in_the_way=2,
        says="of public.item with the same (a, b) as another row",
        examples=("ctid (0,2)", "ctid (0,3)"),
    ),
    "unique index over an expression, partial": Case(
        hazard="unique",
        live=ITEMS,
        rows=GOOD + "insert into item values (3, 'ONE', -1)",
        bad="insert into item values (4, 'Two', 3)",
        schema=ITEMS + "create unique index item_name on item (lower(name)) include (code) where price > 0;",
        rows_in_the_way=2,
        says="of public.item with the same (lower(name)) as another row WHERE (price > 0)",
        examples=("id 2", "id 4"),
    ),
    "exclude": Case(
        hazard="exclude",
        live="create table stay (id integer primary key, room integer, during int4range);",
        rows="insert into stay values (1, 1, '[1,3)'), (2, 1, '[3,5)'), (3, 2, '[1,9)'), (4, 1, null)",
        bad="insert into stay values (5, 1, '[2,4)')",
        schema="create table stay (id integer primary key, room integer, during int4range,"
        " exclude using gist (during with &&) where (room = 1));",
        rows_in_the_way=3,
        says="of public.stay with another row that EXCLUDE USING gist (during WITH &&) WHERE ((room = 1)) excludes",
        examples=("id 1", "id 2", "id 5"),
    ),
    "foreign key": Case(
        hazard="foreign-key",
        live=ITEMS + "create table part (id integer primary key, item integer);",
        rows=GOOD + "insert into part values (1, 1), (2, null)",
        bad="insert into part values (3, 7)",
        schema=ITEMS + "create table part (id integer primary key, item integer references item);",
        rows_in_the_way=1,
        says="of public.part without a match for (item) in public.item (id)",
        examples=("id 3",),
    ),
    "foreign key to a new table": Case(
        hazard="foreign-key",
        live="create table part (id integer primary key, item integer);",
        rows="insert into part values (2, null)",
        bad="insert into part values (3, 7)",
        schema=ITEMS + "create table part (id integer primary key, item integer references item);",
        rows_in_the_way=1,
        says="in public.item (id), which is new and empty",
        examples=("id 3",),
    ),
    "foreign key, composite, simple": Case(
        hazard="foreign-key",
        live="create table pair (a integer, b integer, primary key (a, b)); create table part (x integer, y integer);",
        rows="insert into pair values (1, 1); insert into part values (1, 1), (1, null), (null, 9)",
        bad="insert into part values (1, 2)",
        schema="create table pair (a integer, b integer, primary key (a, b));"
        "create table part (x integer, y integer, foreign key (x, y) references pair);",
        rows_in_the_way=1,
        says="of public.part without a match for (x, y) in public.pair (a, b)",
        examples=("ctid (0,4)",),
    ),
    "foreign key, composite, full": Case(
        hazard="foreign-key",
        live="create table pair (a integer, b integer, primary key (a, b)); create table part (x integer, y integer);",
        rows="insert into pair values (1, 1); insert into part values (1, 1), (null, null)",
        bad="insert into part values (1, null), (7, 7)",
        schema="create table pair (a integer, b integer, primary key (a, b));"
        "create table part (x integer, y integer, foreign key (x, y) references pair match full);",
        rows_in_the_way=2,
        says="of public.part without a match for (x, y) in public.pair (a, b)",
        examples=("ctid (0,3)", "ctid (0,4)"),
    ),
    "foreign key to itself": Case(
        hazard="foreign-key",
        live="create table node (id integer primary key, above integer);",
        rows="insert into node values (1, null), (2, 1), (3, 3)",
        bad="insert into node values (4, 5)",
        schema="create table node (id integer primary key, above integer references node);",
        rows_in_the_way=1,
        says="of public.node without a match for (above) in public.node (id)",
        examples=("id 4",),
    ),
    "text to integer": Case(
        hazard="column-type",
        live=ITEMS,
        rows="insert into item values (1, '17')",
        bad="insert into item values (2, 'many'), (3, '99999999999')",
        schema=ITEMS.replace("name text", "name integer"),
        rows_in_the_way=2,
        says="of public.item with a value in name that cannot become integer",
        examples=("id 2", "id 3"),
    ),
    "integer to smallint": Case(
        hazard="column-type",
        live=ITEMS,
        rows=GOOD,
        bad="insert into item values (3, '', 40000), (4, '', -32768)",
        schema=ITEMS.replace("price integer", "price smallint"),
        rows_in_the_way=1,
        says="of public.item with a value in price that cannot become smallint",
        examples=("id 3",),
    ),
    "double to integer": Case(
        hazard="column-type",
        live="create table item (id integer primary key, x double precision);",
        rows="insert into item values (1, 2147483647.4), (2, null)",
        bad="insert into item values (3, 'NaN'), (4, 1e30)",
        schema="create table item (id integer primary key, x integer);",
        rows_in_the_way=2,
        says="of public.item with a value in x that cannot become integer",
        examples=("id 3", "id 4"),
    ),
    "integer to numeric(3,1)": Case(
        hazard="column-type",
        live=ITEMS,
        rows=GOOD + "insert into item values (3, 'three', 99)",
        bad="insert into item values (4, 'four', 100)",
        schema=ITEMS.replace("price integer", "price numeric(3,1)"),
        rows_in_the_way=1,
        says="of public.item with a value in price that cannot become numeric(3,1)",
        examples=("id 4",),
    ),
    "shorter varchar": Case(
        hazard="column-type",
        live=ITEMS,
        rows=GOOD + "insert into item values (3, 'three', 3, 'abc      ')",
        bad="insert into item values (4, 'four', 4, 'abcd')",
        schema=ITEMS.replace("varchar(20)", "varchar(3)"),
        rows_in_the_way=1,
        says="of public.item with a value in code that cannot become character varying(3)",
        examples=("id 4",),
    ),
    "shorter varchars in an array": Case(
        hazard="column-type",
        live="create table item (id integer primary key, codes varchar(20)[]);",
        rows="insert into item values (1, '{abc,null}'), (2, null)",
        bad="insert into item values (3, '{a,abcd}')",
        schema="create table item (id integer primary key, codes varchar(3)[]);",
        rows_in_the_way=1,
        says="with a value in codes that cannot become character varying(3)[]",
        examples=("id 3",),
    ),
    "key on a column whose values meet": Case(
        hazard="unique",
        live="create table item (id integer primary key, at timestamp unique);",
        rows="insert into item values (1, '2026-01-01 10:00'), (2, '2026-01-02 10:00')",
        bad="insert into item values (3, '2026-01-02 11:00')",
        schema="create table item (id integer primary key, at date unique);",
        rows_in_the_way=2,
        says="of public.item with the same (at) as another row",
        examples=("id 2", "id 3"),
    ),
    "text to a new enum": Case(
        hazard="enum",
        live=ITEMS,
        rows=GOOD + "insert into item values (3)",
        bad="insert into item values (4, 'three')",
        schema="create type word as enum ('one', 'two');" + ITEMS.replace("name text", "name word"),
        rows_in_the_way=1,
        says="of public.item with something in name that is no label of public.word",
        examples=("id 4",),
    ),
    "a label that goes": Case(
        hazard="enum",
        live="create type word as enum ('one', 'two', 'three');" + ITEMS.replace("name text", "name word"),
        rows=GOOD + "insert into item values (3)",
        bad="insert into item values (4, 'three')",
        schema="create type word as enum ('one', 'two');" + ITEMS.replace("name text", "name word"),
        rows_in_the_way=1,
        says="of public.item with something in name that is no label of public.word any more",
        examples=("id 4",),
    ),
    "a label that goes, in arrays": Case(
        hazard="enum",
        live="create type word as enum ('one', 'two'); create table item (id integer primary key, words word[]);",
        rows="insert into item values (1, '{one,null}'), (2, null)",
        bad="insert into item values (3, '{one,two}')",
        schema="create type word as enum ('one'); create table item (id integer primary key, words word[]);",
        rows_in_the_way=1,
        says="of public.item with something in words that is no label of public.word any more",
        examples=("id 3",),
    ),
    "domain gets a check": Case(
        hazard="domain",
        live="create domain email as text; create table person (id integer primary key, mail email, other email);",
        rows="insert into person values (1, 'a@b', null)",
        bad="insert into person values (2, 'a', 'b@c')",
        schema="create domain email as text check (value like '%@%');"
        "create table person (id integer primary key, mail email, other email);",
        rows_in_the_way=1,
        says="of public.person with a value in mail against CHECK (VALUE ~~ '%@%'::text) of domain public.email",
        examples=("id 2",),
    ),
    "domain becomes NOT NULL": Case(
        hazard="domain",
        live="create domain email as text; create table person (id integer primary key, mail email);",
        rows="insert into person values (1, 'a@b')",
        bad="insert into person values (2, null)",
        schema="create domain email as text not null; create table person (id integer primary key, mail email);",
        rows_in_the_way=1,
        says="of public.person with a value in mail against NOT NULL of domain public.email",
        examples=("id 2",),
    ),
    "column goes over to a new domain": Case(
        hazard="domain",
        live="create table person (id integer primary key, age text);",
        rows="insert into person values (1, '17')",
        bad="insert into person values (2, '-1')",
        schema="create domain years as integer check (value >= 0);"
        "create table person (id integer primary key, age years);",
        rows_in_the_way=1,
        says="of public.person with a value in age against CHECK (VALUE >= 0) of domain public.years",
        examples=("id 2",),
    ),
    "a value that no domain over integers holds": Case(
        hazard="column-type",
        live="create table person (id integer primary key, age text);",
        rows="insert into person values (1, '17')",
        bad="insert into person values (2, 'old')",
        schema="create domain years as integer check (value >= 0);"
        "create table person (id integer primary key, age years);",
        rows_in_the_way=1,
        says="of public.person with a value in age that cannot become public.years",
        examples=("id 2",),
    ),
    "generated column": Case(
        hazard="generated",
        live=ITEMS,
        rows=GOOD,
        bad="insert into item values (3, 'three', 0)",
        schema=ITEMS.replace("20)", "20), share integer generated always as (100 / price) stored"),
        rows_in_the_way=1,
        says="of public.item for which (100 / price), the expression of share, fails",
        examples=("id 3",),
    ),
    "composite type with another attribute": Case(
        hazard="composite-type",
        live="create type money2 as (amount integer); create table item (id integer primary key, price money2);",
        rows="insert into item values (1, null)",
        bad="insert into item values (2, row(5))",
        schema="create type money2 as (currency text, amount integer);"
        "create table item (id integer primary key, price money2);",
        rows_in_the_way=1,
        says="of public.item with a value in price that does not fit the attributes of public.money2",
        examples=("id 2",),
    ),
    "partition that is attached": Case(
        hazard="partition",
        live="create table event (id integer, at integer) partition by range (at);"
        "create table event_1 (id integer, at integer);",
        rows="insert into event_1 values (1, 1), (2, 9)",
        bad="insert into event_1 values (3, 10), (4, null)",
        schema="create table event (id integer, at integer) partition by range (at);"
        "create table event_1 partition of event for values from (0) to (10);",
        rows_in_the_way=2,
        says="of public.event_1 outside of the bounds of partition public.event_1",
        examples=("ctid (0,3)", "ctid (0,4)"),
    ),
    "hash partition that is attached": Case(
        hazard="partition",
        live="create table event (id integer) partition by hash (id); create table event_1 (id integer);",
        rows="insert into event_1 select i from generate_series(1, 99) i"
        " where satisfies_hash_partition('event'::regclass, 2, 0, i);",
        bad="insert into event_1 select i from generate_series(1, 99) i"
        " where satisfies_hash_partition('event'::regclass, 2, 1, i) limit 5;",
        schema="create table event (id integer) partition by hash (id);"
        "create table event_1 partition of event for values with (modulus 2, remainder 0);",
        rows_in_the_way=5,
        says="of public.event_1 outside of the bounds of partition public.event_1",
    ),
    "partition that is detached, and referred to": Case(
        hazard="partition",
        live="create table p (id integer primary key) partition by list (id);"
        "create table p1 partition of p for values in (1); create table p2 partition of p for values in (2);"
        "create table c (id integer primary key, p integer references p);",
        rows="insert into p values (1), (2); insert into c values (1, 2), (2, null)",
        bad="insert into c values (3, 1)",
        schema="create table p (id integer primary key) partition by list (id);"
        "create table p1 (id integer primary key); create table p2 partition of p for values in (2);"
        "create table c (id integer primary key, p integer references p);",
        rows_in_the_way=1,
        says="of public.c that refer to rows of public.p1, which goes away from public.p",
        examples=("id 3",),
    ),
    "partition that is dropped, below another, and referred to by a partitioned table": Case(
        hazard="partition",
        live="create table p (a integer, b integer, primary key (b, a)) partition by list (a);"
        "create table p1 partition of p for values in (1) partition by range (b);"
        "create table p11 (b integer not null, a integer not null);"
        "alter table p1 attach partition p11 for values from (0) to (9);"
        "create table c (x integer, y integer, foreign key (x, y) references p) partition by list (x);"
        "create table c1 partition of c default;",
        rows="insert into p values (1, 5); insert into c values (null, 1), (5, null)",
        bad="insert into c values (5, 1)",
        schema="create table p (a integer, b integer, primary key (b, a)) partition by list (a);"
        "create table p1 partition of p for values in (1) partition by range (b);"
        "create table c (x integer, y integer, foreign key (x, y) references p) partition by list (x);"
        "create table c1 partition of c default;",
        rows_in_the_way=1,
        says="of public.c that refer to rows of public.p11, which goes away from public.p1",
    ),
    "default partition": Case(
        hazard="partition",
        live="create table event (id integer primary key) partition by list (id);"
        "create table event_rest partition of event default;",
        rows="insert into event values (1), (2)",
        bad="insert into event values (7)",
        schema="create table event (id integer primary key) partition by list (id);"
        "create table event_rest partition of event default;"
        "create table event_7 partition of event for values in (7);",
        rows_in_the_way=1,
        says="of public.event_rest in the default partition public.event_rest that belong in another",
        examples=("id 7",),
    ),
}


@pytest.fixture
def live(database: Target) -> Target:
    return database


def planned(live: Target, folder: Path, case: Case, author: str) -> Plan:
    schema = folder / "schema.sql"
    schema.write_text(case.schema)
    return make_plan(PlanRequest(target=live, schema=schema, author=author), lambda _: None)


def run(live: Target, *scripts: str) -> None:
    with psycopg.connect(live.conninfo(), autocommit=True) as connection:
        for script in scripts:
            if script:
                connection.execute(script.encode())


def applied(live: Target, plan: Plan) -> None:
    apply_plan(lambda: connect(live), plan, checks=Checks(fingerprint, remaining))


@pytest.mark.usefixtures("kept_scratch")
@pytest.mark.parametrize("name", CASES)
def test_rows_in_the_way(name: str, live: Target, tmp_path: Path) -> None:
    """Without them no question finds any; with them the plan names them, and PostgreSQL indeed refuses the step."""
    case = CASES[name]
    run(live, case.live, case.rows)
    asked = [one for one in planned(live, tmp_path, case, "dbsync").hazards if not one.question.loss]
    assert case.hazard in {one.question.hazard for one in asked}
    assert [(one.question.about, one.rows, one.unknown) for one in asked if one.rows != 0] == []

    run(live, case.bad)
    plan = planned(live, tmp_path, case, "best")
    (found,) = plan.blocked
    assert (found.question.hazard, found.rows) == (case.hazard, case.rows_in_the_way)
    assert case.says in found.question.problem
    if case.examples:
        assert found.examples == case.examples
    if found.question.query and not found.failure:
        with connect(live) as connection:
            assert len(connection.execute(found.question.query.encode()).fetchall()) == case.rows_in_the_way
    with pytest.raises(ApplyFailed):
        applied(live, plan)


@pytest.mark.usefixtures("kept_scratch")
@pytest.mark.parametrize(
    ("domain", "column"),
    [
        ("create domain pos as integer check (value > 0);", "n pos default eff()"),
        ("create domain pos as integer default eff() check (value > 0);", "n pos"),
        ("create domain pos as integer default eff();", "n pos check (n > 0)"),
        (
            "create domain pos as integer default eff();",
            "n pos, m integer generated always as (100 / n::integer) stored",
        ),
    ],
)
def test_the_default_of_a_new_column_does_not_run_on_live(
    live: Target, tmp_path: Path, domain: str, column: str
) -> None:
    """A volatile function may have an effect, which nobody has agreed to yet."""
    begun = "create sequence ran; create function eff() returns integer language sql volatile return nextval('ran');"
    run(live, f"{begun} {domain} create table item (id integer); insert into item values (1)")
    case = Case(
        hazard="",
        live="",
        bad="",
        rows_in_the_way=0,
        says="",
        schema=f"{begun} {domain} create table item (id integer, {column});",
    )
    plan = planned(live, tmp_path, case, "dbsync")
    assert [one.unknown for one in plan.hazards if "eff() , which is volatile" in one.unknown.replace("(),", "() ,")]
    with connect(live) as connection:
        assert connection.execute("select is_called from public.ran").fetchall() == [(False,)]


def test_one_deadline_for_all_that_a_question_takes(live: Target) -> None:
    """Found in time, but not counted."""
    slow = Question(hazard="check", about=Id("table", ("t",)), query="SELECT 1 FROM pg_catalog.pg_sleep(0.4)")
    with connect(live) as connection:
        (answer,) = ask(connection, [slow], timeout=0.6)
    assert (answer.rows, answer.at_least) == (1, True)


def test_every_hazard_has_a_case() -> None:
    assert {case.hazard for case in CASES.values()} | {"data-loss"} == HAZARDS.keys()


@pytest.mark.parametrize("name", HAZARDS)
def test_every_hazard_has_a_page(name: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "hazards" / f"{name}.md"
    assert page.read_text().startswith("# ")

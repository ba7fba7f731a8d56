"""Types, operators, text search and what else belongs to the language: made, altered in place, dropped, made again."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from dbsync.authors.order import write
from dbsync.compare import compare
from dbsync.model.catalog import EMPTY, Catalog
from dbsync.model.objects import Id
from dbsync.snapshot import snapshot
from tests.plugins.database import MakeDatabase

Make = Callable[[str], psycopg.Connection[Any]]


@pytest.fixture
def make(make_database: MakeDatabase) -> Iterator[Make]:
    """Makes databases from scripts."""
    with contextlib.ExitStack() as stack:

        def database(script: str) -> psycopg.Connection[Any]:
            connection = stack.enter_context(psycopg.connect(make_database().conninfo(), autocommit=True))
            connection.execute(script)
            connection.execute("set search_path = ''")
            connection.execute("set check_function_bodies = off")
            return connection

        yield database


def bring(connection: psycopg.Connection[Any], desired: Catalog) -> list[str]:
    """Make a database what `desired` is in one round, what is refused once more at its end; the statements in order."""
    done, waiting = [], [step.sql for step in write(snapshot(connection), desired)]
    while waiting:
        refused = []
        for statement in waiting:
            try:
                connection.execute(statement)
                done.append(statement)
            except psycopg.Error as error:
                refused.append((statement, str(error)))
        assert len(refused) < len(waiting), refused
        waiting = [statement for statement, _ in refused]
    assert compare(snapshot(connection), desired) == ()
    return done


ROUTINES = """
    create function yes(integer, integer) returns boolean language sql immutable as 'select true';
    create function yes(integer, bigint) returns boolean language sql immutable as 'select true';
    create function cmp(integer, bigint) returns integer language sql immutable as 'select 0';
    create function cmp(integer, integer) returns integer language sql immutable as 'select 0';
"""

EVERYTHING = f"""
    create schema "Odd schema";
    {ROUTINES}
    create type mood as enum ('sad', 'o''k', E'back\\\\slash', 'happy');
    create type "Odd schema"."Nothing" as enum ();
    create collation german (locale = 'C');
    create collation halves (lc_collate = 'C', lc_ctype = 'POSIX');
    create domain positive as integer default 1 constraint "must be" check (value > 0)
        check (value < 1000) not null;
    create domain word as text collate "C";
    alter domain word add constraint later check (value <> '') not valid;
    create domain moody as mood[] default '{{sad}}';
    create type pair as (a positive, "B b" text collate german, c mood[]);
    create type hollow as ();
    create type span as range (subtype = float8, subtype_diff = float8mi);
    create type "Odd schema".letters as range (subtype = text, collation = "C", subtype_opclass = text_pattern_ops,
        multirange_type_name = "Odd schema"."Many letters");
    create type steps;
    create function steps_canonical(steps) returns steps language internal immutable strict as 'int4range_canonical';
    create type steps as range (subtype = integer, canonical = steps_canonical);
    create type shell;
    create type number;
    create function number_in(cstring) returns number language internal immutable strict as 'int4in';
    create function number_out(number) returns cstring language internal immutable strict as 'int4out';
    create function number_recv(internal) returns number language internal immutable strict as 'int4recv';
    create type number (input = number_in, output = number_out, receive = number_recv, internallength = 4,
        passedbyvalue, category = 'N', default = '42', delimiter = ';');
    create cast (number as integer) without function as implicit;
    create cast (mood as integer) with inout as assignment;
    create function as_text(number) returns text language internal immutable strict as 'int4out';
    create cast (number as text) with function as_text(number);
    create operator === (function = yes, leftarg = integer, rightarg = integer, commutator = ===, negator = !==,
        restrict = eqsel, join = eqjoinsel, hashes, merges);
    create operator !== (function = yes, leftarg = integer, rightarg = integer, negator = ===);
    create operator "Odd schema".@@@ (function = yes, leftarg = integer, rightarg = bigint);
    create operator <<% (function = abs, rightarg = integer);
    create operator family loose using btree;
    alter operator family loose using btree add function 1 (integer, bigint) cmp(integer, bigint),
        operator 3 "Odd schema".@@@ (integer, bigint);
    create operator class same for type integer using btree as operator 3 ===, function 1 cmp(integer, integer);
    create operator class other for type integer using btree family loose as operator 3 ===;
    create operator class points for type point using gist as operator 11 |>> (point, point),
        operator 15 <-> (point, point) for order by float_ops,
        function 1 gist_point_consistent(internal, point, smallint, oid, internal), storage box;
    create default conversion mine for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
    create text search parser cutter (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end,
        lextypes = prsd_lextype, headline = prsd_headline);
    create text search template plain (init = dsimple_init, lexize = dsimple_lexize);
    create text search dictionary tongue (template = plain, stopwords = 'english', accept = 'false');
    create text search dictionary bare (template = simple);
    create text search configuration speech (parser = cutter);
    alter text search configuration speech add mapping for asciiword, word with tongue, simple;
    alter text search configuration speech add mapping for "int" with bare;
    create text search configuration mute (parser = "default");
    create trusted language other handler plpgsql_call_handler inline plpgsql_inline_handler
        validator plpgsql_validator;
    create transform for integer language sql (from sql with function prsd_lextype(internal),
        to sql with function int4recv(internal));
    create access method heap2 type table handler heap_tableam_handler;
"""

OURS = frozenset(
    """enum|domain|domain constraint|composite type|range|base type|shell type|collation|operator|operator class|
    operator family|cast|conversion|text search parser|text search template|text search dictionary|
    text search configuration|language|transform|access method""".replace("\n    ", "").split("|")
)


def test_everything_is_read_made_and_dropped(make: Make) -> None:
    desired = snapshot(make(EVERYTHING))
    assert {one.kind for one in desired.objects} >= OURS
    connection = make("")
    empty = snapshot(connection)
    bring(connection, desired)
    assert write(snapshot(connection), desired) == []
    bring(connection, empty)


def test_what_comes_with_a_type_is_no_object_of_its_own(make: Make) -> None:
    found = snapshot(make("create type span as range (subtype = integer); create table t (a integer)"))
    ours = {one for one in found.objects if one.kind in OURS}
    assert ours == {Id("range", ("public", "span"))}


IN_PLACE = {
    "a label at the end": (
        "create type e as enum ('a')",
        "create type e as enum ('a', 'b', 'c')",
        ["ALTER TYPE public.e ADD VALUE 'b'", "ALTER TYPE public.e ADD VALUE 'c'"],
    ),
    "labels before and between": (
        "create type e as enum ('c', 'e')",
        "create type e as enum ('a', 'b', 'c', 'd', 'e')",
        [
            "ALTER TYPE public.e ADD VALUE 'a' BEFORE 'c'",
            "ALTER TYPE public.e ADD VALUE 'b' AFTER 'a'",
            "ALTER TYPE public.e ADD VALUE 'd' AFTER 'c'",
        ],
    ),
    "a label is moved": (
        "create type e as enum ('a', 'b')",
        "create type e as enum ('b', 'a')",
        ["DROP TYPE public.e", "CREATE TYPE public.e AS ENUM ('b', 'a')"],
    ),
    "a domain's default and NOT NULL": (
        "create domain d as integer default 1",
        "create domain d as integer default 2 not null",
        ["ALTER DOMAIN public.d SET DEFAULT 2", "ALTER DOMAIN public.d SET NOT NULL"],
    ),
    "a domain loses them": (
        "create domain d as integer default 2 not null",
        "create domain d as integer",
        ["ALTER DOMAIN public.d DROP DEFAULT", "ALTER DOMAIN public.d DROP NOT NULL"],
    ),
    "a domain's base type": (
        "create domain d as integer check (value > 0)",
        "create domain d as bigint check (value > 0)",
        ["DROP DOMAIN public.d", "CREATE DOMAIN public.d AS bigint CONSTRAINT d_check CHECK ((VALUE > 0))"],
    ),
    "a domain's check": (
        "create domain d as integer check (value > 0)",
        "create domain d as integer check (value > 1)",
        [
            "ALTER DOMAIN public.d DROP CONSTRAINT d_check",
            "ALTER DOMAIN public.d ADD CONSTRAINT d_check CHECK ((VALUE > 1))",
        ],
    ),
    "a domain's check becomes valid": (
        "create domain d as integer; alter domain d add constraint c check (value > 0) not valid",
        "create domain d as integer constraint c check (value > 0)",
        ["ALTER DOMAIN public.d VALIDATE CONSTRAINT c"],
    ),
    "attributes": (
        "create type c as (a integer, b text, c text)",
        'create type c as (a bigint, c text collate "C", d integer, "E" text)',
        [
            """ALTER TYPE public.c
    DROP ATTRIBUTE b,
    ALTER ATTRIBUTE a TYPE bigint,
    ALTER ATTRIBUTE c TYPE text COLLATE "C",
    ADD ATTRIBUTE d integer,
    ADD ATTRIBUTE "E" text"""
        ],
    ),
    "an attribute in the middle": (
        "create type c as (a integer, b text)",
        "create type c as (a integer, x integer, b text)",
        ["DROP TYPE public.c", "CREATE TYPE public.c AS (a integer, x integer, b text)"],
    ),
    "a base type's storage and receive function": (
        EVERYTHING,
        EVERYTHING + "alter type number set (receive = none)",
        ["ALTER TYPE public.number SET (RECEIVE = NONE)"],
    ),
    "a collation": (
        "create collation c (locale = 'C')",
        "create collation c (locale = 'POSIX')",
        ["DROP COLLATION public.c", "CREATE COLLATION public.c (PROVIDER = libc, LOCALE = 'POSIX')"],
    ),
    "an operator's estimators": (
        ROUTINES + "create operator === (function = yes, leftarg = integer, rightarg = integer, restrict = eqsel)",
        ROUTINES + "create operator === (function = yes, leftarg = integer, rightarg = integer, join = eqjoinsel)",
        ["ALTER OPERATOR public.=== (integer, integer) SET (RESTRICT = NONE, JOIN = eqjoinsel)"],
    ),
    "an operator family's members": (
        ROUTINES
        + """create operator family f using btree;
            alter operator family f using btree add function 1 (integer, bigint) cmp(integer, bigint)""",
        ROUTINES
        + """create operator === (function = yes, leftarg = integer, rightarg = bigint);
            create operator family f using btree;
            alter operator family f using btree add operator 3 === (integer, bigint)""",
        [
            "CREATE OPERATOR public.=== (FUNCTION = public.yes, LEFTARG = integer, RIGHTARG = bigint)",
            "ALTER OPERATOR FAMILY public.f USING btree DROP FUNCTION 1 (integer, bigint)",
            "ALTER OPERATOR FAMILY public.f USING btree ADD OPERATOR 3 public.===(integer,bigint)",
        ],
    ),
    "a cast": (
        "create type e as enum ('1'); create cast (e as integer) with inout",
        "create type e as enum ('1'); create cast (e as integer) with inout as implicit",
        ["DROP CAST (public.e AS integer)", "CREATE CAST (public.e AS integer) WITH INOUT AS IMPLICIT"],
    ),
    "a dictionary's options": (
        "create text search dictionary d (template = simple, stopwords = 'english', accept = 'true')",
        "create text search dictionary d (template = simple, accept = 'false')",
        ["ALTER TEXT SEARCH DICTIONARY public.d (accept = 'false', stopwords)"],
    ),
    "a configuration's mappings": (
        """create text search configuration c (parser = "default");
            alter text search configuration c add mapping for word, "int" with simple""",
        """create text search configuration c (parser = "default");
            alter text search configuration c add mapping for asciiword, word with english_stem, simple""",
        [
            'ALTER TEXT SEARCH CONFIGURATION public.c DROP MAPPING FOR "int"',
            "ALTER TEXT SEARCH CONFIGURATION public.c ALTER MAPPING FOR word WITH english_stem, simple",
            "ALTER TEXT SEARCH CONFIGURATION public.c ADD MAPPING FOR asciiword WITH english_stem, simple",
        ],
    ),
    "a language": (
        "create language l handler plpgsql_call_handler",
        "create trusted language l handler plpgsql_call_handler validator plpgsql_validator",
        ["CREATE OR REPLACE TRUSTED LANGUAGE l HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator"],
    ),
    "a transform": (
        "create transform for integer language sql (to sql with function int4recv(internal))",
        "create transform for integer language sql (from sql with function prsd_lextype(internal))",
        ["CREATE OR REPLACE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))"],
    ),
}


@pytest.mark.parametrize("case", IN_PLACE)
def test_alter_both_ways(make: Make, case: str) -> None:
    before, after, expected = IN_PLACE[case]
    connection = make(before)
    first, second = snapshot(connection), snapshot(make(after))
    assert bring(connection, second) == expected
    bring(connection, first)


def test_an_enum_without_labels_is_seen_where_there_is_no_other(make: Make) -> None:
    assert Id("enum", ("public", "nothing")) in snapshot(make("create type nothing as enum ()")).objects


def test_a_range_and_a_base_type_are_made_again_with_their_functions(make: Make) -> None:
    connection = make(EVERYTHING)
    first = snapshot(connection)
    changed = EVERYTHING.replace("default = '42'", "default = '43'").replace("text_pattern_ops", "text_ops")
    second = snapshot(make(changed))
    statements = bring(connection, second)
    assert "DROP TYPE public.number CASCADE" in statements
    assert not [text for text in statements if text.startswith("DROP FUNCTION public.number")]
    bring(connection, first)


def test_a_composite_type_that_rows_hold_is_not_changed_in_place(make: Make) -> None:
    script = "create type c as ({}); create domain d as c; create type r as (x d[]); create table t (y r)"
    before, after = (snapshot(make(script.format(one))) for one in ("a integer", "a bigint"))
    one = Id("composite type", ("public", "c"))
    assert after.objects[one].alteration(before.objects[one]) is None
    more = snapshot(make(script.format("a integer, b integer")))
    steps = more.objects[one].alteration(before.objects[one])
    assert [step.sql for step in steps or ()] == ["ALTER TYPE public.c ADD ATTRIBUTE b integer"]


def test_a_composite_type_with_typed_tables_and_views_on_attributes(make: Make) -> None:
    before = snapshot(make("create type c as (a integer, b text); create table t of c"))
    view = snapshot(make("create type c as (a integer, b text); create view v as select (null::c).a"))
    after = snapshot(make("create type c as (b text)"))
    one = Id("composite type", ("public", "c"))
    steps = after.objects[one].alteration(before.objects[one])
    assert [step.sql for step in steps or ()] == ["ALTER TYPE public.c DROP ATTRIBUTE a CASCADE"]
    assert "view" in after.objects[one].disturbs(view.objects[one])
    assert after.objects[one].disturbs(before.objects[one]) == frozenset()


@pytest.mark.parametrize("kind", ["enum", "domain", "composite type", "collation", "range"])
def test_renewed_beside_the_old_one(make: Make, kind: str) -> None:
    connection = make(EVERYTHING)
    found = snapshot(connection)
    thing = next(thing for one, thing in sorted(found.objects.items()) if one.kind == kind)
    steps, aside = thing.rename("aside"), thing.called("aside")
    for step in steps or ():
        connection.execute(step.sql)
    for made in thing.create():
        connection.execute(made.sql)
    both = snapshot(connection)
    assert both.objects[aside.id] == aside
    assert both.objects[thing.id] == thing


ROWS = {
    "enum": (
        "create type e as enum ({}); create table t (x e default 'a' check (x <> 'b'), y e[]); create index on t (x)",
        ("'a', 'b'", "'b', 'a'"),
        "insert into t values ('a', '{a,b}')",
    ),
    "domain over enum": (
        "create type e as enum ({}); create domain d as e; create table t (x d, y e)",
        ("'a', 'b'", "'b', 'a'"),
        "insert into t values ('a', 'b')",
    ),
    "domain": (
        "create domain d as {} check (value > 0); create table t (x d default 1)",
        ("integer", "bigint"),
        "insert into t values (3)",
    ),
    "composite type": (
        "create type c as ({}); create table t (x c, y c[])",
        ("a integer, b text", "a bigint, b text"),
        "insert into t values ('(1,x)', array['(2,y)'::c])",
    ),
    "range": (
        "create type r as range (subtype = float8 {}); create table t (x r, y r_multirange)",
        ("", ", subtype_diff = float8mi"),
        "insert into t values ('[1,2]', '{[1,2]}')",
    ),
    "collation": (
        "create collation c (locale = '{}'); create table t (x text collate c primary key)",
        ("C", "POSIX"),
        "insert into t values ('x')",
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_rows_survive_a_type_that_is_made_again(make: Make, case: str) -> None:
    script, (before, after), rows = ROWS[case]
    connection = make(script.format(before))
    connection.execute("set search_path = public")
    connection.execute(rows)
    connection.execute("set search_path = ''")
    table = "select t::text from public.t t"
    expected = connection.execute(table).fetchall()
    bring(connection, snapshot(make(script.format(after))))
    assert connection.execute(table).fetchall() == expected


def test_linked_operators_one_of_which_is_new(make: Make) -> None:
    first = "create operator === (function = yes, leftarg = integer, rightarg = integer"
    second = "create operator !== (function = yes, leftarg = integer, rightarg = integer, negator = ===)"
    connection = make(f"{ROUTINES}{first})")
    before, after = snapshot(connection), snapshot(make(f"{ROUTINES}{first}, negator = !==); {second}"))
    bring(connection, after)
    bring(connection, before)


def test_a_name_that_postgresql_would_not_choose_for_not_null(make: Make) -> None:
    desired = snapshot(make("create domain d as integer constraint here not null"))
    connection = make("create domain d as integer not null")
    bring(connection, desired)
    assert write(EMPTY, snapshot(connection))

"""Schemas, extensions, comments, privileges, owners, publications, subscriptions, foreign servers: both ways."""

import dataclasses
from typing import Any

import psycopg
import pytest

from dbsync.authors.order import write
from dbsync.compare import compare
from dbsync.kinds._target import target
from dbsync.kinds.unknown import unknown_objects
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id
from dbsync.snapshot import snapshot

Connection = psycopg.Connection[Any]

BASE = """
    create role anna; create role "Mr. T"; create role rolf;
    create schema s;
    create table s.t (a int, b text, constraint k check (a > 0), constraint u unique (b));
    create index i on s.t (a);
    create view s.v as select a, b from s.t;
    create materialized view s.m as select a from s.t;
    create sequence s.q;
    create function s.f(x integer, variadic y text[]) returns integer language sql as 'select 1';
    create function s.g() returns trigger language plpgsql as 'begin return new; end';
    create procedure s.p(x integer) language sql as 'select 1';
    create aggregate s.n(*) (sfunc = int8inc, stype = int8, initcond = '0');
    create aggregate s.sum2(integer) (sfunc = int4pl, stype = int4);
    create aggregate s.o(float8 order by float8) (sfunc = ordered_set_transition, stype = internal,
        finalfunc = percentile_disc_final, finalfunc_extra);
    create type s.e as enum ('a', 'b');
    create type s.c as (x integer, "Y" text);
    create domain s.d as integer constraint positive check (value > 0);
    create type s.r as range (subtype = integer);
    create operator s.=== (leftarg = integer, rightarg = integer, function = int4eq);
    create operator family s.fam using btree;
    create collation s.col (locale = 'C');
    create statistics s.st on a, b from s.t;
    create trigger g before insert on s.t for each row execute function s.g();
    create policy y on s.t using (true);
    create rule ru as on update to s.t do also nothing;
    create cast (s.c as s.e) with inout;
    create text search dictionary s.dict (template = simple);
    create text search configuration s.conf (copy = simple);
    create conversion s.conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
    create foreign data wrapper w;
    create server srv foreign data wrapper w;
    create foreign table s.ft (a int) server srv;
    create publication pub;
    create function s.et() returns event_trigger language plpgsql as 'begin end';
    create event trigger et on ddl_command_end execute function s.et();
"""

SUBSCRIPTION = "create subscription sub connection 'dbname=x password=''a b''' publication p1, p2"

CASES = {
    "schema": ("", "create schema more", ["CREATE SCHEMA more"]),
    "comment": (
        "",
        r"comment on table s.t is 'it''s a \ table'",
        [r"COMMENT ON TABLE s.t IS E'it''s a \\ table'"],
    ),
    "comment changed": (
        "comment on column s.v.a is 'x'",
        "comment on column s.v.a is 'y'",
        ["COMMENT ON COLUMN s.v.a IS 'y'"],
    ),
    "comment on an attribute": (
        "",
        "comment on column s.c.\"Y\" is 'y'; comment on type s.c is 'z'",
        ["COMMENT ON TYPE s.c IS 'z'", "COMMENT ON COLUMN s.c.\"Y\" IS 'y'"],
    ),
    "comment on a constraint's index": (
        "comment on constraint u on s.t is 'constraint'",
        "comment on constraint u on s.t is 'constraint'; comment on index s.u is 'index'",
        ["COMMENT ON INDEX s.u IS 'index'"],
    ),
    "grant": ("", "grant select, insert on s.t to anna", ["GRANT SELECT, INSERT ON TABLE s.t TO anna"]),
    "grant all": ("", 'grant all on s.t to "Mr. T"', ['GRANT ALL ON TABLE s.t TO "Mr. T"']),
    "grant option": (
        "grant select on s.t to anna; grant update on s.t to anna with grant option",
        "grant select on s.t to anna with grant option; grant update, delete on s.t to anna",
        [
            "REVOKE GRANT OPTION FOR UPDATE ON TABLE s.t FROM anna",
            "GRANT DELETE ON TABLE s.t TO anna",
            "GRANT SELECT ON TABLE s.t TO anna WITH GRANT OPTION",
        ],
    ),
    "columns": (
        "grant select (a) on s.t to anna",
        "grant select (a), update (b) on s.t to anna; grant select (b) on s.v to public",
        ["GRANT UPDATE (b) ON TABLE s.t TO anna", "GRANT SELECT (b) ON TABLE s.v TO PUBLIC"],
    ),
    "function revoked from public": (
        "",
        "revoke all on function s.f(integer, text[]) from public",
        ["REVOKE EXECUTE ON FUNCTION s.f(integer, text[]) FROM PUBLIC"],
    ),
    "owner revoked own": (
        "",
        "revoke delete on s.t from current_user",
        ["REVOKE DELETE ON TABLE s.t FROM postgres"],
    ),
    "granted on": (
        """grant usage on schema s to anna; grant select on s.t to anna with grant option;
           set role anna; grant select on s.t to rolf; reset role""",
        "grant usage on schema s to anna; grant select on s.t to anna with grant option",
        ["SET LOCAL ROLE anna; REVOKE SELECT ON TABLE s.t FROM rolf; RESET ROLE"],
    ),
    "grant option of what was granted on": (
        """grant usage on schema s to anna; grant select, insert on s.t to anna with grant option;
           set role anna; grant select, insert on s.t to rolf with grant option; reset role""",
        """grant usage on schema s to anna; grant select, insert on s.t to anna with grant option;
           set role anna; grant select on s.t to rolf; reset role""",
        [
            "SET LOCAL ROLE anna; REVOKE INSERT ON TABLE s.t FROM rolf; RESET ROLE",
            "SET LOCAL ROLE anna; REVOKE GRANT OPTION FOR SELECT ON TABLE s.t FROM rolf; RESET ROLE",
        ],
    ),
    "kinds of privileges": (
        "",
        """grant usage on sequence s.q to anna; grant usage on schema s to anna; grant usage on type s.e to anna;
           grant usage on domain s.d to anna; grant execute on procedure s.p(integer) to anna;
           grant execute on function s.n() to anna; grant execute on function s.o(float8, float8) to anna;
           grant usage on foreign server srv to anna; grant usage on foreign data wrapper w to anna;
           grant select on s.m to anna; grant select on s.ft to anna; revoke usage on type s.c from public""",
        None,
    ),
    "default privileges": (
        "alter default privileges for role anna in schema s grant select on tables to rolf",
        """alter default privileges for role anna in schema s grant select, insert on tables to rolf;
           alter default privileges for role anna revoke execute on functions from public;
           alter default privileges for role rolf grant usage on schemas to "Mr. T" with grant option""",
        [
            "ALTER DEFAULT PRIVILEGES FOR ROLE anna IN SCHEMA s GRANT INSERT ON TABLES TO rolf",
            "ALTER DEFAULT PRIVILEGES FOR ROLE anna REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
            'ALTER DEFAULT PRIVILEGES FOR ROLE rolf GRANT USAGE ON SCHEMAS TO "Mr. T" WITH GRANT OPTION',
        ],
    ),
    "owner": ("", "alter table s.t owner to anna", ["ALTER TABLE s.t OWNER TO anna"]),
    "owners": (
        "",
        """alter schema s owner to anna; alter view s.v owner to anna; alter function s.f owner to anna;
           alter aggregate s.n(*) owner to anna; alter aggregate s.o(float8 order by float8) owner to anna;
           alter type s.c owner to anna; alter domain s.d owner to anna; alter type s.r owner to anna;
           alter operator s.=== (integer, integer) owner to anna; alter operator family s.fam using btree owner to anna;
           alter collation s.col owner to anna; alter statistics s.st owner to anna;
           alter text search dictionary s.dict owner to anna; alter text search configuration s.conf owner to anna;
           alter conversion s.conv owner to anna; alter server srv owner to anna; alter sequence s.q owner to anna;
           alter foreign table s.ft owner to anna; alter materialized view s.m owner to anna;
           alter procedure s.p owner to anna""",
        None,
    ),
    "procedure beside another": (
        """create procedure s.x(a integer, b integer) language sql as ''; create procedure s.x(a integer, out b integer)
           language sql as 'select 1'""",
        """create procedure s.x(a integer, b integer) language sql as ''; create procedure s.x(a integer, out b integer)
           language sql as 'select 1'; alter procedure s.x(in integer, in integer) owner to anna""",
        ["ALTER PROCEDURE s.x(IN integer, integer) OWNER TO anna"],
    ),
    "new object of another owner": (
        "",
        "create table s.new (a int); alter table s.new owner to anna; grant select on s.new to rolf",
        [
            "CREATE TABLE s.new (\n    a integer\n)",
            "GRANT SELECT ON TABLE s.new TO rolf",
            "ALTER TABLE s.new OWNER TO anna",
        ],
    ),
    "publication": (
        "create publication p for table s.t",
        "create publication p for table s.t (a, b) where (a > 1) with (publish = 'insert, delete')",
        None,
    ),
    "publication of some rows": (
        "create table s.rows (here boolean); create publication p for table s.rows where (here)",
        "create table s.rows (here boolean); create publication p for table s.rows where (here is not null)",
        [
            "ALTER PUBLICATION p DROP TABLE s.rows",
            "ALTER PUBLICATION p ADD TABLE s.rows WHERE (here IS NOT NULL)",
        ],
    ),
    "publication of schemas": (
        "create publication p for all tables",
        "create publication p for table s.t, tables in schema s with (publish_via_partition_root = true)",
        None,
    ),
    "publication altered": (
        "create publication p for table s.t",
        "create publication p for table s.t with (publish = 'insert', publish_via_partition_root)",
        ["ALTER PUBLICATION p SET (publish = 'insert', publish_via_partition_root = true)"],
    ),
    "publication member": (
        "create publication p for table s.t",
        "create publication p for table s.t, tables in schema s",
        ["ALTER PUBLICATION p ADD TABLES IN SCHEMA s"],
    ),
    "subscription": (
        f"{SUBSCRIPTION} with (connect = false)",
        f"""{SUBSCRIPTION} with (connect = false, slot_name = none, binary, streaming, disable_on_error = true);
            alter subscription sub set publication p1 with (refresh = false);
            alter subscription sub connection 'dbname=y'""",
        None,
    ),
    "wrapper": (
        "create foreign data wrapper x options (a '1', b '2')",
        "create foreign data wrapper x validator postgresql_fdw_validator",
        ["ALTER FOREIGN DATA WRAPPER x VALIDATOR pg_catalog.postgresql_fdw_validator OPTIONS (DROP a, DROP b)"],
    ),
    "server": (
        "create server x foreign data wrapper w options (host 'a', port '1')",
        "create server x version '2' foreign data wrapper w options (host 'b', \"user\" 'c')",
        ["ALTER SERVER x VERSION '2' OPTIONS (DROP port, SET host 'b', ADD \"user\" 'c')"],
    ),
    "server's type": (
        "create server x foreign data wrapper w",
        "create server x type 'y' foreign data wrapper w",
        ["DROP SERVER x", "CREATE SERVER x TYPE 'y' FOREIGN DATA WRAPPER w"],
    ),
    "user mapping": (
        "create user mapping for \"Mr. T\" server srv options (password 'a')",
        """create user mapping for "Mr. T" server srv options (password 'b');
           create user mapping for public server srv""",
        [
            "ALTER USER MAPPING FOR \"Mr. T\" SERVER srv OPTIONS (SET password 'b')",
            "CREATE USER MAPPING FOR PUBLIC SERVER srv",
        ],
    ),
    "extension": ("", "create extension citext with schema s", ["CREATE EXTENSION citext WITH SCHEMA s"]),
    "extension moved": (
        "create extension citext with schema s",
        "create extension citext with schema public",
        ["ALTER EXTENSION citext SET SCHEMA public"],
    ),
    "extension updated": (
        "create extension citext with schema s version '1.4'",
        "create extension citext with schema s version '1.5'; comment on extension citext is 'x'",
        ["ALTER EXTENSION citext UPDATE TO '1.5'", "COMMENT ON EXTENSION citext IS 'x'"],
    ),
}

# PostgreSQL knows no way back from an extension's version.
ONE_WAY = {"extension updated"}

COMMENTED = """
    schema s; table s.t; column s.t.b; index s.i; constraint k on s.t; view s.v; materialized view s.m; sequence s.q;
    function s.f(integer, text[]); procedure s.p(integer); aggregate s.n(*); aggregate s.sum2(integer);
    aggregate s.o(float8 order by float8); type s.e; type s.c; domain s.d; constraint positive on domain s.d; type s.r;
    operator s.=== (integer, integer); operator family s.fam using btree; collation s.col; statistics s.st;
    trigger g on s.t; policy y on s.t; rule ru on s.t; cast (s.c as s.e); text search dictionary s.dict;
    text search configuration s.conf; conversion s.conv; foreign data wrapper w; server srv; foreign table s.ft;
    column s.ft.a; publication pub; event trigger et
"""


@pytest.fixture
def connection(transaction: Connection) -> Connection:
    return transaction


def state(connection: Connection, *texts: str) -> Catalog:
    connection.rollback()
    for text in texts:
        if text:
            connection.execute(text.encode())
    return snapshot(connection)


def reach(connection: Connection, desired: Catalog) -> list[str]:
    """Make what the connection sees into the desired catalog; the statements that it took."""
    done = []
    for _ in range(3):
        for step in write(snapshot(connection), desired):
            connection.execute(step.sql.encode())
            done.append(step.sql)
        if not compare(snapshot(connection), desired):
            return done
    pytest.fail(f"left after {done}: {compare(snapshot(connection), desired)}")


@pytest.mark.parametrize("name", CASES)
def test_both_ways(connection: Connection, name: str) -> None:
    before, after, expected = CASES[name]
    desired = state(connection, BASE, after)
    original = state(connection, BASE, before)
    steps = reach(connection, desired)
    if expected is not None:
        assert sorted(steps) == sorted(expected)
    if name not in ONE_WAY:
        assert reach(connection, original)


def test_whoever_may_not_act_as_the_grantor_takes_away_all_or_nothing(connection: Connection) -> None:
    before, after, _ = CASES["grant option of what was granted on"]
    desired = state(connection, BASE, after)
    revoke, option = write(state(connection, BASE, before), desired)
    assert revoke.otherwise[-1].startswith("REVOKE GRANT OPTION FOR INSERT ON TABLE s.t FROM anna CASCADE; GRANT")
    assert [text for text in option.otherwise if not text.startswith("SET LOCAL ROLE anna; REVOKE")] == []


@pytest.mark.parametrize("name", ["comment", "kinds of privileges", "owners", "publication of schemas", "user mapping"])
def test_from_nothing_and_back(connection: Connection, name: str) -> None:
    roles = 'create role anna; create role "Mr. T"; create role rolf;'
    desired = state(connection, BASE, CASES[name][1])
    empty = state(connection, roles)
    reach(connection, desired)
    reach(connection, empty)


def test_every_kind_carries_a_comment(connection: Connection) -> None:
    names = [" ".join(one.split()) for one in COMMENTED.split(";")]
    said = "".join(f"comment on {name} is 'about {n}';" for n, name in enumerate(names))
    desired = state(connection, BASE, said)
    comments = [one for one in desired.objects if one.kind == "comment"]
    assert len(comments) == len(names)
    state(connection, BASE)
    assert len(reach(connection, desired)) == len(names)


def test_privileges_in_information_schema_are_left_alone(connection: Connection) -> None:
    connection.execute("create role rolf")
    before = snapshot(connection)
    connection.execute("""revoke select on information_schema.tables from public;
        grant select (table_name), insert on information_schema.views to rolf;
        grant execute on function information_schema._pg_truetypid(pg_attribute, pg_type) to rolf;
        grant usage on type information_schema.yes_or_no to rolf;
        grant create on schema information_schema to rolf""")
    assert compare(before, snapshot(connection)) == ()


def test_defaults_are_no_privileges(connection: Connection) -> None:
    before = state(connection, BASE)
    after = state(connection, BASE, "grant select on s.t to anna; revoke select on s.t from anna")
    assert compare(before, after) == ()
    assert not [one for one in after.objects if one.kind == "privilege" and one.path[1] == "s"]


def test_comments_that_extensions_make_are_none(connection: Connection) -> None:
    catalog = state(connection, "create extension citext")
    assert not [one for one in catalog.objects if one.kind == "comment"]


def test_secrets_are_in_no_repr(connection: Connection) -> None:
    mapping = "create user mapping for anna server srv options (password 'hush')"
    catalog = state(connection, BASE, mapping, SUBSCRIPTION.replace("a b", "hush") + " with (connect = false)")
    assert Id("subscription", ("sub",)) in catalog.objects
    assert "hush" not in repr(catalog)


def test_subscription_reads_long_connection_strings(connection: Connection) -> None:
    text = "dbname=x application_name=" + "ä" * 3000
    catalog = state(connection, f"create subscription sub connection '{text}' publication p with (connect = false)")
    subscription = catalog.objects[Id("subscription", ("sub",))]
    assert dataclasses.asdict(subscription)["conninfo"] == text


def test_those_who_may_not_read_connection_strings_read_the_rest(connection: Connection) -> None:
    state(connection, "create role anna", SUBSCRIPTION + " with (connect = false)", "set role anna")
    subscription = snapshot(connection).objects[Id("subscription", ("sub",))]
    assert dataclasses.asdict(subscription)["conninfo"] is None


def test_nothing_is_unknown(connection: Connection) -> None:
    catalog = state(connection, BASE, CASES["user mapping"][1], "create temp table x (a int primary key)")
    assert [one for one in catalog.objects if one.kind == "unknown"] == []
    known = frozenset((c, o) for c, o, _ in catalog.addresses if c != "pg_publication")
    (found,) = unknown_objects(connection.cursor(), known)
    assert found.id == Id("unknown", ("publication", "pub"))


def test_target_of_prefix_operator_and_transform() -> None:
    assert target(Id("operator", ("s", "!!", "(NONE, integer)"))) == "OPERATOR s.!! (NONE, integer)"
    assert target(Id("transform", ("s.c", "plx"))) == "TRANSFORM FOR s.c LANGUAGE plx"

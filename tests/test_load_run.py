"""Loading scripts into a database on a server."""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from dbsync.errors import SchemaError
from dbsync.load.run import Loaded, load
from dbsync.load.script import read_script
from dbsync.scratch import elevation
from tests.plugins.database import MakeDatabase

Load = Callable[..., Loaded]


class Target:
    """An empty database, owned by a role that is no superuser."""

    def __init__(self, folder: Path, admin: psycopg.Connection[Any], session: psycopg.Connection[Any], role: str):
        self.folder = folder
        self.admin = admin
        self.session = session
        self.role = role

    def elevate(
        self, session: psycopg.Connection[Any], *, silent: bool = True, owner: str | None = None
    ) -> contextlib.AbstractContextManager[None]:
        return elevation.elevated(self.admin, session, silent=silent, owner=owner)

    def load(self, text: str) -> Loaded:
        (self.folder / "schema.sql").write_text(text)
        script = read_script(self.folder / "schema.sql")
        return load(self.session, script, elevate=self.elevate, admin=self.admin)

    def fails(self, text: str) -> SchemaError:
        with pytest.raises(SchemaError) as caught:
            self.load(text)
        caught.value.message = caught.value.message.replace(f"{self.folder}/", "")
        return caught.value

    def value(self, query: str) -> Any:
        row = self.admin.execute(query.encode()).fetchone()
        return row[0] if row else None


@pytest.fixture
def role(admin: psycopg.Connection[Any]) -> Iterator[str]:
    """A role that may log in; it is dropped, and so is the other one that tests name after it."""
    name = f"dbsync_load_{secrets.token_hex(4)}"
    admin.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))
    yield name
    for one in (name, f"{name}_other"):
        admin.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(one)))


@pytest.fixture
def target(role: str, make_database: MakeDatabase, tmp_path: Path) -> Iterator[Target]:
    info = make_database(owner=role).conninfo
    with (
        psycopg.connect(info(), autocommit=True) as superuser,
        psycopg.connect(info(user=role, password=None)) as session,
    ):
        yield Target(tmp_path, superuser, session, role)


def test_places(target: Target) -> None:
    loaded = target.load(
        "create table t (\n  a int,\n  ü text constraint filled not null, b int,\n  constraint k primary key (a)\n);\n"
        "alter table t\n  add column c int,\n  add constraint positive check (c > 0);\n"
        "create index i on t (a);\ncreate view v as select 1 as x;\ncomment on view v is 'x';\n"
        "create function f() returns int language sql return 1;"
    )
    places = loaded.places
    table = ("pg_class", target.value("select 't'::regclass::oid"), 0)
    assert places.objects[table].line == 1
    assert places.objects["pg_class", target.value("select 'i'::regclass::oid"), 0].line == 9
    assert places.objects["pg_class", target.value("select 'v'::regclass::oid"), 0].line == 10
    assert places.objects["pg_proc", target.value("select 'f'::regproc::oid"), 0].line == 12
    columns = [(name, place.line, place.column) for name in "aübc" if (place := places.part(table, "column", name))]
    assert columns == [("a", 2, 3), ("ü", 3, 3), ("b", 3, 38), ("c", 7, 14)]
    names = ("filled", "k", "positive")
    constraints = [
        (name, place.line, place.column) for name in names if (place := places.part(table, "constraint", name))
    ]
    assert constraints == [("filled", 3, 10), ("k", 4, 3), ("positive", 8, 7)]
    assert places.part(table, "column", "none") is None
    assert target.value("select count(*) from pg_event_trigger") == 0
    assert target.value("select to_regnamespace('dbsync_places') is null")


def test_what_does_not_run_together_runs_alone(target: Target) -> None:
    loaded = target.load(
        "create table a (x int) -- the first\n;create type mood as enum ('low');\n"
        "create index concurrently i on a (x);\n"
        "alter type mood add value 'high';\n"
        "create table b (m mood default 'high');\n"
        "do 'begin create table c (); end';\n"
        "create table d ();"
    )
    made = {name: target.value(f"select '{name}'::regclass::oid") for name in "aibcd"}
    places = {name: loaded.places.objects["pg_class", oid, 0] for name, oid in made.items()}
    assert {name: (place.line, place.column) for name, place in places.items()} == {
        "a": (1, 1), "i": (3, 1), "b": (5, 1), "c": (6, 1), "d": (7, 1)
    }  # fmt: skip


def test_what_ran_before_a_failure_has_run_once(target: Target) -> None:
    error = target.fails("create table a (x int);\ncreate table b (x int);\ncreate index on b (y);\ncreate table c ();")
    assert error.message == 'schema.sql:3:1: column "y" does not exist'
    assert target.value("select count(*) from pg_class where relname in ('a', 'b', 'c')") == 2


def test_many_that_run_together_are_found_each_in_its_place(target: Target) -> None:
    loaded = target.load("".join(f"create table t{number} (x int primary key);\n" for number in range(1, 101)))
    lines = [loaded.places.objects["pg_class", target.value(f"select 't{n}'::regclass::oid"), 0].line for n in (1, 77)]
    assert lines == [1, 77]
    assert target.value("select count(*) from pg_class where relname ~ '^t[0-9]+$'") == 100


@pytest.mark.parametrize(
    ("text", "message", "caret"),
    [
        ("select 1;\ncreate table t (\n  a txt\n);", 'schema.sql:3:5: type "txt" does not exist', "^^^"),
        ("create table ü (\n a int,,\n);", 'schema.sql:2:8: syntax error at or near ","', "^"),
        ("\n  create table t (a int references u)", 'schema.sql:2:3: relation "u" does not exist', "^" * 35),
        (
            "create table t (a int)\ncreate table u (a int);",
            'schema.sql:2:1: syntax error at or near "create"',
            "^" * 6,
        ),
        ("create index i on no.t (a);", 'schema.sql:1:1: schema "no" does not exist', "^" * 26),
    ],
)
def test_a_failure_has_its_place(target: Target, text: str, message: str, caret: str) -> None:
    error = target.fails(text)
    assert error.message == message
    assert error.excerpt
    assert error.excerpt.split("| ")[-1].strip() == caret


def test_already_exists_names_the_first(target: Target) -> None:
    error = target.fails("select 1;\ncreate table t (a int);\ncreate view public.t as select 1;")
    assert error.message == 'schema.sql:3:1: relation "t" already exists'
    assert error.detail
    assert error.detail.endswith("schema.sql:2:1.")


@pytest.mark.parametrize(
    "text",
    [
        "create function f(int, out x text) returns text language sql as $$select ''$$;",
        "create type e as enum ('a');",
        "create schema s;",
        "create table t (a int);\ncreate policy p on t;",
        "create table t (a int constraint c check (true));\nalter table t add constraint c check (true);",
    ],
)
def test_every_kind_of_double_is_found(target: Target, text: str) -> None:
    error = target.fails(f"{text}\n{text.splitlines()[-1]}")
    assert error.detail
    assert "It is made before" in error.detail


def test_missing_says_where_it_is_made_later(target: Target) -> None:
    error = target.fails("create view v as select * from t;\n\ncreate table t (a int);")
    assert error.message == 'schema.sql:1:32: relation "t" does not exist'
    assert error.detail
    assert "schema.sql:3:1: statements run in their order" in error.detail


def test_a_failure_inside_a_block_shows_its_context(target: Target) -> None:
    error = target.fails("do $$\nbegin\n  raise exception 'no \x1b[31m' using hint = 'try';\nend $$;")
    assert error.message.startswith("schema.sql:1:1: no ")
    assert "\x1b" not in str(error)
    assert error.hint == "try"
    assert error.detail
    assert "line 3 at RAISE" in error.detail


def test_refused_with_place(target: Target) -> None:
    error = target.fails("select 1;\n\nrollback;")
    assert error.message == "schema.sql:3:1: ROLLBACK has no meaning in a schema file"


def test_transactions_settings_and_rows(target: Target) -> None:
    loaded = target.load(
        "begin;\nset not_a_parameter = 0;\nselect pg_catalog.set_config('search_path', '', false);\n"
        "select pg_catalog.set_config('nothing_such', '', false);\n"
        "create table public.t (a int, b text);\ncommit;\nset client_encoding = 'LATIN1';\n"
        "copy public.t from stdin;\n1\t%s €\n2\t\\N\n\\.\ninsert into public.t values (3, '100%');\n"
        "create index concurrently i on public.t (a);\nset session_replication_role = replica;"
    )
    assert [note.place.line for note in loaded.notes] == [2, 4, 14]
    assert str(loaded.notes[0]).endswith("this server does not know the parameter")
    assert target.value("select string_agg(b, ',' order by a) from public.t") == "%s €,100%"
    assert target.value("select indisvalid from pg_index where indexrelid = 'public.i'::regclass")


def test_bad_rows_are_an_error_of_the_copy(target: Target) -> None:
    error = target.fails("create table t (a int);\ncopy t from stdin;\n1\nx\n\\.\n")
    assert error.message == 'schema.sql:4:1: invalid input syntax for type integer: "x"'
    assert error.detail
    assert "COPY t, line 2" in error.detail


def test_elevated_only_where_refused(target: Target) -> None:
    loaded = target.load(
        "create extension file_fdw;\ncreate extension pg_trgm;\n"
        "create function f() returns event_trigger language plpgsql as 'begin end';\n"
        "create event trigger e on ddl_command_end execute function f();\n"
        "alter event trigger e enable always;\n"
        "create aggregate agg(bigint) (sfunc = int8_avg_accum, stype = internal, finalfunc = numeric_poly_avg);\n"
        "grant usage on language sql to current_user;\n"
        "grant execute on function pg_catalog.int4pl(int, int) to current_user;"
    )
    assert [one.statement.place.line for one in loaded.elevated] == [1, 4, 6, 7, 8]
    assert "permission denied" in loaded.elevated[0].reason
    assert not target.value(f"select rolsuper from pg_roles where rolname = '{target.role}'")
    assert target.value("select evtenabled::text from pg_event_trigger") == "A"


def test_what_runs_code_is_not_elevated(target: Target) -> None:
    assert "permission denied" in target.fails("select pg_read_file('PG_VERSION')").message
    assert "permission denied" in target.fails("set session authorization postgres").message
    assert "permission denied" in target.fails("set role postgres").message


def test_event_triggers_of_the_file_do_not_run_as_a_superuser(target: Target) -> None:
    target.load(
        "create function f() returns event_trigger language plpgsql as $$begin\n"
        "  if current_user <> '" + target.role + "' then raise 'ran as another'; end if;\nend$$;\n"
        "create event trigger e on sql_drop execute function f();\nalter event trigger e enable always;\n"
    )
    assert target.value("select to_regnamespace('dbsync_places') is null")


def test_roles(target: Target) -> None:
    other = f"{target.role}_other"
    loaded = target.load(
        f"create role {target.role} superuser;\ncreate role {other} superuser;\nalter role {other} login;\n"
        f"create schema s authorization {other};\ncreate table s.t (a int);\nalter table s.t owner to {other};\n"
        f"create index on s.t (a);\nalter database x set work_mem = '1MB';\n"
    )
    assert loaded.roles == (other,)
    assert [note.place.line for note in loaded.notes] == [3, 8]
    assert not target.value(f"select rolsuper from pg_roles where rolname = '{other}'")
    assert target.value("select relowner::regrole::text from pg_class where oid = 's.t'::regclass") == other


def test_subscriptions_do_not_connect(target: Target) -> None:
    text = f"create subscription {target.role} connection 'host=127.0.0.1 port=1 dbname=x password=p' publication p"
    target.load(f"{text} with (slot_name = 'slot');")
    found = target.admin.execute("select subenabled, subslotname from pg_subscription").fetchone()
    assert found == (False, "slot")


def test_an_unknown_role(target: Target) -> None:
    error = target.fails("create table t (a int);\nalter table t owner to nobody_at_all;")
    assert error.hint
    assert "CREATE ROLE" in error.hint

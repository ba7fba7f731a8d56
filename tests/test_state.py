"""The digest of the system catalogs: it changes with everything that a snapshot reads, and with nothing else."""

import contextlib
import re

import pytest

from dbsync.kinds import KINDS
from dbsync.pg.connect import Target, connect
from dbsync.snapshot import _DEPENDENCIES
from dbsync.state import UNREAD, VOLATILE, state
from tests.plugins.database import MakeDatabase
from tests.plugins.server import Server

START = """
create table public.t (id int primary key, a text);
create view public.v as select a from public.t;
create function public.f() returns int language sql as 'select 1';
create sequence public.s;
insert into public.t select n, 'x' from generate_series(1, 1000) n;
"""


def state_of(target: Target) -> str:
    with contextlib.closing(connect(target, read_only=True)) as session:
        return state(session)


@pytest.mark.parametrize(
    "change",
    [
        "alter table public.t add column b int",
        "alter table public.t alter column a set default 'y'",
        "alter table public.t alter column a set statistics 10",
        "create index on public.t (a)",
        "create or replace view public.v as select a || 'x' as a from public.t",
        "create or replace function public.f() returns int language sql as 'select 2'",
        "comment on column public.t.a is 'a'",
        "comment on function pg_catalog.now() is 'a system object'",
        "grant select on public.t to dbsync_reader",
        "alter sequence public.s increment by 5",
        "alter table public.t owner to dbsync_reader",
        "create policy p on public.t using (true)",
        "create statistics public.st on id, a from public.t",
        "create type public.e as enum ('a')",
        "create extension pg_trgm schema public",
    ],
)
def test_a_change_of_the_schema_shows(change: str, database: Target) -> None:
    with connect(database) as session:
        session.execute(START.encode())
        before = state_of(database)
        session.execute(change.encode())
    assert state_of(database) != before


def test_rows_and_upkeep_do_not(database: Target) -> None:
    with connect(database) as session:
        session.execute(START.encode())
        session.execute("select nextval('public.s')")
        before = state_of(database)
        session.execute("update public.t set a = 'z'")
        session.execute("select nextval('public.s')")
        session.execute("analyze public.t")
        session.execute("vacuum public.t")
    assert state_of(database) == before


def test_another_database_and_another_role_have_another(make_database: MakeDatabase) -> None:
    one, other = make_database(), make_database()
    with connect(other) as session:
        session.execute("create table public.t ()")
    assert state_of(one) != state_of(other)


def test_no_kind_reads_what_is_left_out(server: Server) -> None:
    texts = [kind.read(server.version) for kind in KINDS.values() if hasattr(kind, "query") or "read" in vars(kind)]
    words = set(re.findall(r"\w+", " ".join([*texts, _DEPENDENCIES])))
    # pg_database only tells which database this is.
    assert words & {*UNREAD, *VOLATILE} <= {"pg_database"}


def test_workers_do_not_change_the_order(database: Target) -> None:
    """A server reads large catalogs with several workers, if its settings let it."""
    eager = ("min_parallel_table_scan_size = 0", "parallel_setup_cost = 0", "parallel_tuple_cost = 0")
    with connect(database) as session:
        for number in range(100):
            session.execute(f"create table public.t{number} (a int, b int, c int, d int, e int, f int)".encode())
        before = state_of(database)
        for setting in (*eager, "parallel_leader_participation = off", "max_parallel_workers_per_gather = 2"):
            session.execute(f"alter database {database.parameters['dbname']} set {setting}".encode())
    assert {state_of(database) for _ in range(5)} == {before}

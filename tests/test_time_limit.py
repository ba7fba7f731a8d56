"""Nothing of a file runs for ever: loading, the rows, and the steps of a plan that are tried."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync.errors import DbsyncError, SchemaError, ScratchError, TimeIsUp
from dbsync.load.run import LOADING, load
from dbsync.load.script import read_script
from dbsync.model.text import Script
from dbsync.pg.connect import Target, connect
from dbsync.pg.time_limit import TimeLimit
from dbsync.planning.workspace import Workspace
from dbsync.scratch.provider import Needs, open_scratch
from dbsync.seeds import load as rows
from tests.plugins.project import Project

Connection = psycopg.Connection[Any]

STUBBORN = """create function stubborn() returns int language plpgsql as $$ begin
  loop begin perform pg_sleep(1000); exception when query_canceled then null; end; end loop;
end $$;
"""


@contextlib.contextmanager
def _as_it_is(session: Connection, *, silent: bool = True, owner: str | None = None) -> Iterator[None]:
    yield


class Session:
    """A session that has half a second, in an empty database."""

    def __init__(self, folder: Path, connection: Connection, admin: Connection):
        self.folder = folder
        self.connection = connection
        self.admin = admin

    def fails(self, text: str, *, seeds: bool = False) -> SchemaError:
        """Load the text, which takes too long; the time that it had is kept."""
        (self.folder / "schema.sql").write_text(text)
        script = read_script(Path("schema.sql"))
        began = time.monotonic()
        with pytest.raises(SchemaError) as caught:
            self._load(script, seeds=seeds)
        assert time.monotonic() - began < 20
        assert "this did not end within the 500 ms that loading may take" in caught.value.message
        assert "--load-timeout" in (caught.value.hint or "")
        return caught.value

    def _load(self, script: Script, *, seeds: bool) -> None:
        if seeds:
            rows.run(self.connection, script)
        else:
            load(self.connection, script, elevate=_as_it_is, admin=self.admin)

    def running(self) -> int:
        """How many other sessions run something here."""
        query = """select count(*) from pg_stat_activity
            where datname = current_database() and state = 'active' and pid <> pg_backend_pid()"""
        row = self.admin.execute(query).fetchone()
        return int(row[0]) if row else 0


@pytest.fixture
def session(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.chdir(tmp_path)
    with (
        contextlib.closing(TimeLimit(0.5, lambda: connect(database))) as limit,
        connect(database) as admin,
        contextlib.closing(connect(database, settings=LOADING, limit=limit)) as connection,
    ):
        yield Session(tmp_path, connection, admin)


LOOP = "language plpgsql as $$ begin loop null; end loop; end $$;"
CASES = {
    "sleep": ("2:3", "create table t (id int);\n  do $$ begin perform pg_sleep(1000); end $$;"),
    "setting": ("2:1", "set statement_timeout = 0;\nselect pg_sleep(1000);"),
    "query": (
        "1:1",
        "create table t as with recursive r as (select 1 as n union all select n + 1 from r) select count(*) from r;",
    ),
    "default": (
        "4:1",
        f"""create table t (id int);
insert into t values (1);
create function f() returns int {LOOP}
alter table t add column c int not null default f();""",
    ),
    # Of those that are sent together the one that does not end is named.
    "together": (
        "4:1",
        f"""create table a (id int);
create table b (id int);
create function f() returns int immutable {LOOP}
create index on b ((id + f()));
create table c ();""",
    ),
    # What has its time only in sum.
    "sum": ("2:1", "select pg_sleep(0.3);\nselect pg_sleep(0.3);"),
    "stubborn": ("5:1", f"{STUBBORN}create table t (id int);\nselect stubborn();"),
    "stubborn together": (
        "6:1",
        f"""{STUBBORN}create table t as select 1;
create table u (id int);
alter table t add c int default stubborn();
create table v (id int);""",
    ),
    "swallowed": (
        "4:1",
        """create function swallow() returns int language plpgsql as $$ begin
  perform pg_sleep(1000); return 1; exception when query_canceled then return 2;
end $$;
select swallow();
select 1;""",
    ),
    "copy": (
        "4:1",
        f"""create table t (id int);
create function f() returns trigger {LOOP}
create trigger a before insert on t for each row execute function f();
copy t from stdin;
1
\\.
""",
    ),
}


@pytest.mark.parametrize(("place", "text"), CASES.values(), ids=CASES)
def test_loading_ends_and_names_the_statement(session: Session, place: str, text: str) -> None:
    error = session.fails(text)
    assert error.message.startswith(f"schema.sql:{place}: ")
    assert f"--> schema.sql:{place}\n" in (error.excerpt or "")
    assert session.running() == 0


def test_rows(session: Session) -> None:
    session.connection.execute("create table t (id int); " + STUBBORN)
    error = session.fails("insert into t values (1);\ninsert into t values (stubborn());", seeds=True)
    assert error.message.startswith("schema.sql:2:1: ")
    assert session.running() == 0


def test_what_ends_in_time_is_left_alone(database: Target) -> None:
    with contextlib.closing(TimeLimit(0.5, lambda: connect(database))) as limit:
        with contextlib.closing(connect(database, limit=limit, each=True)) as connection:
            for _ in range(3):
                assert connection.execute("select 1 from pg_sleep(0.25)").fetchone() == (1,)
        with contextlib.closing(connect(database, limit=limit)) as connection:
            connection.execute("select 1")
            time.sleep(0.7)  # what the client does counts for nothing
            assert connection.execute("select 2").fetchone() == (2,)


def test_a_transaction_is_rolled_back_without_a_word(database: Target, capfd: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(TimeLimit(0.3, lambda: connect(database))) as limit:
        for function in ("pg_sleep(1000)", "stubborn()"):
            with contextlib.closing(connect(database, settings=LOADING, limit=limit)) as connection:
                connection.execute(STUBBORN.replace("create", "create or replace"))
                with pytest.raises(TimeIsUp) as caught, connection.transaction():
                    connection.execute(f"select {function}".encode())
            assert caught.value.detail == f"It ran: select {function}"
    assert capfd.readouterr().err == ""


def test_without_another_session_it_is_cut(database: Target) -> None:
    def nobody() -> Connection:
        raise psycopg.OperationalError("too many connections")

    with (
        contextlib.closing(TimeLimit(0.3, nobody)) as limit,
        contextlib.closing(connect(database, settings=LOADING, limit=limit)) as connection,
    ):
        connection.execute(STUBBORN)
        began = time.monotonic()
        with pytest.raises(TimeIsUp):
            connection.execute("select stubborn()")
        assert time.monotonic() - began < 15
        assert connection.closed
        process = connection.pgconn.backend_pid
    with connect(database) as admin:
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid = %s", [process])


def test_programs_end_too() -> None:
    with open_scratch("auto", Needs(major=18, load_timeout=1)) as scratch:
        scratch.create("one")
        with pytest.raises(ScratchError, match="within the 1 second that loading may take"):
            Workspace(scratch, "app", superuser=False).load_dump("one", "select pg_sleep(1000);\n")
        with scratch.connect("one") as admin:
            admin.execute("create table public.t (id int)")
            with admin.transaction():
                admin.execute("lock table public.t")
                with pytest.raises(TimeIsUp) as caught:
                    scratch.dump("one")
    assert caught.value.detail == "It ran: pg_dump"


# A step that ends where the file is loaded, and not where the plan is tried.
ELSEWHERE = """create function f() returns int immutable language plpgsql as $$ begin
  if current_database() not like '%desired' then perform pg_sleep(1000); end if; return 1;
end $$;
"""


def fails(project: Project) -> DbsyncError:
    with pytest.raises(DbsyncError) as caught:
        project.plan(load_timeout="2s")
    assert "nothing was applied" in caught.value.message
    assert caught.value.exit_code == 5
    return caught.value


def test_a_step_that_does_not_end_where_it_is_tried(project: Project) -> None:
    project.run("create table t (id int)")
    project.write(schema=f"create table t (id int);\n{ELSEWHERE}create index i on t ((id + f()));")
    error = fails(project)
    assert "A statement did not end on the scratch server within 2 seconds" in error.message
    assert "create index i" in (error.detail or "").lower().replace('"', "")


def test_a_row_that_does_not_end_where_it_is_tried(project: Project) -> None:
    schema = """create table t (id int primary key);
        create function f() returns trigger language plpgsql as $$ begin
          if current_database() !~ 'seeded' then perform pg_sleep(1000); end if; return new;
        end $$;
        create trigger a before insert on t for each row execute function f();"""
    project.run(schema)
    project.write(schema=schema, seeds="insert into t values (1);")
    assert "INSERT INTO public.t" in (fails(project).detail or "")

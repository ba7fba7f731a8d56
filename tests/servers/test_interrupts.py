"""A statement that runs outside of any transaction is stopped: what it left behind is named and removed, the history
tells the truth, and the exit code says which signal it was."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from dbsync.apply import batches, history
from dbsync.errors import ApplyFailed, Interrupted
from dbsync.pg.connect import Target, connect
from tests.by_hand import holding, plan, run, waits

Connection = psycopg.Connection[Any]

BUILD = "create index concurrently i on public.t (x)"


@pytest.fixture
def table(live: Connection) -> None:
    """A table, and a partitioned one."""
    live.execute("create table public.t (x int); create index old on public.t (x)")
    live.execute("create table public.p (x int) partition by range (x)")
    live.execute("create table public.p1 partition of public.p for values from (0) to (9)")


@contextlib.contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Do this beside; what fails there fails the test."""
    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(act)
        yield
        done.result()


def stopped(target: Target, live: Connection, sql: str, gate: Connection, *, then: Callable[[], None]) -> Interrupted:
    """An apply of this statement that gets Ctrl-C as soon as it waits for the gate."""

    def stop() -> None:
        waits(live, sql)
        os.kill(os.getpid(), signal.SIGINT)
        then()

    with meanwhile(stop), pytest.raises(Interrupted) as caught:
        run(target, plan(sql))
    return caught.value


def outcomes(live: Connection) -> list[str]:
    return [one.outcome for one in history.records(live)]


def indexes(live: Connection) -> list[tuple[str, bool]]:
    query = """select relname::text, indisvalid from pg_index join pg_class on oid = indexrelid
               where relnamespace = 'public'::regnamespace order by 1"""
    return live.execute(query).fetchall()


@pytest.mark.usefixtures("table")
def test_the_index_of_a_build_that_is_interrupted_is_dropped(database: Target, live: Connection) -> None:
    with holding(database, "insert into public.t values (1)") as gate:

        def open_the_gate() -> None:
            waits(live, "drop index concurrently")
            gate.rollback()

        error = stopped(database, live, BUILD, gate, then=open_the_gate)
    assert error.message == "interrupted. Nothing was applied."
    assert error.detail is not None
    assert error.detail.endswith("PostgreSQL left index public.i behind, which was not valid: it was dropped")
    assert error.exit_code == 130
    assert indexes(live) == [("old", True)]
    assert outcomes(live) == ["failed"]


@pytest.mark.usefixtures("table")
def test_an_index_that_cannot_be_dropped_now_is_named(
    database: Target, live: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_REMOVAL", 0.3)
    with holding(database, "insert into public.t values (1)") as gate:
        error = stopped(database, live, BUILD, gate, then=lambda: None)
    assert error.detail is not None
    assert (
        "left index public.i behind, which is not valid; it could not be dropped (canceling statement" in error.detail
    )
    assert error.detail.endswith("This does it: DROP INDEX CONCURRENTLY public.i")
    assert ("i", False) in indexes(live)
    # Something is there that was not there before.
    assert outcomes(live) == ["partial"]


@pytest.mark.usefixtures("table")
def test_a_second_interrupt_ends_the_removal(database: Target, live: Connection) -> None:
    with holding(database, "insert into public.t values (1)") as gate:

        def again() -> None:
            waits(live, "drop index concurrently")
            os.kill(os.getpid(), signal.SIGINT)

        error = stopped(database, live, BUILD, gate, then=again)
    assert "it was not dropped, for this was interrupted, too. This does it: DROP INDEX CONCURRENTLY public.i" in str(
        error
    )
    assert outcomes(live) == ["partial"]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("drop index concurrently public.old", "Index public.old is not valid now; this removes it: DROP INDEX CONC"),
        (
            "reindex index concurrently public.old",
            "Index public.old_ccnew is not valid now; this removes it: DROP INDEX",
        ),
        (
            "alter table public.p detach partition public.p1 concurrently",
            "A partition is detached in part: ALTER TABLE public.p DETACH PARTITION public.p1 FINALIZE does the rest",
        ),
    ],
)
def test_what_others_leave_behind_is_named(database: Target, live: Connection, sql: str, said: str) -> None:
    with holding(database, "insert into public.t values (1); insert into public.p values (1)") as gate:
        error = stopped(database, live, sql, gate, then=lambda: None)
        gate.rollback()
    assert said in str(error)
    assert error.message == "interrupted. Nothing was applied."
    assert outcomes(live) == ["partial"]
    statement = error.detail.rpartition(": ")[2].removesuffix(" does the rest") if error.detail else ""
    live.execute(statement.encode())


@pytest.mark.usefixtures("table")
def test_what_somebody_else_builds_meanwhile_is_left_alone(database: Target, live: Connection) -> None:
    with (
        holding(database, "insert into public.t values (1)") as gate,
        contextlib.closing(connect(database, application_name="builder")) as builder,
    ):
        theirs = threading.Thread(target=lambda: builder.execute("create index concurrently theirs on public.p1 (x)"))

        def stop_both() -> None:
            theirs.start()
            waits(live, "drop index concurrently")
            gate.rollback()

        gate.execute("insert into public.p values (1)")
        error = stopped(database, live, BUILD, gate, then=stop_both)
        theirs.join()
    assert "theirs" not in str(error)
    assert indexes(live) == [("old", True), ("theirs", True)]


@pytest.mark.usefixtures("table")
def test_an_interrupt_that_comes_too_late(database: Target, live: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    real = psycopg.Connection.execute

    def execute(connection: Connection, query: Any, *more: Any, **options: Any) -> Any:
        done = real(connection, query, *more, **options)
        if query == BUILD.encode():
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(psycopg.Connection, "execute", execute)
    with pytest.raises(Interrupted) as caught:
        run(database, plan(BUILD))
    assert caught.value.message == "interrupted. The only step was applied."
    assert ("i", True) in indexes(live)
    assert outcomes(live) == ["applied"]


@pytest.mark.usefixtures("table")
def test_the_session_of_a_build_is_ended(database: Target, live: Connection) -> None:
    with holding(database, "insert into public.t values (1)") as gate:

        def end() -> None:
            live.execute("select pg_terminate_backend(%s)", [waits(live, BUILD)])
            waits(live, "drop index concurrently")
            gate.rollback()

        with meanwhile(end), pytest.raises(ApplyFailed) as caught:
            run(database, plan(BUILD))
    assert caught.value.message == "step 1 of 1 failed: the connection to live was lost"
    assert "PostgreSQL left index public.i behind, which was not valid: it was dropped" in str(caught.value)
    assert "Nothing was applied." in str(caught.value)
    assert indexes(live) == [("old", True)]
    assert outcomes(live) == ["failed"]

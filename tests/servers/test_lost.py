"""The session of an apply dies where nothing of the plan is at stake any more, or at a COMMIT that was done: the apply
goes on, and ends with the truth."""

import dataclasses
import os
import socket
import time
from typing import Any

import psycopg
import pytest

from dbsync.apply import history
from dbsync.apply.lock import KEY, holder
from dbsync.errors import ApplyFailed, ConnectionFailed
from dbsync.model.outcome import Record
from dbsync.pg.connect import Target, connect
from dbsync.tasks.past import known_records
from tests.by_hand import QUICK, Told, plan, run, tables

Connection = psycopg.Connection[Any]

SHORT = dataclasses.replace(QUICK, reconnect=0.5)
BUILD = "create index concurrently i on public.a (x)"


def end_the_apply(live: Connection) -> None:
    """End the session that holds the lock of applies, and see that it is gone."""
    query = """
        select pg_terminate_backend(pid, 10000) from pg_locks join pg_database d on d.oid = database
        where locktype = 'advisory' and classid = %s and objid = %s and datname = current_database()
    """
    assert live.execute(query, [KEY >> 32, KEY & 0xFFFFFFFF]).fetchall() == [(True,)]


class EndsAt(Told):
    """Ends the session of the apply when it is told this."""

    def __init__(self, live: Connection, text: str):
        super().__init__()
        self.live, self.text, self.times = live, text, 1

    def progress(self, text: str) -> None:
        if text.startswith(self.text) and self.times:
            self.times -= 1
            end_the_apply(self.live)


@pytest.fixture
def written(live: Connection, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The session ends when the steps that are done are first to be written down."""
    real, seen = history.reach, list[int]()

    def reach(connection: Connection, record: history.OpenRecord | None, steps: int) -> None:
        if not seen:
            end_the_apply(live)
        seen.append(steps)
        real(connection, record, steps)

    monkeypatch.setattr(history, "reach", reach)
    return seen


def only(live: Connection) -> Record:
    (record,) = history.records(live)
    return record


def test_after_the_last_step_outside_of_a_transaction(database: Target, live: Connection, written: list[int]) -> None:
    live.execute("create table public.a (x int)")
    outcome = run(database, plan(BUILD))
    assert (outcome.steps, outcome.record, outcome.notes) == (1, 1, ())
    assert (only(live).outcome, only(live).error) == ("applied", None)
    assert written == [1, 1]
    assert holder(live) is None


def test_between_a_step_outside_and_the_next(database: Target, live: Connection, written: list[int]) -> None:
    live.execute("create table public.a (x int)")
    told = Told()
    run(database, plan(BUILD, ("create table public.b ()",)), observer=told)
    assert tables(live) == {"a", "b"}
    assert told.said == ["the connection to live was lost; connecting again"]
    assert only(live).outcome == "applied"


def test_the_lock_is_held_again(database: Target, live: Connection, written: list[int]) -> None:
    live.execute("create table public.a (x int); create table public.seen (pid int)")
    run(
        database,
        plan(
            BUILD,
            ("insert into public.seen select pid from pg_locks where pid = pg_backend_pid() and objid > 0",),
        ),
    )
    assert len(live.execute("select * from public.seen").fetchall()) == 1


def test_before_the_end_is_looked_at(database: Target, live: Connection) -> None:
    outcome = run(database, plan(("create table public.a ()",)), observer=EndsAt(live, "seeing whether live is"))
    assert outcome.record == 1
    assert only(live).outcome == "applied"


def test_live_cannot_be_read_after_the_last_step(database: Target, live: Connection) -> None:
    """No step failed, so that the history does not say so."""
    observer = EndsAt(live, "seeing whether live is")

    def reach_it() -> Connection:
        if not observer.times:
            raise ConnectionFailed("the server is away")
        return connect(database)

    with pytest.raises(ApplyFailed) as caught:
        run(database, plan(("create table public.a ()",)), observer=observer, connect_by=reach_it, limits=SHORT)
    assert caught.value.message == "every step was applied, but live could not be read afterwards: the server is away"
    assert caught.value.detail == "The only step was applied."
    assert only(live).outcome == "applied"


def test_the_record_stays_open_and_is_settled_by_the_next(
    database: Target, live: Connection, written: list[int]
) -> None:
    live.execute("create table public.a (x int)")

    def reach_it() -> Connection:
        if written:
            raise ConnectionFailed("the server is away")
        return connect(database)

    with pytest.raises(ApplyFailed) as caught:
        run(database, plan(BUILD), connect_by=reach_it, limits=SHORT)
    assert caught.value.message == "every step was applied, but live could not be read afterwards: the server is away"
    assert only(live).outcome == "running"
    run(database, plan(("create table public.b ()",)))
    assert [one.outcome for one in history.records(live)] == ["applied", "interrupted"]


class _Cuts:
    """Cuts the connection after this COMMIT was sent, counted from 1."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int):
        real, self.left = psycopg.Connection.execute, number

        def execute(connection: Connection, query: Any, *more: Any, **options: Any) -> Any:
            if query == "commit":
                self.left -= 1
            if query == "commit" and not self.left:
                connection.pgconn.send_query(b"commit")
                connection.pgconn.flush()
                time.sleep(0.3)
                with socket.socket(fileno=os.dup(connection.pgconn.socket)) as wire:
                    wire.shutdown(socket.SHUT_RDWR)
                raise psycopg.OperationalError("the connection is lost")
            return real(connection, query, *more, **options)

        monkeypatch.setattr(psycopg.Connection, "execute", execute)


THREE = (("create table public.a ()",), ("create table public.b ()",), ("create table public.c ()",))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_commit_in_doubt_that_was_done_goes_on(
    database: Target, live: Connection, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    told = Told()
    _Cuts(monkeypatch, number)
    outcome = run(database, plan(*THREE), observer=told)
    assert outcome.transactions == 3
    assert told.said == ["the connection was lost at COMMIT; the server says that it was committed"]
    assert told.steps == ["1/3", "2/3", "3/3"]
    assert tables(live) == {"a", "b", "c"}
    assert only(live).outcome == "applied"


def test_it_does_not_go_on_where_another_apply_was_there(
    database: Target, live: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record was settled by one that took the lock in between."""

    class Settles(Told):
        def say(self, text: str) -> None:
            live.execute("update dbsync.history set outcome = 'partial'")

    _Cuts(monkeypatch, 1)
    with pytest.raises(ApplyFailed) as caught:
        run(database, plan(*THREE), observer=Settles())
    assert caught.value.message.startswith(
        "the connection to live was lost after step 1 of 3, and the apply could not go on"
    )
    assert caught.value.detail == "Step 1 was applied, steps 2 to 3 were not."
    assert tables(live) == {"a"}
    assert only(live).outcome == "partial"


def test_it_does_not_go_on_while_another_apply_runs(
    database: Target, live: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Takes(Told):
        def progress(self, text: str) -> None:
            if text == "connecting again":
                live.execute("select pg_advisory_lock(%s)", [KEY])

    _Cuts(monkeypatch, 1)
    with pytest.raises(ApplyFailed) as caught:
        run(database, plan(*THREE), observer=Takes(), limits=QUICK)
    assert f"another apply holds this database: process {live.info.backend_pid}" in caught.value.message
    assert tables(live) == {"a"}


def test_a_record_of_an_apply_that_runs_is_not_settled(database: Target, live: Connection) -> None:
    run(database, plan(("create table public.a ()",)))
    live.execute("update dbsync.history set outcome = 'running', done = 0")
    with connect(database) as applying:
        applying.execute("select pg_advisory_lock(%s)", [KEY])
        assert [one.outcome for one in known_records(live)] == ["running"]
    (record,) = known_records(live)
    assert record.outcome == "failed"
    assert record.error == "dbsync was cut off before it could write how this ended; nothing was applied"
    # Who only looks writes nothing.
    assert only(live).outcome == "running"


def test_the_end_of_an_apply_outlives_a_history_that_is_locked(database: Target, live: Connection) -> None:
    """That a step is done matters more than that it is written down."""
    live.execute("create table public.a (x int)")

    class Locks(Told):
        def step(self, number: int, total: int, step: Any) -> None:
            other.execute("select from dbsync.history for update")

    with connect(database, autocommit=False) as other:
        outcome = run(database, plan(BUILD), observer=Locks())
        other.rollback()
    assert outcome.notes == (
        "the history record could not be written (canceling statement due to lock timeout); the next apply does it",
    )
    assert [one.outcome for one in known_records(live)] == ["interrupted"]

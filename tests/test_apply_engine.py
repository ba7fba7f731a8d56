"""The engine against a real server, with plans made by hand."""

import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dbsync.apply import history
from dbsync.apply.engine import apply_plan
from dbsync.apply.lock import KEY
from dbsync.apply.session import Checks, Limits
from dbsync.errors import ApplyFailed, Interrupted, Refused, Stale
from dbsync.model.objects import Id
from dbsync.model.outcome import End
from dbsync.pg.connect import Target, connect
from tests.by_hand import Told, plan, run, tables

Connection = psycopg.Connection[Any]


@pytest.fixture
def target(database: Target) -> Target:
    return database


@pytest.fixture
def live(target: Target) -> Iterator[Connection]:
    with connect(target) as connection:
        yield connection


def test_apply(target: Target, live: Connection) -> None:
    told = Told()
    outcome = run(target, plan(("create table public.a ()", "create table public.b ()")), observer=told)
    assert (outcome.steps, outcome.transactions, outcome.record, outcome.notes) == (2, 1, 1, ())
    assert tables(live) == {"a", "b"}
    assert told.steps == ["1/2", "2/2"]
    (record,) = history.records(live)
    assert (record.outcome, record.steps, record.error) == ("applied", 2, None)
    assert record.finished_at is not None


def test_session(target: Target, live: Connection) -> None:
    check = "create table public.s as select current_setting('{}') as v"
    for name, value in {
        "lock_timeout": "300ms",
        "search_path": "",
        "check_function_bodies": "off",
        "application_name": "dbsync",
        "client_connection_check_interval": "500ms",
    }.items():
        run(target, plan((check.format(name),)))
        assert live.execute("select v from public.s").fetchone() == (value,)
        live.execute("drop table public.s")


def test_failure_rolls_back_and_says_so(target: Target, live: Connection) -> None:
    with pytest.raises(ApplyFailed) as caught:
        run(target, plan(("create table public.a ()", "select 1 / 0")))
    assert str(caught.value) == (
        "step 2 of 2 failed: division by zero\n"
        "  select 1 / 0\n"
        "  (schema.sql:3 asks for it)\n"
        "Nothing was applied. The transaction was rolled back."
    )
    assert tables(live) == set()
    assert [record.outcome for record in history.records(live)] == ["failed"]


def test_partial_failure_names_what_was_applied(target: Target, live: Connection) -> None:
    with pytest.raises(ApplyFailed) as caught:
        run(
            target,
            plan(
                ("create table public.a (x int)", "create table public.b ()"),
                "create index concurrently i on public.a (x)",
                ("select 1 / 0",),
            ),
        )
    assert caught.value.detail is not None
    assert caught.value.detail.startswith("Steps 1 to 3 were applied, step 4 was not.")
    assert tables(live) == {"a", "b"}
    (record,) = history.records(live)
    assert record.outcome == "partial"
    assert record.error is not None
    assert "division by zero" in record.error


def test_deferred_constraint_fails_at_commit(target: Target, live: Connection) -> None:
    live.execute("create table public.u (x int unique deferrable initially deferred)")
    with pytest.raises(ApplyFailed, match="duplicate key") as caught:
        run(target, plan(("insert into public.u values (1), (1)",)))
    assert "Nothing was applied" in str(caught.value)
    assert live.execute("select count(*) from public.u").fetchone() == (0,)


def test_outside_of_a_transaction(target: Target, live: Connection) -> None:
    live.execute("create table public.a (x int)")
    run(target, plan(("create table public.b ()",), "create index concurrently i on public.a (x)"))
    assert live.execute("select indisvalid from pg_index where indrelid = 'public.a'::regclass").fetchone() == (True,)
    assert [record.outcome for record in history.records(live)] == ["applied"]


def test_an_invalid_index_is_named_and_dropped(target: Target, live: Connection) -> None:
    live.execute("create table public.a (x int)")
    live.execute("insert into public.a values (1), (1)")
    with pytest.raises(ApplyFailed) as caught:
        run(target, plan("create unique index concurrently i on public.a (x)"))
    assert "PostgreSQL left index public.i behind, which was not valid: it was dropped" in str(caught.value)
    assert live.execute("select to_regclass('public.i')").fetchone() == (None,)
    assert [record.outcome for record in history.records(live)] == ["failed"]


def test_stale(target: Target, live: Connection) -> None:
    with pytest.raises(Stale):
        run(target, plan(("create table public.a ()",)), fingerprint="other")
    assert tables(live) == set()
    assert history.records(live) == ()


def test_nothing_to_do_writes_no_history(target: Target, live: Connection) -> None:
    assert run(target, plan()).record is None
    assert not history.exists(live)


def test_left_over(target: Target, live: Connection) -> None:
    left = Id("table", ("public", "x"))
    with pytest.raises(ApplyFailed) as caught:
        run(target, plan(("create table public.a ()",)), remaining=(left,))
    assert "table public.x" in str(caught.value)
    assert [record.outcome for record in history.records(live)] == ["partial"]


def test_lock_is_tried_again(target: Target, live: Connection) -> None:
    live.execute("create table public.a ()")
    told = Told()
    with connect(target, autocommit=False) as other:
        other.execute("lock table public.a")
        timer = threading.Timer(0.7, other.rollback)
        timer.start()
        run(
            target,
            plan(("create table public.b ()", "alter table public.a add column x int")),
            observer=told,
            limits=Limits(lock_timeout=0.5, first_pause=0.3),
        )
        timer.join()
    assert told.said
    assert told.said[0].startswith("step 2: a lock was not to be had within 0.5 s, held by process")
    assert tables(live) == {"a", "b"}


def test_lock_is_given_up(target: Target, live: Connection) -> None:
    live.execute("create table public.a ()")
    with connect(target, autocommit=False) as other:
        other.execute("lock table public.a")
        holder = other.info.backend_pid
        with pytest.raises(ApplyFailed) as caught:
            run(
                target,
                plan(("alter table public.a add column x int",)),
                limits=Limits(lock_timeout=0.8, attempts=2, first_pause=0.1),
            )
    assert "lock timeout" in caught.value.message
    assert f"It waited for process {holder} of role" in str(caught.value)


def test_one_apply_at_a_time(target: Target, live: Connection) -> None:
    live.execute("select pg_advisory_lock(%s)", [KEY])
    told = Told()
    with pytest.raises(Refused) as caught:
        run(target, plan(("create table public.a ()",)), observer=told)
    assert f"process {live.info.backend_pid}, role" in caught.value.message
    assert "application dbsync" in caught.value.message
    assert caught.value.exit_code == 5
    live.execute("select pg_advisory_unlock_all()")
    run(target, plan(("create table public.a ()",)))


def test_read_only(target: Target, live: Connection) -> None:
    with pytest.raises(ApplyFailed, match="read-only"):
        apply_plan(
            lambda: connect(target, read_only=True),
            plan(("create table public.a ()",)),
            checks=Checks(lambda _: "now", lambda _c, _p: End()),
        )


def test_abandoned_record(target: Target, live: Connection) -> None:
    run(target, plan(("create table public.a ()",)))
    live.execute("update dbsync.history set outcome = 'running', finished_at = null")
    run(target, plan(("create table public.b ()",)))
    assert [record.outcome for record in history.records(live)] == ["applied", "applied"]


def test_no_right_to_a_history(target: Target, live: Connection) -> None:
    role = f"dbsync_test_{uuid.uuid4().hex[:12]}"
    live.execute(f"create role {role} login".encode())
    try:
        live.execute(f"grant create on schema public to {role}".encode())
        as_role = Target({**target.parameters, "user": role})
        outcome = run(as_role, plan(("create table public.a ()",)))
        assert outcome.record is None
        assert outcome.notes[0].startswith("no history was written: permission denied")
        assert tables(live) == {"a"}
    finally:
        live.execute(f"drop owned by {role}".encode())
        live.execute(f"drop role {role}".encode())


def test_interrupt(target: Target, live: Connection) -> None:
    timer = threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(Interrupted) as caught:
        run(target, plan(("create table public.a ()",), ("create table public.b ()", "select pg_sleep(20)")))
    assert time.monotonic() - began < 5
    assert caught.value.message == (
        "interrupted. Step 1 was applied, steps 2 to 3 were not. The transaction was rolled back."
    )
    assert caught.value.exit_code == 130
    assert tables(live) == {"a"}
    assert [record.outcome for record in history.records(live)] == ["partial"]


def test_connection_lost_in_a_step(target: Target, live: Connection) -> None:
    with pytest.raises(ApplyFailed) as caught:
        run(target, plan(("create table public.a ()", "select pg_terminate_backend(pg_backend_pid())")))
    assert "connection to live was lost" in caught.value.message
    assert tables(live) == set()
    assert [record.outcome for record in history.records(live)] == ["failed"]


class _Cut:
    """Cuts the connection's socket as soon as COMMIT is sent (`after`), or in place of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, after: bool):
        real = psycopg.Connection.execute

        def execute(connection: Connection, query: Any, *more: Any, **options: Any) -> Any:
            if query == "commit":
                if after:
                    connection.pgconn.send_query(b"commit")
                    connection.pgconn.flush()
                    time.sleep(0.3)
                with socket.socket(fileno=os.dup(connection.pgconn.socket)) as wire:
                    wire.shutdown(socket.SHUT_RDWR)
                raise psycopg.OperationalError("the connection is lost")
            return real(connection, query, *more, **options)

        monkeypatch.setattr(psycopg.Connection, "execute", execute)


def test_lost_at_commit_but_committed(target: Target, live: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    what, told = plan(("create table public.a ()",)), Told()
    _Cut(monkeypatch, after=True)
    outcome = run(target, what, observer=told)
    assert outcome.steps == 1
    assert told.said == ["the connection was lost at COMMIT; the server says that it was committed"]
    assert tables(live) == {"a"}
    assert [record.outcome for record in history.records(live)] == ["applied"]


def test_lost_before_commit(target: Target, live: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    _Cut(monkeypatch, after=False)
    with pytest.raises(ApplyFailed) as caught:
        run(target, plan(("create table public.a ()",)))
    assert "it was rolled back" in caught.value.message
    assert tables(live) == set()


def test_what_reads_like_an_escape_of_json_is_kept_as_it_is(target: Target, live: Connection) -> None:
    sql = r"create table public.t (name text check (name !~ '[\u0000-\u001F\\]'))"
    run(target, plan((sql,)))
    assert live.execute("select steps->0->>'sql' from dbsync.history").fetchone() == (sql,)

"""Applies a plan to live: checks, lock, gate, batches, history, and one more look at the result."""

import contextlib
import time

import psycopg

from dbsync.apply import failure, history
from dbsync.apply.batches import run_batch
from dbsync.apply.lock import only_one
from dbsync.apply.preflight import Connect, check, check_locks, prepare
from dbsync.apply.session import Checks, Limits, Session
from dbsync.apply.transaction import InDoubtError
from dbsync.errors import ApplyFailed, DbsyncError, Stale
from dbsync.model.objects import Id
from dbsync.model.outcome import Observer, Outcome, Seeded
from dbsync.model.plan import Plan

# How long a server may take to come back before its history stays without the end of an apply, in seconds.
_RESTART = 5.0


def apply_plan(
    connect: Connect,
    plan: Plan,
    *,
    checks: Checks,
    limits: Limits | None = None,
    observer: Observer | None = None,
) -> Outcome:
    """Make live what the plan says."""
    limits, observer = limits or Limits(), observer or Observer()
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        session = Session(connect=connect, connection=connect(), observer=observer, limits=limits, plan=plan)
        # What is open at the end is closed: a lost connection is replaced in between.
        stack.callback(lambda: session.connection.close())
        try:
            check(session.connection)
            prepare(session.connection, lock_timeout=limits.lock_timeout, statement_timeout=limits.statement_timeout)
            stack.enter_context(only_one(session.connection, observer, patience=limits.other_apply))
            record, notes = (None, ()) if plan.empty else _change(session, checks)
        except psycopg.Error as error:
            raise failure.step_failed(session, error) from None
        except KeyboardInterrupt:
            raise failure.interrupted(session) from None
    return Outcome(
        steps=len(plan.steps),
        transactions=len(plan.batches),
        goal=plan.goal,
        seconds=time.monotonic() - started,
        record=record,
        seeded=Seeded.of(plan.rows) if plan.rows else None,
        notes=notes,
    )


def _change(session: Session, checks: Checks) -> tuple[int | None, tuple[str, ...]]:
    """Run the batches between two looks at live; the history record's number, and what to tell."""
    session.observer.progress("reading live")
    if checks.fingerprint(session.connection) != session.plan.current_fingerprint:
        raise Stale(
            "the database changed after the plan was made; nothing was applied",
            hint="plan again: dbsync plan, then dbsync apply",
        )
    check_locks(session.connection, session.plan.locks)
    record, notes = _begin(session)
    try:
        _batches(session, record)
        session.observer.progress(f"seeing whether live is {session.plan.goal}")
        if left := _remaining(session, checks):
            raise failure.left_over(left, session.plan.goal)
    except DbsyncError as error:
        _record_failure(session, record, error)
        raise
    return record, notes


def _remaining(session: Session, checks: Checks) -> tuple[Id, ...]:
    try:
        return checks.remaining(session.connection, session.plan)
    except psycopg.Error as error:
        raise failure.not_compared(error) from None


def _begin(session: Session) -> tuple[int | None, tuple[str, ...]]:
    try:
        return history.begin(session.connection, session.plan), ()
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException) as error:
        # The role may not, or an event trigger of the live database will not have it.
        return None, (history.not_allowed(error),)


def _batches(session: Session, record: int | None) -> None:
    last = session.plan.batches[-1]
    for batch in session.plan.batches:

        def before_commit(final: bool = batch is last) -> None:
            if final:
                history.end(session.connection, record, "applied")

        try:
            run_batch(session, batch, before_commit)
        except InDoubtError as doubt:
            _resolve(session, doubt)
        except psycopg.Error as error:
            raise failure.step_failed(session, error) from None
        except KeyboardInterrupt:
            raise failure.interrupted(session) from None
    if not last.transactional:
        history.end(session.connection, record, "applied")


def _resolve(session: Session, doubt: InDoubtError) -> None:
    """Go on after a COMMIT that was not answered only where it was the last one, and done."""
    if doubt.committed:
        session.committed += 1
    if not doubt.committed or doubt.interrupted or session.batch is not None:
        raise failure.in_doubt(session, doubt) from None
    session.observer.say("the connection was lost at COMMIT; the server says that it was committed")
    session.connection.close()
    session.connection = session.connect()
    limits = session.limits
    prepare(session.connection, lock_timeout=limits.lock_timeout, statement_timeout=limits.statement_timeout)


def _record_failure(session: Session, record: int | None, error: DbsyncError) -> None:
    """Keep in the history how it failed: where the connection is gone on another one, once the server is back."""
    outcome = "partial" if session.committed else "failed"
    text = failure.in_history(error)
    with contextlib.suppress(psycopg.Error, ApplyFailed):
        history.end(session.connection, record, outcome, text)
        return
    session.observer.progress("waiting for the server, to keep in the history how this ended")
    end = time.monotonic() + min(session.limits.reconnect, _RESTART)
    while record is not None:
        with contextlib.suppress(psycopg.Error, DbsyncError), contextlib.closing(session.connect()) as other:
            history.end(other, record, outcome, text)
            return
        if time.monotonic() > end:
            return
        time.sleep(0.3)

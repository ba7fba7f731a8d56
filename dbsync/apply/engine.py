"""Applies a plan to the live database: checks, lock, gate, batches, history, and one more look at the result."""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import psycopg

from dbsync.apply import failure, history, lock
from dbsync.apply.batches import run_batch
from dbsync.apply.preflight import Connect, check, check_locks, prepare
from dbsync.apply.resume import lost, resume
from dbsync.apply.session import Checks, Limits, Session
from dbsync.apply.transaction import InDoubtError
from dbsync.errors import DbsyncError, Stale
from dbsync.model.outcome import End, Observer, Outcome, Seeded
from dbsync.model.plan import Batch, Plan

T = TypeVar("T")

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
    """Make the live database what the plan says."""
    limits, observer = limits or Limits(), observer or Observer()
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        session = _open(connect, plan, checks, limits, observer)
        # What is open at the end is closed: a lost connection is replaced in between.
        stack.callback(lambda: session.connection.close())
        try:
            lock.acquire(session.connection, observer, patience=limits.other_apply)
            stack.callback(lambda: lock.release(session.connection))
            notes = () if plan.empty else _change(session)
        except psycopg.Error as error:
            raise failure.step_failed(session, error) from None
        except KeyboardInterrupt as interrupt:
            raise failure.interrupted(session, interrupt) from None
    return Outcome(
        steps=len(plan.steps),
        transactions=len(plan.batches),
        goal=plan.goal,
        seconds=time.monotonic() - started,
        record=session.record.id if session.record else None,
        seeded=Seeded.of(plan.rows) if plan.rows else None,
        notes=notes,
    )


def _open(connect: Connect, plan: Plan, checks: Checks, limits: Limits, observer: Observer) -> Session:
    connection = connect()
    try:
        check(connection)
        backend = prepare(connection, lock_timeout=limits.lock_timeout, statement_timeout=limits.statement_timeout)
    except psycopg.Error as error:
        connection.close()
        raise failure.not_begun(error) from None
    except BaseException:
        connection.close()
        raise
    return Session(
        connect=connect,
        connection=connection,
        backend=backend,
        observer=observer,
        limits=limits,
        checks=checks,
        plan=plan,
    )


def _change(session: Session) -> tuple[str, ...]:
    """Run the batches between two looks at the live database; what to tell."""
    session.observer.progress("reading live")
    session.checks.settle(session.connection)
    if session.checks.fingerprint(session.connection) != session.plan.current_fingerprint:
        raise Stale(
            "the database changed after the plan was made; nothing was applied",
            hint="plan again: dbsync plan, then dbsync apply",
        )
    check_locks(session.connection, session.plan.locks)
    _begin(session)
    with _recorded(session):
        _batches(session)
        found = _end(session)
    if found.left:
        error = failure.left_over(found.left, session.plan.goal)
        _record(session, "partial", error)
        raise error
    return (*session.notes, *_meanwhile(found))


def _meanwhile(found: End) -> Iterator[str]:
    if found.meanwhile:
        yield (
            f"while the plan ran, somebody else changed what it is not about: {', '.join(found.meanwhile)};"
            " dbsync plan shows whether that is to stay"
        )


def _begin(session: Session) -> None:
    try:
        session.record = history.begin(session.connection, session.plan)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException) as error:
        # The role may not, or an event trigger of the live database will not have it.
        session.notes.append(history.not_allowed(error))


@contextlib.contextmanager
def _recorded(session: Session) -> Iterator[None]:
    """What fails inside is said in the history, too."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        error: DbsyncError = failure.interrupted(session, interrupt)
    except DbsyncError as raised:
        error = raised
    else:
        return
    done = session.batch is None
    _record(session, "applied" if done else "partial" if session.committed or session.left else "failed", error)
    raise error


def _batches(session: Session) -> None:
    last = session.plan.batches[-1]
    for batch in session.plan.batches:
        try:
            run_batch(session, batch, functools.partial(_reach, session, batch, last=batch is last))
        except InDoubtError as doubt:
            _resolve(session, doubt)
        except psycopg.Error as error:
            raise failure.step_failed(session, error) from None
        if batch.transactional:
            session.written = session.steps_applied
        else:
            _reached(session, last=batch is last)


def _reach(session: Session, batch: Batch | None, *, last: bool) -> None:
    """Write how far the apply has come, with the steps of a batch that is about to be committed, if there is one."""
    steps = session.steps_applied + (len(batch.steps) if batch else 0)
    history.reach(session.connection, session.record, steps)
    if last:
        history.end(session.connection, session.record, "applied")


def _reached(session: Session, *, last: bool) -> None:
    """Write that a step outside of any transaction is done: that it is matters more than that it is written."""
    try:
        _surely(session, lambda: _reach(session, None, last=last))
    except psycopg.Error as error:
        if lost(session, error):
            raise failure.cut_off(session, error) from None
        session.notes.append(history.not_written(error))
    except DbsyncError as error:
        raise failure.cut_off(session, error) from None
    else:
        session.written = session.steps_applied


def _surely(session: Session, act: Callable[[], T]) -> T:
    """Do something that can be done twice; on another connection where this one is lost."""
    try:
        return act()
    except psycopg.Error as error:
        if not lost(session, error):
            raise
    session.observer.say("the connection to live was lost; connecting again")
    resume(session)
    return act()


def _resolve(session: Session, doubt: InDoubtError) -> None:
    """Go on after a COMMIT that was not answered, if it was done."""
    if doubt.committed:
        session.committed += 1
        session.written = session.steps_applied
    if not doubt.committed or doubt.interrupted:
        raise failure.in_doubt(session, doubt) from None
    session.observer.say("the connection was lost at COMMIT; the server says that it was committed")
    try:
        resume(session)
    except (psycopg.Error, DbsyncError) as error:
        raise failure.cut_off(session, error) from None


def _end(session: Session) -> End:
    session.observer.progress(f"seeing whether live is {session.plan.goal}")
    try:
        return _surely(session, lambda: session.checks.end(session.connection, session.plan))
    except (psycopg.Error, DbsyncError) as error:
        raise failure.not_compared(session, error) from None


def _record(session: Session, outcome: str, error: DbsyncError) -> None:
    """Keep in the history how it failed: where the connection is gone on another one, once the server is back."""
    text = failure.in_history(error)
    with contextlib.suppress(psycopg.Error):
        history.end(session.connection, session.record, outcome, text)
        return
    session.observer.progress("waiting for the server, to keep in the history how this ended")
    end = time.monotonic() + min(session.limits.reconnect, _RESTART)
    while session.record is not None:
        with contextlib.suppress(psycopg.Error, DbsyncError), contextlib.closing(session.connect()) as other:
            history.end(other, session.record, outcome, text)
            return
        if time.monotonic() > end:
            return
        time.sleep(0.3)

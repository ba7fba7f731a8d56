"""Runs one batch: its steps in a transaction, or its only step outside of any."""

import contextlib
from collections.abc import Callable

import psycopg

from dbsync.apply.preflight import milliseconds
from dbsync.apply.remains import Remains, look
from dbsync.apply.resume import lost, resume
from dbsync.apply.session import Session
from dbsync.apply.transaction import transaction
from dbsync.apply.watch import Watch
from dbsync.errors import Bug, DbsyncError
from dbsync.model.plan import Batch

_REMOVAL = 5.0
"""Seconds that the removal of what a statement left behind may wait for others."""


def run_batch(session: Session, batch: Batch, before_commit: Callable[[], None]) -> None:
    """Run the session's next batch; what `before_commit` does is a part of its transaction, if it has one."""
    if batch.transactional:
        transaction(session, lambda: _steps(session, batch, before_commit))
        session.committed += 1
    else:
        _alone(session, batch)


def _steps(session: Session, batch: Batch, before_commit: Callable[[], None]) -> None:
    total, first = len(session.plan.steps), session.steps_applied
    for number, one in enumerate(batch.steps, first + 1):
        if "\0" in one.step.sql:
            raise Bug(f"step {number} holds a NUL character")
        session.number = number
        session.observer.step(number, total, one.step)
        session.connection.execute(one.step.sql.encode())
    before_commit()


def _alone(session: Session, batch: Batch) -> None:
    """Run a step, and, where it does not end, see what became of it: it may be done, or have left something behind."""
    text = batch.steps[0].step.sql
    before = Remains.of(session.connection, text)
    watch = Watch(session)
    try:
        _lock_timeout(session, session.limits.build_patience)
        with watch:
            _steps(session, batch, lambda: None)
    except (psycopg.Error, KeyboardInterrupt) as error:
        if watch.blockers:
            error.add_note("It waited for " + "; ".join(watch.blockers))
        done = _became(session, text, before, error)
        session.committed += done
        if not done or isinstance(error, KeyboardInterrupt):
            raise
        session.observer.say(f"the connection was lost in step {session.number}; the database shows that it was done")
        return
    session.committed += 1
    # One that is lost is replaced when it is needed next.
    with contextlib.suppress(psycopg.Error):
        _lock_timeout(session, session.limits.lock_timeout)


def _became(session: Session, text: str, before: Remains, error: BaseException) -> bool:
    """Whether a statement that did not end took effect; what it left behind is removed, or added to the error."""
    unanswered = isinstance(error, KeyboardInterrupt)
    try:
        if isinstance(error, psycopg.Error) and lost(session, error):
            unanswered = True
            resume(session)
        session.observer.progress("seeing what the step left behind")
        found = look(session.connection, text, before, patience=_REMOVAL)
    except (psycopg.Error, DbsyncError, KeyboardInterrupt) as why:
        session.left = True
        words = f": {why}" if str(why) else ""
        error.add_note(f"What the step left behind could not be looked at{words}; dbsync check shows it")
        return False
    if unanswered and found.effect:
        return True
    session.left = not found.clean or (unanswered and found.effect is None)
    if unanswered and found.effect is None:
        error.add_note(f"It is not known whether step {session.number} took effect; dbsync plan shows it")
    for sentence in found.said:
        error.add_note(sentence[0].upper() + sentence[1:])
    return False


def _lock_timeout(session: Session, seconds: float) -> None:
    session.connection.execute("select set_config('lock_timeout', %s, false)", [milliseconds(seconds)])

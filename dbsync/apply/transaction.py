"""One transaction on live: tried again where a lock was not to be had, and never in doubt about its COMMIT."""

import contextlib
import random
import time
from collections.abc import Callable

import psycopg

from dbsync.apply.session import Session
from dbsync.apply.watch import Watch
from dbsync.errors import DbsyncError
from dbsync.pg.failures import Failure

_AGAIN = {
    "55P03": "a lock was not to be had within {timeout:g} s",
    "40P01": "a deadlock was resolved against this transaction",
    "40001": "the transaction could not be serialized",
}


class InDoubtError(Exception):
    """COMMIT was not answered; `committed` tells what became of it, None where the server cannot be asked."""

    def __init__(self, committed: bool | None, interrupted: bool):
        super().__init__()
        self.committed = committed
        self.interrupted = interrupted


def transaction(session: Session, body: Callable[[], None]) -> None:
    """Run `body` and commit; psycopg.Error if it fails, InDoubtError if the end was not answered."""
    for attempt in range(1, session.limits.attempts + 1):
        watch = Watch(session.connect, session.connection.info.backend_pid, session.observer)
        try:
            with watch:
                _once(session, body)
        except psycopg.Error as error:
            if error.sqlstate not in _AGAIN or attempt == session.limits.attempts:
                if watch.blockers:
                    error.add_note("It waited for " + "; ".join(watch.blockers))
                raise
            _pause(session, error, attempt, watch.blockers)
        else:
            return


def _pause(session: Session, error: psycopg.Error, attempt: int, blockers: tuple[str, ...]) -> None:
    limits = session.limits
    seconds = min(limits.first_pause * 2 ** (attempt - 1), limits.longest_pause) * random.uniform(0.7, 1.3)
    reason = _AGAIN[error.sqlstate or ""].format(timeout=limits.lock_timeout)
    held = f", held by {'; '.join(blockers)}" if blockers else ""
    session.observer.say(
        f"step {session.number}: {reason}{held}; rolled back, trying again in {seconds:.1f} s"
        f" (attempt {attempt + 1} of {limits.attempts})"
    )
    time.sleep(seconds)


def _once(session: Session, body: Callable[[], None]) -> None:
    connection = session.connection
    connection.execute("begin")
    try:
        body()
        row = connection.execute("select pg_current_xact_id()::text").fetchone()
        assert row is not None
    except BaseException:
        with contextlib.suppress(psycopg.Error):
            connection.rollback()
        raise
    try:
        connection.execute("commit")
    except KeyboardInterrupt:
        raise InDoubtError(_committed(session, row[0]), interrupted=True) from None
    except psycopg.Error as error:
        if not Failure.of(error).lost and not connection.broken:
            raise
        raise InDoubtError(_committed(session, row[0]), interrupted=False) from error


def _committed(session: Session, transaction_id: str) -> bool | None:
    """Ask the server on another connection, and again while it restarts or still works on it."""
    end = time.monotonic() + session.limits.reconnect
    session.observer.progress("asking the server whether the transaction was committed")
    while time.monotonic() < end:
        with contextlib.suppress(psycopg.Error, DbsyncError), contextlib.closing(session.connect()) as other:
            row = other.execute("select pg_xact_status(%s::text::xid8)", [transaction_id]).fetchone()
            if row and row[0] in ("committed", "aborted"):
                return bool(row[0] == "committed")
        time.sleep(0.3)
    return None

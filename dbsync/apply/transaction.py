"""One transaction on the live database: tried again where a lock was not to be had, and never in doubt about its
COMMIT."""

import contextlib
import random
import time
from collections.abc import Callable

import psycopg

from dbsync.apply.resume import lost
from dbsync.apply.session import Session
from dbsync.apply.watch import Watch
from dbsync.errors import DbsyncError

_AGAIN = {
    "55P03": "a lock was not to be had within {timeout:g} s",
    "40P01": "a deadlock was resolved against this transaction",
    "40001": "the transaction could not be serialized",
}
_TOO_LONG = "it waited for locks for more than {budget:g} s in sum, while others may have waited for those it held"
_CANCELLED = "57014"


class InDoubtError(Exception):
    """COMMIT was not answered; `committed` tells what became of it, None where the server cannot be asked."""

    def __init__(self, committed: bool | None, interrupted: KeyboardInterrupt | None):
        super().__init__()
        self.committed = committed
        self.interrupted = interrupted


def transaction(session: Session, body: Callable[[], None]) -> None:
    """Run `body` and commit; psycopg.Error if it fails, InDoubtError if the end was not answered."""
    limits, began, attempt = session.limits, time.monotonic(), 0
    while True:
        attempt += 1
        watch = Watch(session, budget=limits.lock_budget)
        try:
            with watch:
                _once(session, body)
        except psycopg.Error as error:
            why = _reason(session, error, watch)
            took = time.monotonic() - began
            if why is not None and attempt < limits.attempts and took < limits.patience:
                _pause(session, why, attempt, watch.blockers)
                continue
            failed = psycopg.errors.QueryCanceled(why) if watch.exceeded and why else error
            if watch.blockers:
                failed.add_note("It waited for " + "; ".join(watch.blockers))
            if why:
                failed.add_note(f"It was tried {'once' if attempt == 1 else f'{attempt} times'}, for {took:.0f} s")
            raise failed from None
        else:
            return


def _reason(session: Session, error: psycopg.Error, watch: Watch) -> str | None:
    """Why it may help to try again; None where it would not."""
    limits = session.limits
    if watch.exceeded and error.sqlstate == _CANCELLED:
        return _TOO_LONG.format(budget=limits.lock_budget)
    text = _AGAIN.get(error.sqlstate or "")
    return text and text.format(timeout=limits.lock_timeout)


def _pause(session: Session, why: str, attempt: int, blockers: tuple[str, ...]) -> None:
    """Let those have their turn who wait behind us: each time for longer, and never as long as another apply."""
    limits = session.limits
    seconds = min(limits.first_pause * 2 ** (attempt - 1), limits.longest_pause) * random.uniform(0.7, 1.3)
    held = f", held by {'; '.join(blockers)}" if blockers else ""
    session.observer.say(
        f"step {session.number}: {why}{held}; rolled back, trying again in {seconds:.1f} s"
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
    except KeyboardInterrupt as interrupt:
        raise InDoubtError(_committed(session, row[0]), interrupt) from None
    except psycopg.Error as error:
        if not lost(session, error):
            raise
        raise InDoubtError(_committed(session, row[0]), None) from error


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

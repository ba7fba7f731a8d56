"""Ends what sessions run when their time is up, whatever their statements do against it.

`statement_timeout` is no limit for a file that may SET it. The time is kept here, by the client: a statement whose time
is up is cancelled; where it goes on, since a function may catch that, its session is terminated, which none can catch
(PostgreSQL's manual, 9.28.2); and where the server does not even do that, the connection is cut.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg import rows
from psycopg.abc import PQGen

from dbsync.errors import TimeIsUp

T = TypeVar("T")

_GRACE = 3.0
"""Seconds that a statement has to end once it was told to."""
_RUNS = "select application_name, query from pg_catalog.pg_stat_activity where pid = %s"
_TERMINATE = "select pg_catalog.pg_terminate_backend(%s)"


class TimeLimit:
    """How many seconds sessions have for their statements.

    `another` opens a session of a role that may terminate theirs. One thread keeps the time of all, until `close`.
    """

    def __init__(self, seconds: float, another: "Callable[[], psycopg.Connection[Any]]"):
        self.seconds = seconds
        self._another = another
        self._due: dict[Limited, float] = {}
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def begin(self, session: "Limited", seconds: float) -> None:
        """The session waits for the server, and may do so for this long."""
        self._due[session] = time.monotonic() + seconds
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._watch, name="dbsync-time-limit", daemon=True)
                    self._thread.start()

    def end(self, session: "Limited") -> None:
        """The server has answered the session."""
        self._due.pop(session, None)

    def close(self) -> None:
        """Keep no time any more."""
        self._closed.set()
        if self._thread:
            self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(min(0.25, self.seconds / 10)):
            now = time.monotonic()
            for session, due in list(self._due.items()):
                if due < now:
                    self._stop(session)

    def _stop(self, session: "Limited") -> None:
        process = session.info.backend_pid
        with contextlib.ExitStack() as stack:
            other = None
            with contextlib.suppress(Exception):
                other = stack.enter_context(contextlib.closing(self._another()))
                session.running = other.cursor(row_factory=rows.tuple_row).execute(_RUNS, [process]).fetchone()
            session.over = True
            with contextlib.suppress(psycopg.Error):
                session.cancel_safe(timeout=_GRACE)
            if self._ends(session):
                return
            with contextlib.suppress(psycopg.Error):
                if other is not None:
                    other.execute(_TERMINATE, [process])
            if not self._ends(session):
                _cut(session)
                self._ends(session)

    def _ends(self, session: "Limited") -> bool:
        deadline = time.monotonic() + _GRACE
        while session in self._due and time.monotonic() < deadline and not self._closed.is_set():
            time.sleep(0.01)
        return session not in self._due


class Limited(psycopg.Connection[Any]):
    """A session whose statements have so much time in all, or (`each`) one by one. TimeIsUp if one takes more."""

    limit: TimeLimit | None = None
    each = False
    over = False
    """Whether its time is up."""
    running: tuple[str, str] | None = None
    """Its application_name and the text that it ran when its time was up."""
    _spent = 0.0

    def wait(self, gen: PQGen[T], *arguments: Any, **more: Any) -> T:
        """Wait for the server, as long as that may take."""
        limit = self.limit
        if limit is None or (self.over and not self.closed):
            # What is left to be done once the time is up, such as ROLLBACK, runs no code of anybody's.
            return super().wait(gen, *arguments, **more)
        if self.over:
            raise self._time_is_up(limit)
        began = time.monotonic()
        limit.begin(self, limit.seconds if self.each else limit.seconds - self._spent)
        try:
            result = super().wait(gen, *arguments, **more)
        except psycopg.Error as error:
            if self.over:
                raise self._time_is_up(limit) from error
            raise
        finally:
            limit.end(self)
            self._spent += time.monotonic() - began
        if self.over:
            raise self._time_is_up(limit)
        return result

    def _time_is_up(self, limit: TimeLimit) -> TimeIsUp:
        mark, text = self.running or ("", "")
        return TimeIsUp(limit.seconds, text, mark)


def _cut(session: Limited) -> None:
    """Make the client see the end of the connection; it closes what it has of it itself."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(session.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)

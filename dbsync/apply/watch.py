"""Sees from a second connection who keeps a statement waiting for a lock."""

import contextlib
import threading
from types import TracebackType
from typing import Any

import psycopg

from dbsync.apply.preflight import Connect
from dbsync.errors import DbsyncError
from dbsync.load.secrets import masked
from dbsync.model.outcome import Observer

_BLOCKERS = """
    select a.pid, a.usename, a.application_name, a.state, date_trunc('second', now() - a.xact_start)::text,
           left(a.query, 80)
    from unnest(pg_catalog.pg_blocking_pids(%s)) as b (pid) join pg_catalog.pg_stat_activity a using (pid)
    order by a.xact_start
"""


class Watch:
    """While it is entered, looks twice a second. `blockers` says in words who was in the way last, and is empty where
    nobody was, or where no second connection could be had."""

    def __init__(self, connect: Connect, pid: int, observer: Observer):
        self.blockers: tuple[str, ...] = ()
        self._connect = connect
        self._pid = pid
        self._observer = observer
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dbsync-watch", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        # Short statements end before a connection is worth its while.
        if self._over.wait(0.4):
            return
        with contextlib.suppress(psycopg.Error, DbsyncError), self._connect() as connection:
            while True:
                rows = connection.execute(_BLOCKERS, [self._pid]).fetchall()
                if rows:
                    self.blockers = tuple(_words(*row) for row in rows)
                    self._observer.progress(f"waiting for {self.blockers[0]}")
                if self._over.wait(0.5):
                    return


def _words(pid: int, user: Any, application: Any, state: Any, age: Any, query: Any) -> str:
    words = f"process {pid}"
    words += f" of role {user}" if user else ""
    words += f" ({application})" if application else ""
    words += f", {state}" if state else ""
    words += f", in a transaction for {age}" if age else ""
    words += f": {' '.join(masked(query).split())}" if query else ""
    return words

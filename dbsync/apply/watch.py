"""Sees from a second connection what a step waits for, and for how long a transaction has kept others waiting."""

import contextlib
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import psycopg

from dbsync.apply.preflight import Connection
from dbsync.apply.session import Session
from dbsync.errors import DbsyncError

_EVERY = 0.2
"""Seconds between two looks."""

# Who blocks a process is asked only of one that waits for a lock: the answer stops the lock table for a moment.
_BLOCKERS = """
    select a.pid, a.usename, a.application_name, a.state, a.xact_start::timestamptz(0)::text
    from pg_catalog.pg_stat_get_activity(%s) as own cross join lateral
        unnest(case when own.wait_event_type = 'Lock' then pg_catalog.pg_blocking_pids(own.pid) end) as b (pid)
    join pg_catalog.pg_stat_activity a on a.pid = b.pid
    order by a.xact_start
"""
# What the transaction has made itself is not there for anybody else, nor for this look.
_HOLDS = """
    select exists (
        select from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation
        where l.pid = %s and l.granted and c.relkind in ('r', 'p', 'm', 'i', 'I', 'S', 'v', 'f')
          and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    )
"""
# PostgreSQL's manual, 27.4.4 (CREATE INDEX progress reporting), says what the columns mean.
_BUILD = """
    select p.index_relid::regclass::text, p.phase, p.lockers_done, p.lockers_total, p.blocks_done, p.blocks_total,
           p.tuples_done, p.tuples_total
    from pg_catalog.pg_stat_progress_create_index p where p.pid = %s
"""


class Watch:
    """While it is entered, looks several times a second, where a second connection can be had.

    `blockers` says in words who was in the way last. `waited` is for how many seconds the transaction has waited for
    locks while it held others that keep readers or writers of a table waiting. Once that is more than `budget`, the
    statement is cancelled, and `exceeded` is true.
    """

    def __init__(self, session: Session, *, budget: float | None = None):
        """Of the session's process; without a budget it may wait for any time."""
        self.blockers: tuple[str, ...] = ()
        self.waited = 0.0
        self.exceeded = False
        self._budget = budget
        self._connect = session.connect
        self._pid = session.backend.pid
        self._session = session
        self._said = ""
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
        if self._over.wait(2 * _EVERY):
            return
        with contextlib.suppress(psycopg.Error, DbsyncError), self._connect() as connection:
            before = time.monotonic()
            while not self._over.is_set() and not self.exceeded:
                blocked = self._look(connection)
                now = time.monotonic()
                if blocked and self._holds(connection):
                    self.waited += now - before
                    self._bound(connection)
                before = now
                self._over.wait(_EVERY)

    def _look(self, connection: Connection) -> bool:
        """See who is in the way; whether there is anybody."""
        rows = connection.execute(_BLOCKERS, [self._pid]).fetchall()
        if rows:
            self.blockers = tuple(_words(*row) for row in rows)
            doing = f", waiting for a lock held by {'; '.join(self.blockers)}"
        else:
            doing = next(_building(connection, self._pid), "")
        if (now := f"step {self._session.number} of {len(self._session.plan.steps)}{doing}") != self._said:
            self._said = now
            self._session.observer.progress(now)
        return bool(rows)

    def _holds(self, connection: Connection) -> bool:
        return self._budget is not None and connection.execute(_HOLDS, [self._pid]).fetchone() == (True,)

    def _bound(self, connection: Connection) -> None:
        if self._budget is not None and self.waited > self._budget and not self._over.is_set():
            self.exceeded = True
            connection.execute("select pg_catalog.pg_cancel_backend(%s)", [self._pid])


def _words(pid: int, user: Any, application: Any, state: Any, since: Any) -> str:
    """Who it is. What it runs may hold what is nobody else's business."""
    words = f"process {pid}"
    words += f" of role {user}" if user else ""
    words += f" ({application})" if application else ""
    words += f", {state}" if state else ""
    words += f", in a transaction since {since}" if since else ""
    return words


def _building(connection: Connection, pid: int) -> Iterator[str]:
    """How far an index is, in words."""
    for index, phase, lockers, all_lockers, blocks, all_blocks, tuples, all_tuples in connection.execute(_BUILD, [pid]):
        words = f", index {index}: {phase}" if index and index != "-" else f", index: {phase}"
        if phase.startswith("waiting") and all_lockers:
            words += f" ({lockers:,} of {all_lockers:,} transactions have ended)"
        elif all_blocks:
            words += f", {100 * blocks // all_blocks} % of the table's blocks"
        elif all_tuples:
            words += f", {100 * tuples // all_tuples} % of the rows"
        yield words

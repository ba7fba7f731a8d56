"""The session that changes live: what it must be able to do, and the settings it runs under."""

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import psycopg

from dbsync.errors import ApplyFailed, Refused
from dbsync.pg.connect import pin
from dbsync.pg.server import lock_capacity
from dbsync.pg.settings import RUNNING

Connection = psycopg.Connection[Any]
Connect = Callable[[], Connection]
"""Opens another connection to live, in autocommit."""


@dataclasses.dataclass(frozen=True)
class Backend:
    """A server process. Its number alone may be that of a later one; behind a pooler the client is told another."""

    pid: int
    started: dt.datetime


_BACKEND = "select pid, backend_start from pg_catalog.pg_stat_activity where pid = pg_catalog.pg_backend_pid()"
_STATE = "select pg_is_in_recovery(), current_setting('transaction_read_only')::bool"


def check(connection: Connection) -> None:
    """Refuse a server that cannot be changed."""
    row = connection.execute(_STATE).fetchone()
    assert row is not None
    standby, read_only = row
    if standby:
        raise ApplyFailed(
            "the database is on a standby, which cannot be changed; nothing was applied",
            hint="name the primary; in a URL with several hosts, target_session_attrs=read-write picks it",
        )
    if read_only:
        raise ApplyFailed(
            "the session is read-only; nothing was applied",
            hint="look at default_transaction_read_only of the role and of the database",
        )


def check_locks(connection: Connection, locks: int) -> None:
    """Refuse a plan of which one transaction holds more locks than the server has room for."""
    row = connection.execute(f"select {lock_capacity(connection.info.server_version)}".encode()).fetchone()
    assert row is not None
    if locks > row[0]:
        raise Refused(
            f"one transaction of this plan holds {locks:,} locks, and the server's lock table has room for {row[0]:,};"
            " nothing was applied",
            hint="raise max_locks_per_transaction on the server (it needs a restart), or bring the change in parts",
        )


def writable(connection: Connection) -> bool:
    """Whether the server can be changed through this connection."""
    return connection.execute(_STATE).fetchone() == (False, False)


def prepare(connection: Connection, *, lock_timeout: float, statement_timeout: float) -> Backend:
    """Set what the steps of an apply run under; the server's process."""
    pin(
        connection,
        {
            **RUNNING,
            "lock_timeout": milliseconds(lock_timeout),
            "statement_timeout": milliseconds(statement_timeout),
            "idle_in_transaction_session_timeout": "60s",
        },
    )
    # A client that was killed leaves its statement and locks behind until the server looks, where its platform can.
    with contextlib.suppress(psycopg.errors.InvalidParameterValue):
        pin(connection, {"client_connection_check_interval": "500ms"})
    row = connection.execute(_BACKEND).fetchone()
    assert row is not None
    return Backend(*row)


def milliseconds(seconds: float) -> str:
    """A time as PostgreSQL's settings take it; what is above nothing stays above it."""
    return f"{max(round(seconds * 1000), 1 if seconds > 0 else 0)}ms"

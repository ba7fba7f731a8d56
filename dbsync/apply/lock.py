"""The advisory lock that lets one apply at a time run on a database."""

import contextlib
import time
from collections.abc import Callable

import psycopg

from dbsync.apply.preflight import Connection
from dbsync.errors import Refused
from dbsync.model.outcome import Observer

KEY = int.from_bytes(b"dbsync\0\1")
"""Any number will do, as long as every version of dbsync takes the same."""

_HOLDER = """
    select l.pid, a.usename, a.application_name, a.client_addr::text, a.backend_start::timestamptz(0)::text
    from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a using (pid)
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
      and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
      and l.classid::bigint = %s >> 32 and l.objid::bigint = %s & 4294967295
"""


def acquire(connection: Connection, observer: Observer, *, patience: float) -> None:
    """Take the lock. It is asked for again and again: waiting in PostgreSQL would deadlock a concurrent index.

    Refused where another apply still holds it after `patience` seconds.
    """
    _until(lambda: try_once(connection), connection, observer, patience)


def wait_for_others(connection: Connection, observer: Observer, *, patience: float) -> None:
    """Return when no other apply runs; Refused as by `acquire`."""
    _until(lambda: holder(connection) is None, connection, observer, patience)


def release(connection: Connection) -> None:
    """Give the lock back. A session that is gone has done so."""
    with contextlib.suppress(psycopg.Error):
        connection.execute("select pg_advisory_unlock(%s)", [KEY])


def _until(free: Callable[[], bool], connection: Connection, observer: Observer, patience: float) -> None:
    end = time.monotonic() + patience
    told = False
    while not free():
        found = holder(connection) or "one that has just ended"
        if time.monotonic() >= end:
            raise Refused(
                f"another apply holds this database: {found}",
                detail="Nothing was applied.",
                hint="run dbsync apply again when it has ended",
            )
        if not told:
            observer.say(f"waiting for another apply to end: {found}")
            told = True
        observer.progress(f"waiting for another apply to end: {found}")
        time.sleep(0.5)


def try_once(connection: Connection) -> bool:
    """Take the lock if nobody else has it."""
    row = connection.execute("select pg_try_advisory_lock(%s)", [KEY]).fetchone()
    return bool(row and row[0])


def holder(connection: Connection) -> str | None:
    """Who applies now, in words; None where nobody does."""
    row = connection.execute(_HOLDER, [KEY, KEY]).fetchone()
    if row is None:
        return None
    pid, user, application, address, since = row
    words = [f"process {pid}"]
    words += [f"role {user}"] if user else []
    words += [f"application {application}"] if application else []
    words += [f"from {address}"] if address else []
    words += [f"connected since {since}"] if since else []
    return ", ".join(words)

"""Goes on after the connection was lost: another one, the lock, and a database that is as this apply left it."""

import contextlib
import time

import psycopg

from dbsync.apply import history, lock
from dbsync.apply.preflight import Backend, Connection, prepare, writable
from dbsync.apply.session import Session
from dbsync.errors import ApplyFailed, DbsyncError
from dbsync.pg.failures import Failure

_OLD = "from pg_catalog.pg_stat_activity where pid = %s and backend_start = %s and datname = current_database()"


def lost(session: Session, error: psycopg.Error) -> bool:
    """Whether the connection is gone."""
    return Failure.of(error).lost or session.connection.broken or session.connection.closed


def resume(session: Session) -> None:
    """Replace the connection. psycopg.Error or DbsyncError where there is none, or where it is not safe to go on.

    What the old connection's server process still does is ended: it holds the lock, and nobody reads its answer.
    """
    end = time.monotonic() + session.limits.reconnect
    session.observer.progress("connecting again")
    session.connection.close()
    session.connection = connection = _connected(session, end)
    old, limits = session.backend, session.limits
    session.backend = prepare(connection, lock_timeout=limits.lock_timeout, statement_timeout=limits.statement_timeout)
    _end(connection, old, end)
    lock.acquire(connection, session.observer, patience=limits.reconnect)
    session.checks.same(connection, session.plan)
    if not history.stands(connection, session.record, (session.written, session.steps_applied)):
        raise ApplyFailed("the history of the database says otherwise: another server, or another apply, was there")


def _connected(session: Session, end: float) -> Connection:
    """Another connection, as soon as the server takes one and can be changed."""
    while True:
        try:
            connection = session.connect()
            if writable(connection):
                return connection
            connection.close()
            raise ApplyFailed("the server that answers now cannot be changed")
        except (psycopg.Error, DbsyncError):
            if time.monotonic() >= end:
                raise
        time.sleep(0.3)


def _end(connection: Connection, old: Backend, end: float) -> None:
    """End the server process of the connection that was lost, if it is still there."""
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"select pg_catalog.pg_terminate_backend(pid) {_OLD}".encode(), [old.pid, old.started])
    while connection.execute(f"select {_OLD}".encode(), [old.pid, old.started]).fetchone() is not None:
        if time.monotonic() >= end:
            return
        time.sleep(0.05)

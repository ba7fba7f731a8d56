"""Runs one batch: its steps in a transaction, or its only step outside of any."""

import contextlib
from collections.abc import Callable

import psycopg

from dbsync.apply.preflight import Connection, milliseconds
from dbsync.apply.session import Session
from dbsync.apply.transaction import transaction
from dbsync.apply.watch import Watch
from dbsync.errors import Bug
from dbsync.model.plan import Batch

_INVALID = """
    select format('%I.%I', n.nspname, c.relname)
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where not i.indisvalid and c.relkind = 'i'
"""


def run_batch(session: Session, batch: Batch, before_commit: Callable[[], None]) -> None:
    """Run the session's next batch; what `before_commit` does is a part of its transaction, if it has one."""
    if batch.transactional:
        transaction(session, lambda: _steps(session, batch, before_commit))
    else:
        _alone(session, batch)
    session.committed += 1


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
    connection, limits = session.connection, session.limits
    before = _invalid_indexes(connection)
    _lock_timeout(connection, limits.patient_lock_timeout)
    watch = Watch(session.connect, connection.info.backend_pid, session.observer)
    try:
        with watch:
            _steps(session, batch, lambda: None)
    except psycopg.Error as error:
        if watch.blockers:
            error.add_note("It waited for " + "; ".join(watch.blockers))
        with contextlib.suppress(psycopg.Error):
            for index in sorted(_invalid_indexes(connection) - before):
                error.add_note(f"PostgreSQL left index {index} behind, which is not valid: the next plan deals with it")
        raise
    finally:
        with contextlib.suppress(psycopg.Error):
            _lock_timeout(connection, limits.lock_timeout)


def _invalid_indexes(connection: Connection) -> frozenset[str]:
    return frozenset(row[0] for row in connection.execute(_INVALID))


def _lock_timeout(connection: Connection, seconds: float) -> None:
    connection.execute("select set_config('lock_timeout', %s, false)", [milliseconds(seconds)])

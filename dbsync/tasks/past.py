"""The history as it is: what became of an apply that was cut off is seen from the live database.

Such a record stays open until an apply writes down what became of it; who only reads says it.
"""

import contextlib

import psycopg

from dbsync.apply import lock
from dbsync.apply.history import open_records, records, rights, settle
from dbsync.errors import DbsyncError
from dbsync.model.outcome import Record
from dbsync.pg.connect import connect
from dbsync.pg.target import Target

Connection = psycopg.Connection[object]


def known_records(connection: Connection) -> tuple[Record, ...]:
    """All records, the newest first; one whose apply was cut off has the outcome that the database shows."""
    found = records(connection)
    running = any(one.outcome == "running" for one in found)
    became = {one.id: one for one in (_cut_off(connection) if running else ())}
    return tuple(became.get(one.id, one) for one in found)


def settle_records(connection: Connection) -> None:
    """Write down what became of those applies that were cut off. The session holds the lock, so that none runs."""
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
        for one in _looked_at(connection):
            settle(connection, one)


def settle_if_free(connection: Connection) -> tuple[Record, ...]:
    """The same where nobody applies just now; what was found."""
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
        found = _cut_off(connection)
        if found and lock.try_once(connection):
            try:
                settle_records(connection)
            finally:
                lock.release(connection)
            return found
    return ()


def notes(target: Target, *, changes: bool) -> tuple[str, ...]:
    """What a plan has to say of the history: what was cut off, and, if it changes anything, whether a record of that
    can be kept."""
    with (
        # What was planned stands, also where the server went away since.
        contextlib.suppress(psycopg.Error, DbsyncError),
        contextlib.closing(connect(target, read_only=True)) as connection,
    ):
        found = rights(connection)
        lacks = (found.refusal,) if changes and found.refusal else ()
        if not found.readable:
            return lacks
        return (*(cut_off(one) for one in _cut_off(connection)), *lacks)
    return ()


def cut_off(record: Record) -> str:
    """What became of a record, as a sentence."""
    return f"record {record.id} of the history was {record.outcome}: {record.error}"


def _cut_off(connection: Connection) -> tuple[Record, ...]:
    """The open records whose apply is over, as they turned out."""
    before = open_records(connection)
    if not before or lock.holder(connection):
        return ()
    # One that has ended between the two looks has said so by now, and one that has begun is another.
    return tuple(one for one in _looked_at(connection) if one.id in before)


def _looked_at(connection: Connection) -> tuple[Record, ...]:
    running = open_records(connection)
    if not running:
        return ()
    # All kinds of objects take a while to import, which a history without an open end does without.
    from dbsync.apply.entry import entry
    from dbsync.planning.past import turned_out
    from dbsync.snapshot import snapshot

    found, now = records(connection), snapshot(connection)
    return tuple(turned_out(now.digests, entry(connection, found, one), now.version) for one in sorted(running))

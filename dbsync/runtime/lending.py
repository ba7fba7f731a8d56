"""A connection comes back to the pool as it went out: what a borrower set on it does not reach the next one."""

import os
import select
import time
from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, tuple_row

from dbsync.errors import UsageError

RESTORE = b"""
    reset session authorization; reset role; reset all; unlisten *; close all; discard temp; discard sequences;
    select pg_catalog.pg_advisory_unlock_all();
    select exists (select from pg_catalog.pg_prepared_statements where from_sql)
"""
"""What DISCARD ALL does, in one round trip, without losing the statements that psycopg has prepared.

PostgreSQL's manual lists it under DISCARD. RESET ROLE comes after RESET SESSION AUTHORIZATION, which forgets the role
that ALTER ROLE … SET role gives a session. The answer to the last is whether the borrower prepared statements in SQL.
"""
FORGET = b"deallocate all"

BEGINS = (("autocommit", True), ("isolation_level", None), ("read_only", None), ("deferrable", None))
"""How each connection is lent; the setters are `set_…`, which the asynchronous one awaits."""
_PLAIN = ("row_factory", "cursor_factory", "server_cursor_factory", "prepare_threshold", "prepared_max")
_FRESH = 1.0
OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)


class Lent(psycopg.BaseConnection[DictRow]):
    """What both kinds of connection know of themselves."""

    born = 0.0
    """When it was configured, on the monotonic clock in seconds."""
    answered = 0.0
    """When the server is last known to have answered on it."""
    failure: psycopg.Error | None = None
    """The last error of a statement since it was lent that is more than the echo of another."""

    def configured(self) -> None:
        """Remember everything as it is now."""
        self.born = self.answered = time.monotonic()
        self._settled = {name: getattr(self, name) for name in _PLAIN}
        self._types = AdaptersMap(self.adapters)

    def restore(self) -> None:
        """Undo what was set on the object; BEGINS and RESTORE are the rest. psycopg.Error where it is still in use."""
        if self._num_transactions or self._pipeline:
            raise psycopg.ProgrammingError("a block on this connection was never left")
        for name, value in self._settled.items():
            setattr(self, name, value)
        self._adapters = AdaptersMap(self._types)
        self._notice_handlers.clear()
        self._notify_handlers.clear()
        self.failure = None

    def trusted(self) -> bool:
        """Whether it answered a moment ago and has heard nothing since; a server that ends says so."""
        return time.monotonic() - self.answered < _FRESH and not _readable(self.pgconn.socket)

    def note(self, error: psycopg.Error) -> None:
        """Keep an error, unless it only says that there was one before."""
        if not isinstance(error, psycopg.errors.InFailedSqlTransaction):
            self.failure = error


class Connection(Lent, psycopg.Connection[DictRow]):
    """A connection of a Database: psycopg's, whose rows are dictionaries."""


class AsyncConnection(Lent, psycopg.AsyncConnection[DictRow]):
    """A connection of an AsyncDatabase: psycopg's, whose rows are dictionaries."""


def returned(connection: Connection) -> None:
    """Make it as it was; where that cannot be had it is closed, and the pool makes another."""
    try:
        if connection.info.transaction_status in OPEN:
            connection.rollback()
        for name, value in BEGINS:
            if getattr(connection, name) != value:
                getattr(connection, f"set_{name}")(value)
        connection.restore()
        with psycopg.Cursor(connection, row_factory=tuple_row) as cursor:
            cursor.execute(RESTORE, prepare=False)
            while cursor.nextset():
                pass
            if cursor.fetchone() == (True,):
                cursor.execute(FORGET)
    except psycopg.Error:
        connection.close()
    except BaseException:
        connection.close()
        raise
    connection.answered = time.monotonic()


async def returned_async(connection: AsyncConnection) -> None:
    """Make it as it was; where that cannot be had it is closed, and the pool makes another."""
    try:
        if connection.info.transaction_status in OPEN:
            await connection.rollback()
        for name, value in BEGINS:
            if getattr(connection, name) != value:
                await getattr(connection, f"set_{name}")(value)
        connection.restore()
        async with psycopg.AsyncCursor(connection, row_factory=tuple_row) as cursor:
            await cursor.execute(RESTORE, prepare=False)
            while cursor.nextset():
                pass
            if await cursor.fetchone() == (True,):
                await cursor.execute(FORGET)
    except psycopg.Error:
        await connection.close()
    except BaseException:
        connection.pgconn.finish()
        raise
    connection.answered = time.monotonic()


def works(connection: Connection) -> bool:
    """Whether the server answers; a connection on which it does not is closed."""
    try:
        psycopg.Cursor(connection).execute("")
    except psycopg.Error:
        connection.close()
        return False
    connection.answered = time.monotonic()
    return True


async def works_async(connection: AsyncConnection) -> bool:
    """Whether the server answers; a connection on which it does not is closed."""
    try:
        await psycopg.AsyncCursor(connection).execute("")
    except psycopg.Error:
        await connection.close()
        return False
    connection.answered = time.monotonic()
    return True


def disown(connection: "psycopg.BaseConnection[Any]") -> None:
    """Let go of the parent process's session after fork(), without a word to the server, for whom it is one session."""
    if connection.closed:
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, connection.pgconn.socket)
    os.close(nowhere)
    connection.pgconn.finish()


def left_open(connection: "psycopg.BaseConnection[Any]") -> UsageError | None:
    """The error where a borrower is done in the middle of a transaction of its own, which nobody will commit."""
    if connection.info.transaction_status not in OPEN:
        return None
    return UsageError(
        "A connection was given back in the middle of a transaction, which is rolled back",
        detail="it began with autocommit switched off, or with BEGIN",
        hint="commit it, or let it be one: with db.transaction(): …",
    )


def _readable(socket: int) -> bool:
    """Whether something has arrived that nobody has read."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(socket, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([socket], [], [], 0)[0])

"""A database for an application on asyncio."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self, TypeVar, overload

import psycopg
import psycopg_pool
from psycopg.abc import Params
from psycopg.abc import QueryNoTemplate as Query
from psycopg.rows import DictRow, dict_row, tuple_row

from dbsync.errors import DbsyncError
from dbsync.runtime import core, lending, pools, rows, schema, types
from dbsync.runtime.blocks import RolledBack
from dbsync.runtime.health import Health
from dbsync.runtime.observe import LOG, async_cursor_class
from dbsync.runtime.settings import Isolation, Settings

T = TypeVar("T")
Connection = lending.AsyncConnection
Pool = pools.AsyncPool


class AsyncDatabase(core.Core[Connection]):
    """A pool of connections, and what one does with them. Tasks may share it; it connects when it is first used.

    Inside `async with db.transaction():` everything that the same task does through it is a part of the transaction. A
    generator's transaction is its own: what its reader does between two values is no part of it.
    """

    def __init__(self, settings: Settings | None = None):
        super().__init__(settings)
        self._cursors = async_cursor_class(self.settings.slow)
        self._lock = asyncio.Lock()
        self._pool: Pool | None = None
        self._process = 0
        self._closed = False
        self._returning: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> Self:
        """Connect now. ConnectionFailed says why it cannot; WrongSchema that it should not."""
        self._closed = False
        await self._opened()
        return self

    async def close(self, timeout: float = 5.0) -> None:
        """Close every connection; those in use when they are given back."""
        async with self._lock:
            pool, self._pool, self._closed = self._pool, None, True
        if pool is not None and self._process == os.getpid():
            await pool.close(timeout)

    @overload
    async def query(self, query: Query, params: Params | None = None) -> list[DictRow]: ...
    @overload
    async def query(self, query: Query, params: Params | None = None, *, row: type[T]) -> list[T]: ...
    async def query(self, query: Query, params: Params | None = None, *, row: type[Any] | None = None) -> list[Any]:
        """The rows that a statement returns: as dictionaries, or as objects of the class `row`."""
        async with self.connection() as connection:
            factory = rows.factory(row) if row else dict_row
            async with connection.cursor(row_factory=factory) as cursor:
                await cursor.execute(query, params)
                return await cursor.fetchall() if cursor.description else []

    async def execute(self, query: Query, params: Params | None = None) -> int:
        """Run a statement; the number of rows that it was about."""
        async with self.connection() as connection:
            return (await connection.execute(query, params)).rowcount

    @contextlib.asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Connection]:
        """A connection: the transaction's own inside one, else one of the pool, in autocommit mode.

        It goes back as it came, whatever was set on it. UsageError if that is in the middle of a transaction.
        """
        block = self._blocks.current()
        if block is not None:
            yield block.connection
            return
        async with self._borrowed(timeout) as connection:
            yield connection
            if problem := lending.left_open(connection):
                raise problem

    @contextlib.asynccontextmanager
    async def transaction(
        self, *, isolation: Isolation | None = None, read_only: bool = False
    ) -> AsyncIterator[Connection]:
        """Everything inside happens, or after an error nothing of it. Inside another it is a savepoint.

        RolledBack if the block ends well, but PostgreSQL has rolled back: an error in it was caught.
        """
        outer = self._blocks.current()
        begin = core.isolated(isolation, read_only=read_only, nested=outer is not None)
        async with contextlib.AsyncExitStack() as stack:
            connection = outer.connection if outer else await stack.enter_async_context(self._borrowed())
            await stack.enter_async_context(connection.transaction())
            if begin:
                await connection.execute(begin.encode())
            block = self._blocks.enter(connection, outer)
            try:
                yield connection
                if not block.alien:
                    core.whole(block)
            finally:
                self._blocks.leave(block)
                if block.alien:
                    lending.disown(connection)
                elif block.entangled:
                    await connection.close()

    async def run(
        self,
        work: Callable[[Connection], Awaitable[T]],
        *,
        retries: int = 3,
        isolation: Isolation | None = None,
        read_only: bool = False,
    ) -> T:
        """Do the work in a transaction, and again where PostgreSQL could not serialize it or the connection broke.

        A connection that breaks in COMMIT is not tried again, because nobody knows what became of it. Inside another
        transaction the work is done once: only the whole can be tried again.
        """
        tries = 0 if self._blocks.current() else retries
        attempt = 0
        while True:
            working = True
            try:
                async with self.transaction(isolation=isolation, read_only=read_only) as connection:
                    result = await work(connection)
                    working = False
            except (psycopg.Error, RolledBack) as error:
                if attempt >= tries or not core.retried(error, working=working):
                    raise
                attempt += 1
                LOG.info("trying again (%d of %d) after %s", attempt, tries, type(error).__name__)
            else:
                return result
            await asyncio.sleep(core.pause(attempt))

    async def health(self, timeout: float = 2.0) -> Health:
        """Whether the database answers; never an exception."""
        began, server, problem = time.perf_counter(), None, None
        try:
            async with self.connection(timeout) as connection:
                await connection.execute("select")
                server = core.server(connection)
        except (DbsyncError, psycopg.Error) as error:
            problem = core.problem(error, self.target)
        took = (time.perf_counter() - began) * 1000
        stats = self._pool.get_stats() if self._pool else {}
        return Health(
            ok=problem is None,
            milliseconds=took,
            server=server,
            connections=stats.get("pool_size", 0),
            used=len(self._lent),
            waiting=len(self._waiting),
            problem=problem,
        )

    @contextlib.asynccontextmanager
    async def _borrowed(self, timeout: float | None = None) -> AsyncIterator[Connection]:
        pool = await self._opened()
        connection = await self._found(pool, self.settings.timeout if timeout is None else timeout)
        process = os.getpid()
        self._lent.add(id(connection))
        try:
            yield connection
        finally:
            if process != os.getpid():
                lending.disown(connection)
            else:
                self._lent.discard(id(connection))
                await self._return(pool, connection)

    async def _found(self, pool: Pool, wait: float) -> Connection:
        """A connection on which the server answers, within that many seconds."""
        deadline = time.monotonic() + wait
        self._waiting.add(caller := object())
        try:
            while True:
                connection = await pool.getconn(deadline - time.monotonic())
                if not self.settings.check or connection.trusted():
                    return connection
                try:
                    if await lending.works_async(connection):
                        return connection
                except BaseException:
                    await self._return(pool, connection)
                    raise
                await pool.putconn(connection)
                if self._news(connection):
                    await pool.drain()
        except psycopg_pool.PoolTimeout:
            raise self._none_free(wait) from None
        except psycopg_pool.PoolClosed:
            raise core.closed() from None
        finally:
            self._waiting.discard(caller)

    async def _return(self, pool: Pool, connection: Connection) -> None:
        """Give a connection back, in a task of its own: the borrower's may be cancelled again meanwhile."""

        async def give() -> None:
            try:
                await lending.returned_async(connection)
            finally:
                await pool.putconn(connection)

        returning = asyncio.create_task(give())
        self._returning.add(returning)
        returning.add_done_callback(self._returning.discard)
        await asyncio.shield(returning)

    async def _opened(self) -> Pool:
        pool = self._pool
        if pool is not None and self._process == os.getpid():
            return pool
        async with self._lock:
            if self._closed:
                raise core.closed()
            if self._pool is None or self._process != os.getpid():
                # A pool does not survive fork(); the parent goes on using its own.
                self._lent.clear()
                await self._first()
                self._pool, self._process = await self._made(), os.getpid()
            return self._pool

    async def _first(self) -> None:
        """Connect once: a pool would try again and again, and not say why it cannot."""
        try:
            async with await Connection.connect(self._conninfo(), autocommit=True) as connection:
                if wanted := self.settings.fingerprint:
                    limits = schema.schemas_of(wanted)
                    async with connection.cursor(row_factory=tuple_row) as cursor:
                        await cursor.execute(schema.QUERY, {"schemas": limits})
                        self._judge(schema.written(await cursor.fetchone(), limits))
                await self._configure(connection)
                return
        except psycopg.OperationalError as error:
            failed = self._refused(error)
        raise failed

    async def _made(self) -> Pool:
        pool = Pool(self._conninfo(), connection_class=Connection, configure=self._configure, **self._pooling())
        await pool.open()
        return pool

    async def _configure(self, connection: Connection) -> None:
        async with connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(core.PROCESS)
            core.unprepared(connection, await cursor.fetchone())
            await cursor.execute(types.QUERY, self._adapting.parameters)
            found = await cursor.fetchall()
        self._adapting.adapt(connection, found)
        connection.cursor_factory = self._cursors
        connection.configured()

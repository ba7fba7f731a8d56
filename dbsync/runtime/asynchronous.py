"""A database for an application on asyncio."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Self, TypeVar, overload

import psycopg
import psycopg_pool
from psycopg.abc import Params
from psycopg.abc import QueryNoTemplate as Query
from psycopg.rows import DictRow, dict_row, tuple_row

from dbsync.errors import DbsyncError
from dbsync.runtime import core, rows, schema, types
from dbsync.runtime.health import Health
from dbsync.runtime.observe import LOG, async_cursor_class
from dbsync.runtime.settings import Isolation, Settings

T = TypeVar("T")
Connection = psycopg.AsyncConnection[DictRow]
Pool = psycopg_pool.AsyncConnectionPool[Connection]


class AsyncDatabase(core.Core):
    """A pool of connections, and what one does with them. Tasks may share it; it connects when it is first used.

    Inside `with db.transaction():` everything that the same task does through it is a part of the transaction.
    """

    def __init__(self, settings: Settings | None = None):
        super().__init__(settings)
        self._cursors = async_cursor_class(self.settings.slow)
        self._lock = asyncio.Lock()
        self._pool: Pool | None = None
        self._process = 0
        self._closed = False
        self._current: ContextVar[tuple[object, Connection] | None] = ContextVar("dbsync_runtime", default=None)

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
        """A connection: the transaction's own inside one, else one of the pool, in autocommit mode."""
        current = self._inside()
        if current is not None:
            yield current
            return
        wait = self.settings.timeout if timeout is None else timeout
        pool = await self._opened()
        try:
            connection = await pool.getconn(wait)
        except psycopg_pool.PoolTimeout:
            raise self._none_free(wait) from None
        except psycopg_pool.PoolClosed:
            raise core.closed() from None
        self._lent.add(id(connection))
        try:
            yield connection
        finally:
            self._lent.discard(id(connection))
            await pool.putconn(connection)

    @contextlib.asynccontextmanager
    async def transaction(
        self, *, isolation: Isolation | None = None, read_only: bool = False
    ) -> AsyncIterator[Connection]:
        """Everything inside happens, or after an error nothing of it. Inside another it is a savepoint."""
        current = self._inside()
        begin = core.isolated(isolation, read_only=read_only, nested=current is not None)
        if current is not None:
            async with current.transaction():
                yield current
            return
        async with self.connection() as connection, connection.transaction():
            if begin:
                await connection.execute(begin.encode())
            token = self._current.set((_task(), connection))
            try:
                yield connection
            finally:
                self._current.reset(token)

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
        tries = 0 if self._inside() else retries
        attempt = 0
        while True:
            working = True
            try:
                async with self.transaction(isolation=isolation, read_only=read_only) as connection:
                    result = await work(connection)
                    working = False
            except psycopg.Error as error:
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
            waiting=stats.get("requests_waiting", 0),
            problem=problem,
        )

    def _inside(self) -> Connection | None:
        """The connection of this task's transaction; a task that was started inside one is not a part of it."""
        current = self._current.get()
        return current[1] if current and current[0] == _task() else None

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
            async with await psycopg.AsyncConnection.connect(self._conninfo(), autocommit=True) as connection:
                if wanted := self.settings.fingerprint:
                    limits = schema.schemas_of(wanted)
                    cursor = await connection.execute(schema.QUERY, {"schemas": limits})
                    self._judge(schema.written(await cursor.fetchone(), limits))
                await self._configure(connection)
                return
        except psycopg.OperationalError as error:
            failed = self._refused(error)
        raise failed

    async def _made(self) -> Pool:
        settings = self.settings
        pool: Pool = psycopg_pool.AsyncConnectionPool(
            self._conninfo(),
            connection_class=psycopg.AsyncConnection[DictRow],
            kwargs={"autocommit": True, "row_factory": dict_row},
            min_size=settings.min_size,
            max_size=settings.max_size,
            timeout=settings.timeout,
            max_lifetime=settings.max_lifetime,
            max_idle=settings.max_idle,
            configure=self._configure,
            check=psycopg_pool.AsyncConnectionPool.check_connection if settings.check else None,
            name="dbsync.runtime",
            open=False,
        )
        await pool.open()
        return pool

    async def _configure(self, connection: psycopg.AsyncConnection[Any]) -> None:
        async with connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(core.PROCESS)
            core.unprepared(connection, await cursor.fetchone())
            await cursor.execute(types.QUERY, self._adapting.parameters)
            found = await cursor.fetchall()
        self._adapting.adapt(connection, found)
        connection.cursor_factory = self._cursors


def _task() -> object:
    return asyncio.current_task()

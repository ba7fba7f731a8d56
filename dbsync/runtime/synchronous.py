"""A database for an application with threads."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
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
from dbsync.runtime.observe import LOG, cursor_class
from dbsync.runtime.settings import Isolation, Settings

T = TypeVar("T")
Connection = lending.Connection
Pool = pools.Pool


class Database(core.Core[Connection]):
    """A pool of connections, and what one does with them. Threads may share it; it connects when it is first used.

    Inside `with db.transaction():` everything that the same thread does through it is a part of the transaction. A
    generator's transaction is its own: what its reader does between two values is no part of it.
    """

    def __init__(self, settings: Settings | None = None):
        super().__init__(settings)
        self._cursors = cursor_class(self.settings.slow)
        self._lock = threading.Lock()
        self._pool: Pool | None = None
        self._process = 0
        self._closed = False

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> Self:
        """Connect now. ConnectionFailed says why it cannot; WrongSchema that it should not."""
        self._closed = False
        self._opened()
        return self

    def close(self, timeout: float = 5.0) -> None:
        """Close every connection; those in use when they are given back."""
        with self._lock:
            pool, self._pool, self._closed = self._pool, None, True
        if pool is not None and self._process == os.getpid():
            pool.close(timeout)

    @overload
    def query(self, query: Query, params: Params | None = None) -> list[DictRow]: ...
    @overload
    def query(self, query: Query, params: Params | None = None, *, row: type[T]) -> list[T]: ...
    def query(self, query: Query, params: Params | None = None, *, row: type[Any] | None = None) -> list[Any]:
        """The rows that a statement returns: as dictionaries, or as objects of the class `row`."""
        with self.connection() as connection:
            factory = rows.factory(row) if row else dict_row
            with connection.cursor(row_factory=factory) as cursor:
                cursor.execute(query, params)
                return cursor.fetchall() if cursor.description else []

    def execute(self, query: Query, params: Params | None = None) -> int:
        """Run a statement; the number of rows that it was about."""
        with self.connection() as connection:
            return connection.execute(query, params).rowcount

    @contextlib.contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection]:
        """A connection: the transaction's own inside one, else one of the pool, in autocommit mode.

        It goes back as it came, whatever was set on it. UsageError if that is in the middle of a transaction.
        """
        block = self._blocks.current()
        if block is not None:
            yield block.connection
            return
        with self._borrowed(timeout) as connection:
            yield connection
            if problem := lending.left_open(connection):
                raise problem

    @contextlib.contextmanager
    def transaction(self, *, isolation: Isolation | None = None, read_only: bool = False) -> Iterator[Connection]:
        """Everything inside happens, or after an error nothing of it. Inside another it is a savepoint.

        RolledBack if the block ends well, but PostgreSQL has rolled back: an error in it was caught.
        """
        outer = self._blocks.current()
        begin = core.isolated(isolation, read_only=read_only, nested=outer is not None)
        with contextlib.ExitStack() as stack:
            connection = outer.connection if outer else stack.enter_context(self._borrowed())
            stack.enter_context(connection.transaction())
            if begin:
                connection.execute(begin.encode())
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
                    connection.close()

    def run(
        self,
        work: Callable[[Connection], T],
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
                with self.transaction(isolation=isolation, read_only=read_only) as connection:
                    result = work(connection)
                    working = False
            except (psycopg.Error, RolledBack) as error:
                if attempt >= tries or not core.retried(error, working=working):
                    raise
                attempt += 1
                LOG.info("trying again (%d of %d) after %s", attempt, tries, type(error).__name__)
            else:
                return result
            time.sleep(core.pause(attempt))

    def health(self, timeout: float = 2.0) -> Health:
        """Whether the database answers; never an exception."""
        began, server, problem = time.perf_counter(), None, None
        try:
            with self.connection(timeout) as connection:
                connection.execute("select")
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

    @contextlib.contextmanager
    def _borrowed(self, timeout: float | None = None) -> Iterator[Connection]:
        pool = self._opened()
        connection = self._found(pool, self.settings.timeout if timeout is None else timeout)
        process = os.getpid()
        self._lent.add(id(connection))
        try:
            yield connection
        finally:
            if process != os.getpid():
                lending.disown(connection)
            else:
                self._lent.discard(id(connection))
                try:
                    lending.returned(connection)
                finally:
                    pool.putconn(connection)

    def _found(self, pool: Pool, wait: float) -> Connection:
        """A connection on which the server answers, within that many seconds."""
        deadline = time.monotonic() + wait
        self._waiting.add(caller := object())
        try:
            while True:
                connection = pool.getconn(deadline - time.monotonic())
                if not self.settings.check or connection.trusted():
                    return connection
                try:
                    if lending.works(connection):
                        return connection
                except BaseException:
                    pool.putconn(connection)
                    raise
                pool.putconn(connection)
                if self._news(connection):
                    pool.drain()
        except psycopg_pool.PoolTimeout:
            raise self._none_free(wait) from None
        except psycopg_pool.PoolClosed:
            raise core.closed() from None
        finally:
            self._waiting.discard(caller)

    def _opened(self) -> Pool:
        pool = self._pool
        if pool is not None and self._process == os.getpid():
            return pool
        with self._lock:
            if self._closed:
                raise core.closed()
            if self._pool is None or self._process != os.getpid():
                # A pool does not survive fork(); the parent goes on using its own.
                self._lent.clear()
                self._first()
                self._pool, self._process = self._made(), os.getpid()
            return self._pool

    def _first(self) -> None:
        """Connect once: a pool would try again and again, and not say why it cannot."""
        try:
            with Connection.connect(self._conninfo(), autocommit=True) as connection:
                if wanted := self.settings.fingerprint:
                    self._judge(schema.fingerprint(connection, schema.schemas_of(wanted)))
                self._configure(connection)
                return
        except psycopg.OperationalError as error:
            failed = self._refused(error)
        raise failed

    def _made(self) -> Pool:
        pool = Pool(self._conninfo(), connection_class=Connection, configure=self._configure, **self._pooling())
        pool.open()
        return pool

    def _configure(self, connection: Connection) -> None:
        with connection.cursor(row_factory=tuple_row) as cursor:
            core.unprepared(connection, cursor.execute(core.PROCESS).fetchone())
            found = cursor.execute(types.QUERY, self._adapting.parameters).fetchall()
        self._adapting.adapt(connection, found)
        connection.cursor_factory = self._cursors
        connection.configured()

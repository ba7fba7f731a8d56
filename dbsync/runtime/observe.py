"""Logs statements that are slow or fail: what was asked, never with which values."""

import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Self

import psycopg
from psycopg import sql

from dbsync.runtime.hiding import hidden
from dbsync.runtime.lending import Lent

LOG = logging.getLogger("dbsync.runtime")
_PASSING = frozenset({"40001", "40P01"})
"""What a retry mends."""


@contextlib.contextmanager
def observed(statement: Any, slow: float | None, connection: Any) -> Iterator[None]:
    """Log the statement if it fails, or takes `slow` seconds; the connection keeps the error."""
    began = time.perf_counter()
    try:
        yield
    except psycopg.Error as error:
        if isinstance(connection, Lent):
            connection.note(error)
        _failed(statement, error, time.perf_counter() - began)
        raise
    seconds = time.perf_counter() - began
    if slow is not None and seconds >= slow:
        text = _text(statement)
        LOG.warning("slow: %.0f ms: %s", seconds * 1000, text, extra={"statement": text, "seconds": seconds})


def _failed(statement: Any, error: psycopg.Error, seconds: float) -> None:
    """PostgreSQL's messages quote values; its condition and the names of what refused do not."""
    diag, text = error.diag, _text(statement)
    parts = (diag.schema_name, diag.table_name, diag.column_name, diag.constraint_name)
    where = ".".join(part for part in parts if part)
    named = f"{type(error).__name__} {error.sqlstate or ''}".strip() + (f" ({where})" if where else "")
    level = logging.WARNING if error.sqlstate in _PASSING else logging.ERROR
    extra = {"statement": text, "seconds": seconds, "sqlstate": error.sqlstate}
    LOG.log(level, "failed: %s after %.0f ms: %s", named, seconds * 1000, text, extra=extra)


def _text(statement: Any) -> str:
    if isinstance(statement, bytes):
        return hidden(statement.decode(errors="replace"))
    if isinstance(statement, sql.Composed):
        return hidden(
            "".join("?" if isinstance(part, sql.Literal) else part.as_string(None) for part in _parts(statement))
        )
    return hidden(statement.as_string(None) if isinstance(statement, sql.Composable) else str(statement))


def _parts(composed: sql.Composed) -> Iterator[sql.Composable]:
    for part in composed:
        if isinstance(part, sql.Composed):
            yield from _parts(part)
        else:
            yield part


def cursor_class(slow: float | None) -> type[psycopg.Cursor[Any]]:
    """Cursors that log."""

    class Observed(psycopg.Cursor[Any]):
        """Logs what it runs."""

        def execute(self, query: Any, params: Any = None, **more: Any) -> Self:
            """Run and observe."""
            with observed(query, slow, self.connection):
                return super().execute(query, params, **more)

        def executemany(self, query: Any, params_seq: Iterable[Any], **more: Any) -> None:
            """Run and observe."""
            with observed(query, slow, self.connection):
                super().executemany(query, params_seq, **more)

        def stream(self, query: Any, params: Any = None, **more: Any) -> Iterator[Any]:
            """Run and observe errors; how long it takes is the reader's affair."""
            with observed(query, None, self.connection):
                yield from super().stream(query, params, **more)

        @contextlib.contextmanager
        def copy(self, statement: Any, params: Any = None, **more: Any) -> Iterator[psycopg.Copy]:
            """Run and observe errors."""
            with observed(statement, None, self.connection), super().copy(statement, params, **more) as copy:
                yield copy

    return Observed


def async_cursor_class(slow: float | None) -> type[psycopg.AsyncCursor[Any]]:
    """Cursors that log."""

    class Observed(psycopg.AsyncCursor[Any]):
        """Logs what it runs."""

        async def execute(self, query: Any, params: Any = None, **more: Any) -> Self:
            """Run and observe."""
            with observed(query, slow, self.connection):
                return await super().execute(query, params, **more)

        async def executemany(self, query: Any, params_seq: Iterable[Any], **more: Any) -> None:
            """Run and observe."""
            with observed(query, slow, self.connection):
                await super().executemany(query, params_seq, **more)

        async def stream(self, query: Any, params: Any = None, **more: Any) -> AsyncIterator[Any]:
            """Run and observe errors; how long it takes is the reader's affair."""
            with observed(query, None, self.connection):
                async for row in super().stream(query, params, **more):
                    yield row

        @contextlib.asynccontextmanager
        async def copy(self, statement: Any, params: Any = None, **more: Any) -> AsyncIterator[psycopg.AsyncCopy]:
            """Run and observe errors."""
            with observed(statement, None, self.connection):
                async with super().copy(statement, params, **more) as copy:
                    yield copy

    return Observed

"""Tells what SQL is sent to one database, with the values of its parameters left out."""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import psycopg
from psycopg import sql

from dbsync.pg.target import Target

_LISTENER: ContextVar[tuple[Target, Callable[[str], None]] | None] = ContextVar("dbsync_trace", default=None)


@contextlib.contextmanager
def traced(target: Target, tell: Callable[[str], None]) -> Iterator[None]:
    """Every connection to the target that is made inside tells the text of each statement before it is sent."""
    token = _LISTENER.set((target, tell))
    try:
        yield
    finally:
        _LISTENER.reset(token)


def cursor_factory(target: Target) -> type[psycopg.Cursor[Any]] | None:
    """The class of the cursors of a connection to the target, if somebody listens to it."""
    listener = _LISTENER.get()
    if listener is None or listener[0] != target:
        return None
    tell = listener[1]

    class Telling(psycopg.Cursor[Any]):
        """Tells each statement, and runs it."""

        def execute(self, query: Any, *arguments: Any, **more: Any) -> "Telling":
            """Tell and run."""
            tell(_text(query))
            super().execute(query, *arguments, **more)
            return self

        def copy(self, statement: Any, *arguments: Any, **more: Any) -> Any:
            """Tell and run."""
            tell(_text(statement))
            return super().copy(statement, *arguments, **more)

    return Telling


def _text(query: Any) -> str:
    if isinstance(query, bytes):
        return query.decode(errors="replace")
    return query.as_string(None) if isinstance(query, sql.Composable) else str(query)

"""Queries of ours in a session whose search path is a file's: no name in them may be found among the file's objects."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row


@contextlib.contextmanager
def own_names(session: "psycopg.Connection[Any]") -> Iterator[None]:
    """An empty search path, and then the session's own again.

    An operator of the file's may fit our operands better than PostgreSQL's own, which comes first only among equals
    (section "Operator Type Resolution" of the manual).
    """
    with session.cursor(row_factory=tuple_row) as cursor:
        ((before,),) = cursor.execute(b"select pg_catalog.current_setting('search_path')").fetchall()
        cursor.execute(b"select pg_catalog.set_config('search_path', '', false)")
    try:
        yield
    finally:
        # What a transaction set is undone with it.
        if not session.closed and session.info.transaction_status != TransactionStatus.INERROR:
            session.execute(b"select pg_catalog.set_config('search_path', %s, false)", [before])

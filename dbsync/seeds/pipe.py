"""Sends the rows of a query from one server to a table on another, as they come."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn

Connection = psycopg.Connection[Any]

_BLOCK = 65_536
"""Bytes that are sent at once: rows come one by one, and each sending has a price."""


def pipe(source: Connection, query: bytes, goal: Connection, table: bytes, values: Sequence[Any] | None = None) -> int:
    """COPY what a query with these parameters finds to `table`, which may name columns: how many rows there are."""
    cursor = source.cursor()
    with (
        cursor.copy(b"copy (" + query + b") to stdout", values) as out,
        goal.cursor().copy(b"copy " + table + b" from stdin") as into,
    ):
        rows, size, length = list[bytes](), 0, 0
        while length >= 0 and (row := out.read()):
            rows.append(bytes(row))
            size += len(row)
            # What has arrived with it is taken from libpq: to wait for each row costs more than all else.
            while size <= _BLOCK:
                length, more = source.pgconn.get_copy_data(1)
                if length <= 0:
                    break
                rows.append(bytes(more))
                size += length
            if size > _BLOCK:
                into.write(b"".join(rows))
                rows, size = [], 0
        into.write(b"".join(rows))
        return _ended(source.pgconn) if length < 0 else cursor.rowcount


def _ended(connection: PGconn) -> int:
    """How many rows there were, as PostgreSQL says at the end of a COPY; the session is free again."""
    results = []
    while result := connection.get_result():
        results.append(result)
    for result in results:
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)
    return results[0].command_tuples or 0

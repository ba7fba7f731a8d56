"""Sends the rows of a query from one server to a table on another, as they come."""

from collections.abc import Sequence
from typing import Any

import psycopg

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
        rows, size = list[bytes](), 0
        for row in out:
            rows.append(bytes(row))
            size += len(row)
            if size > _BLOCK:
                into.write(b"".join(rows))
                rows, size = [], 0
        into.write(b"".join(rows))
    return cursor.rowcount

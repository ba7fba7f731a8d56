"""Reads rows of the live database as their owner, and only where nobody's code runs with more rights than theirs."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg

from dbsync import sql
from dbsync.pg.foreign_code import as_owner, forbidden
from dbsync.seeds.complaints import not_to_be_read
from dbsync.seeds.tables import Path

Connection = psycopg.Connection[Any]


@contextlib.contextmanager
def guarded(connection: Connection, path: Path) -> Iterator[None]:
    """In a transaction that is open, what reads this table. ConnectionFailed where it is not to be read."""
    tables = [sql.qualified(*path)]
    with as_owner(connection, tables) as strange:
        if why := strange or forbidden(connection, tables):
            raise not_to_be_read(path, why)
        yield

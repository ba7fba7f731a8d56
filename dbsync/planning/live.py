"""Reads live, in one consistent read-only transaction whose snapshot pg_dump can share."""

import contextlib
import functools
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg

from dbsync.model.catalog import Catalog
from dbsync.model.counters import Position
from dbsync.pg.connect import Target, connect
from dbsync.pg.positions import positions
from dbsync.pg.server import LiveFacts, describe
from dbsync.state import state

Connection = psycopg.Connection[Any]


class Live:
    """What live is and holds, and the exported snapshot under which it is read.

    The catalog is read when it is first asked for, which must be while the transaction is open.
    """

    def __init__(self, connection: Connection, facts: LiveFacts, exported: str | None):
        self.connection = connection
        self.facts = facts
        self.snapshot = exported

    @functools.cached_property
    def state(self) -> str:
        """A digest of the system catalogs; as long as it is the same, so is the catalog."""
        return state(self.connection)

    @functools.cached_property
    def catalog(self) -> Catalog:
        """Every object."""
        from dbsync.snapshot import snapshot  # the kinds take their time, and are often not needed

        return snapshot(self.connection)

    @functools.cached_property
    def marks(self) -> frozenset[str]:
        """The names of options that are its server's own, and no part of the schema."""
        from dbsync.kinds._reloptions import MARKS

        return frozenset(name for (name,) in self.connection.execute(MARKS.encode()).fetchall())

    @functools.cached_property
    def positions(self) -> Mapping[tuple[str, ...], Position | None]:
        """Where every sequence stands, by (schema, name); None for one that the role may not read."""
        return positions(self.connection)

    def read(self) -> None:
        """Read everything now, for what comes after the transaction."""
        _ = self.state, self.catalog, self.marks, self.positions


@contextlib.contextmanager
def reading(connection: Connection) -> Iterator[Live]:
    """Live as it is now; the transaction stays open until the context ends."""
    facts = describe(connection)
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        row = connection.execute("select pg_catalog.pg_export_snapshot()").fetchone()
        yield Live(connection, facts, row[0] if row else None)


@contextlib.contextmanager
def looking(target: Target) -> Iterator[Live]:
    """Live, through a connection of its own that is closed at the end."""
    with connect(target, read_only=True) as connection, reading(connection) as live:
        yield live


def fingerprint(connection: Connection) -> str:
    """A digest of live's catalog: equal to the plan's as long as nobody has changed the schema."""
    from dbsync.snapshot import snapshot

    return snapshot(connection).fingerprint

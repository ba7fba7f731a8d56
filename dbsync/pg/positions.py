"""Reads where the sequences of a database stand."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.model.counters import Position

Connection = psycopg.Connection[Any]
Path = tuple[str, ...]

_MANY = 200
"""So many sequences are read with one query: a longer one takes PostgreSQL more time to plan than it saves."""

_SEQUENCES = """
    select array[n.nspname, c.relname]::text[],
           pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_sequence_privilege(c.oid, 'select')
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and c.oid >= 16384 and n.nspname !~ '^pg_'
    order by 1
"""


def positions(connection: Connection) -> Mapping[Path, Position | None]:
    """The position of every sequence, by (schema, name); None where the session's role may not read it.

    It takes an ACCESS SHARE lock on each that it reads. A sequence that somebody drops or locks meanwhile counts as
    one that cannot be read.
    """
    found: dict[Path, Position | None] = {}
    readable = []
    for path, may in connection.execute(_SEQUENCES).fetchall():
        found[tuple(path)] = None
        if may:
            readable.append(tuple(path))
    for start in range(0, len(readable), _MANY):
        found.update(_read(connection, readable[start : start + _MANY]))
    return found


def _read(connection: Connection, paths: Sequence[Path]) -> Iterator[tuple[Path, Position]]:
    parts = [f"select {n}, last_value, is_called from {sql.qualified(*path)}" for n, path in enumerate(paths)]
    try:
        with connection.transaction():
            rows = connection.execute(" union all ".join(parts).encode()).fetchall()
    except psycopg.Error:
        if connection.broken:
            raise
        # One of them keeps the others from being read.
        if len(paths) > 1:
            for path in paths:
                yield from _read(connection, [path])
        return
    for number, last, called in rows:
        yield paths[number], Position(last, called)

"""Which tables and columns of live those at the end of a plan are: the same oid, the same column number.

Names do not tell: a plan may rename a table, or drop one and make another by the same name.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]
Path = tuple[str, ...]
"""(schema, name) of a table."""

_READ = """
    select c.oid::bigint, array[n.nspname, c.relname]::text[], c.relkind::text,
           coalesce(a.numbers, '{}'), coalesce(a.names, '{}'), c.relnatts::int
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join (
        select attrelid, array_agg(attnum::int order by attnum) as numbers,
               array_agg(attname::text order by attnum) as names
        from pg_catalog.pg_attribute
        where attnum > 0 and not attisdropped and attrelid >= 16384
        group by attrelid
    ) a on a.attrelid = c.oid
    where c.relkind in ('r', 'p', 'm') and c.oid >= 16384 and n.nspname !~ '^pg_'
"""
_TYPES = """
    select t.oid::bigint, array[n.nspname, t.typname]::text[]
    from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where t.oid >= 16384 and n.nspname !~ '^pg_'
"""


@dataclasses.dataclass(frozen=True)
class Table:
    """A table, partitioned table or materialized view, and the names of its columns by number.

    `numbers` is how many of these were given, to dropped columns too.
    """

    path: Path
    relkind: str
    columns: Mapping[int, str]
    numbers: int


@dataclasses.dataclass(frozen=True)
class Origin:
    """What a table at the end of the plan is on live: its path there, and its columns.

    `columns` maps the name of a column at the end to its name on live; one that is missing is new. `added` is how many
    the plan adds to the table, those that it drops again among them; of one that is made again it is none.
    """

    path: Path
    relkind: str
    columns: Mapping[str, str]
    added: int = 0


@dataclasses.dataclass(frozen=True)
class Lineage:
    """`tables` maps the tables at the end that live has to what they are there; the rest of them are new and empty."""

    tables: Mapping[Path, Origin]
    types: frozenset[Path]
    """The types at the end that live has, perhaps by another name."""
    lost_tables: tuple[Table, ...]
    lost_columns: tuple[tuple[Table, str, Path], ...]
    """The table and the column, and the path of the table at the end."""


@dataclasses.dataclass(frozen=True)
class Standing:
    """The tables and the types of a copy, by oid."""

    tables: Mapping[int, Table]
    types: Mapping[int, Path]


def standing(connection: Connection) -> Standing:
    """What a copy holds now."""
    tables = {
        oid: Table(tuple(path), relkind, dict(zip(numbers, names, strict=True)), given)
        for oid, path, relkind, numbers, names, given in connection.execute(_READ).fetchall()
    }
    return Standing(tables, {oid: tuple(path) for oid, path in connection.execute(_TYPES).fetchall()})


@dataclasses.dataclass(frozen=True)
class Moved:
    """A table that was made again and has its rows back: its path on live, and there its columns by their new names."""

    path: Path
    columns: Mapping[str, str]


def lineage(before: Standing, after: Standing, moved: Mapping[Path, Moved]) -> Lineage:
    """What the tables of one copy are after a plan has run on it; `moved` are those that only have another oid."""
    kept = {}
    lost = []
    for oid, was in before.tables.items():
        now = after.tables.get(oid)
        if now is None:
            continue
        columns = {name: was.columns[number] for number, name in now.columns.items() if number in was.columns}
        kept[now.path] = Origin(was.path, was.relkind, columns, now.numbers - was.numbers)
        lost += [(was, name, now.path) for number, name in was.columns.items() if number not in now.columns]
    for path, one in moved.items():
        was = next(table for table in before.tables.values() if table.path == one.path)
        now = next(table for table in after.tables.values() if table.path == path)
        kept[path] = Origin(
            was.path, was.relkind, {n: one.columns[n] for n in now.columns.values() if n in one.columns}
        )
        lost += [(was, name, path) for name in one.columns.values() if name not in kept[path].columns.values()]
    gone = tuple(table for oid, table in before.tables.items() if oid not in after.tables)
    types = frozenset(path for oid, path in after.types.items() if oid in before.types)
    return Lineage(kept, types, gone, tuple(lost))

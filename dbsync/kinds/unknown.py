"""What the catalog holds and no kind reads: found by name, never skipped in silence."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Self

import psycopg

from dbsync.model.objects import Object
from dbsync.model.steps import Step

# What is a part of another object, and what is data: large objects are rows.
_PARTS = frozenset({"pg_amop", "pg_amproc", "pg_enum", "pg_largeobject_metadata"})
# NOT NULL belongs to its column or domain.
_COUNTED = {"pg_constraint": " and contype <> 'n'"}

_CATALOGS = """
    select c.relname::text
    from pg_catalog.pg_class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'oid'
    where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and not c.relisshared
      and pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')
"""

# Row types, array types, indexes of constraints, triggers of foreign keys and the like are internal to what they
# serve; temporary objects are another session's.
_ADDRESSES = """
    with candidate (catalog, oid) as ({union}),
    unread as (
        select c.catalog, c.oid, ('pg_catalog.' || c.catalog)::regclass as class
        from candidate c
        left join unnest(%s::text[], %s::bigint[]) known (catalog, oid)
            on known.catalog = c.catalog and known.oid = c.oid::bigint
        where known.oid is null
          and not (c.catalog = 'pg_class' and exists (
              select from pg_catalog.pg_class r where r.oid = c.oid and r.relnamespace = 'pg_toast'::regnamespace))
    ),
    -- To identify an object takes long, and of most there is no need.
    left_over as materialized (
        select o.class, o.oid from unread o
        where not exists (
            select from pg_catalog.pg_depend d
            where d.classid = o.class and d.objid = o.oid and d.deptype in ('i', 'e', 'P', 'S')
        )
    )
    select i.type, i.identity
    from left_over o
    cross join lateral pg_catalog.pg_identify_object(o.class, o.oid, 0) i
    cross join lateral pg_catalog.pg_identify_object_as_address(o.class, o.oid, 0) a
    where i.identity is not null
      and coalesce(i.schema, '') !~ '^pg_(temp|toast)' and coalesce(a.object_names[1], '') !~ '^pg_(temp|toast)'
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unknown(Object):
    """An object of a kind that dbsync does not know. Path: PostgreSQL's word for the kind, its name in full.

    No steps make, change or drop it: a difference in it remains, and no plan is proven.
    """

    kind = "unknown"
    catalog = ""
    in_schema = False

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """Nothing."""
        del clauses
        yield from ()

    def drop(self) -> Iterator[Step]:
        """Nothing."""
        yield from ()

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Nothing."""
        del before
        return ()


def unknown_objects(cursor: psycopg.Cursor[Any], known: frozenset[tuple[str, int]]) -> Iterator[Unknown]:
    """The objects at addresses that no kind read; `known` holds (system catalog, oid) of those that were."""
    catalogs = [name for (name,) in cursor.execute(_CATALOGS).fetchall() if name not in _PARTS]
    union = " union all ".join(
        f"select '{name}', oid from pg_catalog.{name} where oid >= 16384{_COUNTED.get(name, '')}" for name in catalogs
    )
    addresses = sorted(known)
    query = _ADDRESSES.format(union=union)
    cursor.execute(query, [[c for c, _ in addresses], [o for _, o in addresses]])
    for path in cursor.fetchall():
        yield Unknown(path=path)

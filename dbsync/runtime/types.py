"""Values of the database's own types: enums, composite types, ranges and domains as Python objects."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.pq import Format
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.enum import EnumInfo, register_enum
from psycopg.types.json import JsonbDumper
from psycopg.types.multirange import MultirangeInfo, register_multirange
from psycopg.types.range import RangeInfo, register_range

from dbsync.runtime.rows import attributes, fields
from dbsync.runtime.settings import Types

QUERY = """
    with type as (
        select t.oid, t.typtype, n.nspname, t.typname, t.typarray, t.typrelid, t.typbasetype
        from pg_catalog.pg_type t
        join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        left join pg_catalog.pg_class c on c.oid = t.typrelid
        where t.oid >= 16384 and n.nspname !~ '^pg_' and t.typisdefined
          and (t.typtype in ('e', 'd', 'r') or c.relkind = 'c' or t.typtype = 'b' and t.typcategory <> 'A'
               or exists (select from rows from (pg_catalog.unnest(%s::text[]), pg_catalog.unnest(%s::text[])) g (s, n)
                          where g.s = n.nspname and g.n = t.typname))
    )
    select t.typtype::text, t.nspname::text, t.typname::text, t.oid::int8, t.typarray::int8,
           coalesce(e.labels, a.names, '{}') as names, coalesce(a.types, '{}') as types,
           coalesce(nullif(t.typbasetype, 0), r.rngsubtype, 0)::int8 as base,
           coalesce(m.oid, 0)::int8 as multirange, coalesce(m.typarray, 0)::int8 as multirange_array
    from type t
    left join (
        select enumtypid, array_agg(enumlabel::text order by enumsortorder) as labels
        from pg_catalog.pg_enum group by enumtypid
    ) e on e.enumtypid = t.oid
    left join (
        select attrelid, array_agg(attname::text order by attnum) as names,
               array_agg(atttypid::int8 order by attnum) as types
        from pg_catalog.pg_attribute
        where attnum > 0 and not attisdropped and attrelid in (select typrelid from type)
        group by attrelid
    ) a on a.attrelid = t.typrelid
    left join pg_catalog.pg_range r on r.rngtypid = t.oid
    left join pg_catalog.pg_type m on m.oid = r.rngmultitypid
    order by t.typtype = 'd', t.oid
"""

Row = tuple[str, str, str, int, int, tuple[str, ...], tuple[int, ...], int, int, int]
Register = Callable[["psycopg.BaseConnection[Any]"], None]


class Adapting:
    """Teaches connections the types of a database; what it learned of a type is kept for the next connection."""

    def __init__(self, types: Types):
        self.types = types
        self.parameters = [[schema for schema, _ in types], [name for _, name in types]]
        self._known: dict[Row, Register] = {}

    def adapt(self, connection: "psycopg.BaseConnection[Any]", rows: Sequence[Sequence[Any]]) -> None:
        """Register the types that QUERY found."""
        connection.adapters.register_dumper(dict, JsonbDumper)
        for found in rows:
            row: Row = tuple(tuple(part) if isinstance(part, list) else part for part in found)  # type: ignore[assignment]
            known = self._known.get(row)
            if known is None:
                known = self._known[row] = _registering(row, self.types.get((row[1], row[2])))
            known(connection)


def _registering(row: Row, cls: type[Any] | None) -> Register:
    kind, schema, name, oid, array, names, types, base, multirange, multirange_array = row
    regtype = f"{schema}.{name}"
    if kind == "e" and cls is not None:
        enum = EnumInfo(name, oid, array, names, regtype=regtype)
        members = [(member, member.value) for member in cls]
        return lambda connection: register_enum(enum, connection, cls, mapping=members)
    if kind == "c":
        composite = CompositeInfo(name, oid, array, regtype=regtype, field_names=names, field_types=types)
        return _composite(composite, cls)
    if kind == "r":
        ranges = RangeInfo(name, oid, array, regtype=regtype, subtype_oid=base)
        many = MultirangeInfo(f"{name} multirange", multirange, multirange_array, range_oid=oid, subtype_oid=base)

        def register(connection: "psycopg.BaseConnection[Any]") -> None:
            register_range(ranges, connection)
            register_multirange(many, connection)

        return register
    plain = TypeInfo(name, oid, array, regtype=regtype)
    return lambda connection: _plain(plain, base, connection)


def _plain(info: TypeInfo, base: int, connection: "psycopg.BaseConnection[Any]") -> None:
    """Arrays of the type, and for a domain its values, which in arrays and composites carry the domain's own oid."""
    info.register(connection)
    for form in (Format.TEXT, Format.BINARY):
        if base and (loader := connection.adapters.get_loader(base, form)):
            connection.adapters.register_loader(info.oid, loader)


def _composite(info: CompositeInfo, cls: type[Any] | None) -> Register:
    if cls is None:
        return lambda connection: register_composite(info, connection)
    arguments, holding = fields(cls), attributes(cls)
    taken = [arguments.get(name, name) for name in info.field_names]
    getters = [operator.attrgetter(holding.get(name, name)) for name in info.field_names]

    def make(values: Sequence[Any], _: CompositeInfo) -> Any:
        return cls(**dict(zip(taken, values, strict=True)))

    def take(value: Any, _: CompositeInfo) -> Sequence[Any]:
        return [getter(value) for getter in getters]

    return lambda connection: register_composite(info, connection, cls, make_object=make, make_sequence=take)

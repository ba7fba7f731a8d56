"""Which types rows may hold values of, by themselves or inside of other types."""

from typing import Final

STORED: Final = """with recursive part (whole, part) as (
            select typarray, oid from pg_catalog.pg_type where typarray <> 0 and oid >= 16384
            union all
            select oid, typbasetype from pg_catalog.pg_type where typtype = 'd' and oid >= 16384
            union all
            select r.whole, rngsubtype
            from pg_catalog.pg_range cross join lateral (values (rngtypid), (rngmultitypid)) r (whole)
            where rngtypid >= 16384
            union all
            select c.reltype, a.atttypid
            from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
            where c.relkind in ('c', 'v', 'f') and a.attnum > 0 and not a.attisdropped and c.oid >= 16384
        ),
        column_type as (
            select distinct a.atttypid as type
            from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
            where c.relkind in ('r', 'm', 'p') and a.attnum > 0 and not a.attisdropped
              and a.atttypid >= 16384 and c.oid >= 16384
        ),
        stored as (
            select type from column_type
            union
            select p.part from stored s join part p on p.whole = s.type
        )"""
"""The opening of a query: `part` says which type is a part of which whole, `stored` has every type that rows hold."""

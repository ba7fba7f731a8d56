"""What views and materialized views share: how their columns are read."""

from typing import Final

from dbsync.kinds._reloptions import counted

COLUMNS: Final = f"""(
    select a.attrelid,
           array_agg(a.attname::text order by a.attnum) as names,
           array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) order by a.attnum) as types,
           array_agg(case when a.attcollation <> t.typcollation
                          then pg_catalog.format('%%I.%%I', cn.nspname, co.collname) else '' end
                     order by a.attnum) as collations,
           array_agg(coalesce(a.attstattarget, -1)::int order by a.attnum) as targets,
           array_agg(a.attstorage::text order by a.attnum) as storages,
           array_agg(t.typstorage::text order by a.attnum) as type_storages,
           array_agg(a.attcompression::text order by a.attnum) as compressions,
           array_agg(pg_catalog.array_to_string({counted("a.attoptions")}, ',') order by a.attnum) as column_options
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind = '%s' and c.oid >= 16384
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_collation co on co.oid = a.attcollation
    left join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
    where a.attnum > 0 and not a.attisdropped
    group by a.attrelid)"""
"""A subquery with one row for each relation of a relkind that has columns: arrays in the order of its columns."""

"""Reads the columns of tables and foreign tables."""

from dbsync.kinds._counter import COLUMNS
from dbsync.kinds._reloptions import counted

_NOT_NULL = """
               a.attnotnull as not_null,
               case when n.conname is not null and n.conname <> c.relname || '_' || a.attname || '_not_null'
                    then n.conname else '' end::text as not_null_name,
               coalesce(n.connoinherit, false) as not_null_no_inherit, coalesce(n.convalidated, true) as not_null_valid,
               coalesce(n.conname, '')::text as not_null_constraint,
               c.relkind = 'p' and u.conname is not null as not_null_shared,
               coalesce(n.conislocal, false) as not_null_local, coalesce(n.coninhcount, 0) > 0 as not_null_inherited,
               coalesce(h.tables, '{}') as not_null_heirs,"""
_NOT_NULL_SOURCE = """
        left join pg_catalog.pg_constraint n
               on n.conrelid = a.attrelid and n.contype = 'n' and n.conkey = array[a.attnum]
        left join (
            select connamespace, conname from pg_catalog.pg_constraint
            where contype = 'n' group by connamespace, conname having count(*) > 1
        ) u on u.connamespace = n.connamespace and u.conname = n.conname
        left join (
            select i.inhparent, a.attname, array_agg(array[s.nspname, c.relname]::text[] order by i.inhrelid) as tables
            from pg_catalog.pg_inherits i
            join pg_catalog.pg_constraint n on n.conrelid = i.inhrelid and n.contype = 'n'
            join pg_catalog.pg_class c on c.oid = i.inhrelid
            join pg_catalog.pg_namespace s on s.oid = c.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and n.conkey = array[a.attnum]
            where n.conname = c.relname || '_' || a.attname || '_not_null'
            group by i.inhparent, a.attname
        ) h on h.inhparent = a.attrelid and h.attname = a.attname"""
_NOT_NULL_BEFORE_18 = """
               a.attnotnull as not_null, '' as not_null_name, false as not_null_no_inherit, true as not_null_valid,"""

# From 17 on a partition's identity column is its parent's.
_OWN_IDENTITY = "a.attidentity <> '' and not (c.relispartition and {version} >= 170000)"

_QUERY = """
        with relation as materialized (
            select c.oid, c.relname, s.nspname, c.relkind, c.relispartition, c.relpersistence, c.reloftype,
                   coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid), '') as bound
            from pg_catalog.pg_class c
            join pg_catalog.pg_namespace s on s.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'f') and c.oid >= 16384 and s.nspname !~ '^pg_'
        ),
        identity as (
            select d.refobjid, d.refobjsubid, {columns} as counter,
                   array[s.nspname, k.relname]::text[] as name, k.relpersistence
            from pg_catalog.pg_depend d
            join pg_catalog.pg_sequence q on q.seqrelid = d.objid
            join pg_catalog.pg_class k on k.oid = q.seqrelid
            join pg_catalog.pg_namespace s on s.oid = k.relnamespace
            where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
              and d.deptype = 'i' and d.refobjsubid > 0
        ),
        foreign_key as (
            select conrelid as oid, pg_catalog.unnest(conkey) as number
            from pg_catalog.pg_constraint where contype = 'f'
            union
            select confrelid, pg_catalog.unnest(confkey) from pg_catalog.pg_constraint where contype = 'f'
        ),
        parent as (
            select i.inhrelid, a.attname, array_agg(array[s.nspname, p.relname]::text[] order by i.inhseqno) as parents
            from pg_catalog.pg_inherits i
            join pg_catalog.pg_class p on p.oid = i.inhparent and p.relkind in ('r', 'p', 'f')
            join pg_catalog.pg_namespace s on s.oid = p.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = p.oid and a.attnum > 0 and not a.attisdropped
            group by i.inhrelid, a.attname
        )
        select array[c.nspname, c.relname, a.attname]::text[] as path, c.oid::bigint as oid, a.attnum::int as subid,
               pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
               case when a.attcollation = t.typcollation or o.oid is null then ''
                    when os.nspname = 'pg_catalog' then pg_catalog.format('%I', o.collname)
                    else pg_catalog.format('%I.%I', os.nspname, o.collname) end as collation,
               {not_null}
               case when {own_identity} then a.attidentity else '' end::text as identity,
               case when {own_identity} then i.counter else '{{}}' end as counter,
               case when {own_identity} then i.name else '{{}}' end as sequence,
               case when {own_identity} and i.relpersistence <> c.relpersistence
                    then i.relpersistence else '' end::text as sequence_persistence,
               a.attgenerated::text as generated,
               case when a.attgenerated <> '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) else '' end as expression,
               case when a.attstorage <> t.typstorage then a.attstorage else '' end::text as storage,
               t.typstorage::text as type_storage, a.attcompression::text as compression,
               coalesce(a.attstattarget, -1)::int as statistics,
               {options} as options,
               array(select x from pg_catalog.unnest(a.attfdwoptions) x order by x collate "C") as foreign_options,
               a.attislocal or c.relispartition as local, c.bound,
               a.attnum::int as number, {version} as version, c.relkind::text as relkind, c.reloftype <> 0 as typed,
               k.oid is not null as in_foreign_key,
               case when a.attinhcount > 0 then coalesce(p.parents, '{{}}') else '{{}}' end as parents
        from relation c
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join pg_catalog.pg_type t on t.oid = a.atttypid
        left join pg_catalog.pg_collation o on o.oid = a.attcollation
        left join pg_catalog.pg_namespace os on os.oid = o.collnamespace
        left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        left join identity i on i.refobjid = a.attrelid and i.refobjsubid = a.attnum
        left join foreign_key k on k.oid = a.attrelid and k.number = a.attnum
        left join parent p on p.inhrelid = a.attrelid and p.attname = a.attname{not_null_source}
"""


def query(version: int) -> str:
    """The query for a server of this version."""
    named = version >= 180000
    return _QUERY.format(
        version=version,
        columns=COLUMNS,
        options=counted("a.attoptions"),
        own_identity=_OWN_IDENTITY.format(version=version),
        not_null=_NOT_NULL if named else _NOT_NULL_BEFORE_18,
        not_null_source=_NOT_NULL_SOURCE if named else "",
    )

"""The fingerprint of what an application sees of a schema: relations, their columns, and the types of these.

It is read from the catalog itself, in one query that any role may run, so that it also notices what was changed past
dbsync; constraints, indexes, functions and privileges do not count, nor the order of a table's columns.
"""

from typing import Any
from urllib.parse import quote, unquote

import psycopg
from psycopg.rows import tuple_row

from dbsync.errors import Stale

QUERY = r"""
    with schema as (
        select oid, nspname from pg_catalog.pg_namespace
        where nspname !~ '^pg_' and nspname not in ('information_schema', 'dbsync')
          and (%(schemas)s::text[] is null or nspname = any (%(schemas)s::text[]))
    ),
    -- Names as constants: which words need quotes as names is not the same in all versions.
    type as (
        select t.oid, pg_catalog.format('%%L.%%L', n.nspname, coalesce(e.typname, t.typname))
               || case when e.oid is null then '' else '[]' end as name, t.typdefault is not null as has_default
        from pg_catalog.pg_type t
        left join pg_catalog.pg_type e on e.typarray = t.oid and e.oid = t.typelem
        join pg_catalog.pg_namespace n on n.oid = coalesce(e.typnamespace, t.typnamespace)
    ),
    member as (
        select classid, objid from pg_catalog.pg_depend
        where deptype = 'e' and classid in ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass)
    ),
    line (schema, text) as (
        select s.nspname, pg_catalog.concat_ws(' ',
                   case c.relkind when 'p' then 'r' when 'm' then 'v' else c.relkind end,
                   pg_catalog.format('%%L.%%L.%%L', s.nspname, c.relname, a.attname),
                   case when c.relkind = 'c' then row_number() over (partition by c.oid order by a.attnum) end,
                   t.name, a.atttypmod, a.attnotnull,
                   case when a.attgenerated <> '' or a.attidentity = 'a' then 'given'
                        when a.atthasdef or a.attidentity = 'd' or t.has_default then 'default' end)
        from schema s
        join pg_catalog.pg_class c on c.relnamespace = s.oid
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join type t on t.oid = a.atttypid
        where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and not c.relispartition
          and not exists (select from member m where m.objid = c.oid and m.classid = 'pg_catalog.pg_class'::regclass
                          or m.objid = c.reltype and m.classid = 'pg_catalog.pg_type'::regclass)
        union all
        select s.nspname, pg_catalog.concat_ws(' ', t.typtype, pg_catalog.format('%%L.%%L', s.nspname, t.typname),
                   b.name, t.typtypmod, t.typnotnull, e.labels)
        from schema s
        join pg_catalog.pg_type t on t.typnamespace = s.oid and t.typtype in ('e', 'd', 'r')
        left join pg_catalog.pg_range r on r.rngtypid = t.oid
        left join type b on b.oid = coalesce(r.rngsubtype, nullif(t.typbasetype, 0))
        left join (
            select enumtypid, array_agg(enumlabel order by enumsortorder)::text as labels
            from pg_catalog.pg_enum group by enumtypid
        ) e on e.enumtypid = t.oid
        where not exists (select from member m where m.objid = t.oid and m.classid = 'pg_catalog.pg_type'::regclass)
    )
    select coalesce(array_agg(distinct schema::text), '{}'),
           pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
               coalesce(pg_catalog.string_agg(text, E'\n' order by text collate "C"), ''), 'UTF8')), 'hex')
    from line
"""
_LENGTH = 32


class WrongSchema(Stale):
    """The database does not have the schema that the application was built for."""


def fingerprint(connection: "psycopg.Connection[Any]", schemas: list[str] | None = None) -> str:
    """The fingerprint of these schemas, or of all."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return written(cursor.execute(QUERY, {"schemas": schemas}).fetchone(), schemas)


def written(row: tuple[Any, ...] | None, schemas: list[str] | None = None) -> str:
    """The fingerprint of what QUERY says; it begins with the schemas that it speaks of."""
    found, digest = row or ([], "")
    named = ",".join(quote(name, safe="") for name in sorted(schemas or found))
    return f"{named}:{digest[:_LENGTH]}"


def schemas_of(wanted: str) -> list[str]:
    """The schemas that a fingerprint speaks of."""
    return [unquote(name) for name in wanted.partition(":")[0].split(",") if name]


def mismatch(label: str, wanted: str, found: str) -> WrongSchema | None:
    """The error where two fingerprints differ."""
    if wanted == found:
        return None
    return WrongSchema(
        f"{label} does not have the schema that this application was built for",
        detail=f"the application expects {wanted}, the database has {found}",
        hint="dbsync plan shows what differs; if the application is older than the schema file, "
        "run dbsync models and deploy it",
    )

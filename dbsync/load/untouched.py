"""What is PostgreSQL's own stays as it is, whatever an act does: it is what a superuser's sessions run on."""

from typing import Any

import psycopg
from psycopg.rows import tuple_row

from dbsync.load.unsafe import UnsafeActError

Connection = psycopg.Connection[Any]

_NAMES = """
    select pg_catalog.md5(pg_catalog.string_agg(proname, ',' order by oid)) from pg_catalog.pg_proc where oid < 16384"""

_FILES = ("lo_export", "lo_import", "pg_ls_dir", "pg_read_binary_file", "pg_read_file", "pg_stat_file")
"""Functions that reach files of the server, and ask nothing but whether they may be called."""

_OF_AN_EXTENSION = """
    select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.{catalog}'::pg_catalog.regclass
      and d.objid = o.oid and d.deptype in ('e', 'i')"""


def _added(catalog: str, schema: str) -> str:
    """Whatever a catalog has in PostgreSQL's own schemas that did not come with it, or with an extension."""
    return f"""
        select pg_catalog.pg_describe_object('pg_catalog.{catalog}'::pg_catalog.regclass, o.oid, 0)
        from pg_catalog.{catalog} o
        where o.oid >= 16384 and o.{schema} in ('pg_catalog'::pg_catalog.regnamespace,
                                                'information_schema'::pg_catalog.regnamespace)
          and not exists ({_OF_AN_EXTENSION.format(catalog=catalog)})"""


_TOUCHED = f"""
    {_added("pg_proc", "pronamespace")}
    union all {_added("pg_operator", "oprnamespace")}
    union all {_added("pg_type", "typnamespace")}
    union all
    select 'the right to make objects in schema ' || n.nspname
    from pg_catalog.pg_namespace n
    where n.oid < 16384 and n.nspname in ('pg_catalog', 'information_schema')
      and (n.nspowner <> 10 or exists (select from pg_catalog.aclexplode(n.nspacl) a
                                       where a.privilege_type = 'CREATE' and a.grantee <> 10))
    union all
    select 'the right to call ' || p.oid::pg_catalog.regprocedure
    from pg_catalog.pg_proc p
    where p.oid < 16384
      and (p.proowner <> 10
           or p.proname = any ('{{{",".join(_FILES)}}}')
              and exists (select from pg_catalog.aclexplode(p.proacl) a
                          where a.grantee not in (10, 'pg_read_server_files'::pg_catalog.regrole)))
    union all
    select 'the name of a function' where ({_NAMES}) <> %s
    union all
    select 'language ' || lanname from pg_catalog.pg_language where oid in (12, 13) and lanpltrusted
    union all
    select 'the cast from ' || pg_catalog.format_type(o.castsource, null) || ' to '
           || pg_catalog.format_type(o.casttarget, null)
    from pg_catalog.pg_cast o
    where o.castsource < 16384 and o.casttarget < 16384 and o.castfunc >= 16384
      and not exists ({_OF_AN_EXTENSION.format(catalog="pg_cast")})
    union all
    select 'operator family ' || f.opfname
    from pg_catalog.pg_opfamily f
    left join pg_catalog.pg_amproc p on p.amprocfamily = f.oid and p.oid >= 16384
                                    and p.amproclefttype < 16384 and p.amprocrighttype < 16384
    left join pg_catalog.pg_amop o on o.amopfamily = f.oid and o.oid >= 16384
                                  and o.amoplefttype < 16384 and o.amoprighttype < 16384
    where f.oid < 16384 and (p.oid is not null or o.oid is not null)
    limit 1"""
_IS_SUPERUSER = "select from pg_catalog.pg_roles where rolname = %s and rolsuper"


def names(session: Connection) -> str:
    """A digest of the names of PostgreSQL's functions, for `check` afterwards."""
    with session.cursor(row_factory=tuple_row) as cursor:
        return str(cursor.execute(_NAMES.encode()).fetchall()[0][0])


def check(session: Connection, before: str) -> None:
    """UnsafeActError where something of PostgreSQL's own would run code of the file's in everybody's sessions, or would
    give a right that only superusers have."""
    with session.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_TOUCHED.encode(), [before]).fetchone()
    if row:
        raise UnsafeActError(
            f"this would change what is PostgreSQL's own: {row[0]}",
            "take it out of the schema: a scratch server is not given such rights, whoever has them elsewhere",
        )


def check_owner(session: Connection, owner: str) -> None:
    """UnsafeActError where a superuser of the scratch server would be the owner: what it owns may run as it."""
    with session.cursor(row_factory=tuple_row) as cursor:
        if cursor.execute(_IS_SUPERUSER.encode(), [owner]).fetchone() is not None:
            raise UnsafeActError(f"the role {owner} is reserved for the scratch server", "name another owner")

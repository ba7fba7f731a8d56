"""CREATE EXTENSION as a scratch server may run it: the script runs as a superuser, and must not meet the file's names.

A script names functions and operators without their schema, and PostgreSQL looks for them in the extension's schema and
in those of the extensions that it requires (section "Security Considerations for Extension Scripts" of the manual).
"""

from collections.abc import Iterator
from typing import Any

import psycopg
from postgast import pg_query_pb2 as pb
from psycopg.rows import tuple_row

from dbsync import sql
from dbsync.load import tree
from dbsync.load.unsafe import UnsafeActError

Connection = psycopg.Connection[Any]

_EXTENSION = """
    select v.trusted, v.relocatable, coalesce(%(schema)s, v.schema::text, %(current)s),
           array(select n.nspname::text from pg_catalog.pg_extension e
                 join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = any (v.requires))
    from pg_catalog.pg_available_extension_versions v join pg_catalog.pg_available_extensions a using (name)
    where v.name = %(name)s and v.version = coalesce(%(version)s, a.default_version)"""
_OF_THE_FILE = """
    select coalesce(
        (select o.class || ' ' || o.name from (
            select 'the function' as class, p.oid::pg_catalog.regprocedure::text as name, p.oid,
                   'pg_catalog.pg_proc'::pg_catalog.regclass as classid, p.pronamespace as namespace
            from pg_catalog.pg_proc p where p.oid >= 16384
            union all
            select 'the operator', o.oid::pg_catalog.regoperator::text, o.oid,
                   'pg_catalog.pg_operator'::pg_catalog.regclass, o.oprnamespace
            from pg_catalog.pg_operator o where o.oid >= 16384) o
         where o.namespace in (select oid from pg_catalog.pg_namespace where nspname = any (%s))
           and not exists (select from pg_catalog.pg_depend d
                           where d.classid = o.classid and d.objid = o.oid and d.deptype in ('e', 'i'))
         order by 1 limit 1), '')"""
_ASIDE = "dbsync_extension"


def extension(session: Connection, node: pb.Node, statement: str, current: str | None) -> Iterator[str]:
    """The statements that make an extension, or update it, so that its script meets nothing of the file's. `current` is
    the schema in which the session makes things.

    UnsafeActError where it would.
    """
    creates = node.WhichOneof("node") == "create_extension_stmt"
    body = node.create_extension_stmt if creates else node.alter_extension_stmt
    options = {one.def_elem.defname: one.def_elem.arg for one in body.options}
    schema = options["schema"].string.sval if "schema" in options else None
    version = options["new_version"].string.sval if "new_version" in options else None
    with session.cursor(row_factory=tuple_row) as cursor:
        given = {"name": body.extname, "schema": schema, "version": version, "current": current}
        if not creates:
            given["schema"] = _there(cursor, body.extname)
        found = cursor.execute(_EXTENSION.encode(), given).fetchone()
        if found is None or found[0]:
            # PostgreSQL says that it is missing; or the author of the script promises that it meets nothing foreign.
            yield statement
            return
        _, relocatable, target, required = found
        foreign = _met(cursor, [target, *required])
        if not foreign or (creates and _there(cursor, body.extname)):
            yield statement
            return
        if creates and relocatable and "cascade" not in options and not _met(cursor, required):
            yield from _made_aside(body, target, statement)
            return
    raise UnsafeActError(
        f"the script of extension {body.extname}, which runs as a superuser, would find {foreign}",
        "write CREATE EXTENSION before what is made in that schema, or give the extension a schema of its own",
    )


def _there(cursor: "psycopg.Cursor[Any]", name: str) -> str | None:
    """The schema of an extension that is there already."""
    row = cursor.execute(
        b"select n.nspname::text from pg_catalog.pg_extension e"
        b" join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = %s",
        [name],
    ).fetchone()
    return row[0] if row else None


def _met(cursor: "psycopg.Cursor[Any]", schemas: list[str]) -> str:
    """The first function or operator in these schemas that belongs to no extension."""
    row = cursor.execute(_OF_THE_FILE.encode(), [schemas]).fetchone()
    return str(row[0]) if row else ""


def _made_aside(body: Any, target: str, statement: str) -> Iterator[str]:
    """Made in a schema of its own, and then moved where it belongs."""
    parsed = tree.parse(statement)
    if parsed is None:
        raise AssertionError("what cannot be parsed is no act")
    aside = parsed.stmts[0].stmt.create_extension_stmt
    others = [one for one in aside.options if one.def_elem.defname != "schema"]
    del aside.options[:]
    aside.options.extend(others)
    option = aside.options.add().def_elem
    option.defname = "schema"
    option.arg.string.sval = _ASIDE
    option.defaction = pb.DEFELEM_UNSPEC
    yield f"CREATE SCHEMA {_ASIDE}"
    yield tree.deparse(parsed)
    yield f"ALTER EXTENSION {sql.name(body.extname)} SET SCHEMA {sql.name(target)}"
    yield f"DROP SCHEMA {_ASIDE}"

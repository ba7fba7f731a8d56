"""What live gives to new objects by itself, where the file says nothing of it: privileges and row security.

A dump holds default privileges and event triggers at its end, so that loading it makes every object before these can
act. On live they act on each new object. Objects that the file says nothing of are therefore given, in the desired
database, what live gives: that is tried on the copy of live, in a transaction that is rolled back. What live holds
already in that form is no difference either.
"""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from postgast import pg_query_pb2 as pb

from dbsync import sql
from dbsync.load import tree
from dbsync.model.catalog import Catalog
from dbsync.model.objects import aside
from dbsync.model.text import Script
from dbsync.planning.manage import Managed
from dbsync.planning.renaming import Renamed
from dbsync.planning.sources import Source
from dbsync.planning.workspace import DESIRED, Workspace

Connection = psycopg.Connection[Any]
Key = tuple[str, ...]
"""What it is ("TABLE", "VIEW"), and its names; the arguments end that of a routine."""

_ACTING = frozenset({"default privilege", "event trigger"})

_READ = """
    with member as materialized (
        select classid, objid from pg_catalog.pg_depend where deptype = 'e'
    ), thing (class, oid, key, acl, owner, secured, forced) as (
        select c.tableoid, c.oid,
               array[case c.relkind when 'S' then 'SEQUENCE' when 'r' then 'TABLE' when 'p' then 'TABLE'
                     else 'VIEW' end, n.nspname, c.relname]::text[],
               c.relacl, c.relowner, c.relrowsecurity, c.relforcerowsecurity
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.oid >= 16384 and n.nspname !~ '^pg_'
        union all
        select p.tableoid, p.oid,
               array['ROUTINE', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)]::text[],
               p.proacl, p.proowner, false, false
        from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        where p.oid >= 16384 and n.nspname !~ '^pg_'
        union all
        select t.tableoid, t.oid, array['TYPE', n.nspname, t.typname]::text[], t.typacl, t.typowner, false, false
        from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        left join pg_catalog.pg_class c on c.oid = t.typrelid
        where t.oid >= 16384 and n.nspname !~ '^pg_' and t.typelem = 0 and (c.oid is null or c.relkind = 'c')
          and t.typtype <> 'm'
        union all
        select tableoid, oid, array['SCHEMA', nspname]::text[], nspacl, nspowner, false, false
        from pg_catalog.pg_namespace where oid >= 16384 and nspname !~ '^pg_' and nspname <> 'dbsync'
    )
    select t.key, t.acl is null, t.secured, t.forced, pg_catalog.pg_get_userbyid(t.owner)::text,
           coalesce((
               select array_agg(array[
                   case e.grantee when 0 then '' when t.owner then '(owner)'
                        else pg_catalog.pg_get_userbyid(e.grantee)::text end,
                   e.privilege_type, e.is_grantable::text]::text[])
               from pg_catalog.aclexplode(t.acl) e where e.grantor = t.owner
           ), '{}')
    from thing t
    where (%(key)s::text[] is null or t.key[:3] = %(key)s)
      and not exists (select from member m where m.classid = t.class and m.objid = t.oid)
"""

_MAKING: Mapping[str, str] = {
    "TABLE": "CREATE TABLE {} ()",
    "VIEW": "CREATE VIEW {} AS SELECT 1 AS a",
    "SEQUENCE": "CREATE SEQUENCE {}",
    "ROUTINE": "CREATE FUNCTION {}(pg_catalog.txid_snapshot) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "TYPE": "CREATE TYPE {} AS ENUM ()",
    "SCHEMA": "CREATE SCHEMA {}",
}


@dataclasses.dataclass(frozen=True)
class Given:
    """What an object has: its privileges as (grantee, privilege, whether it may be granted on), None for those that
    PostgreSQL gives by itself; and whether row security is on, and forced."""

    privileges: frozenset[tuple[str, str, bool]] | None
    secured: bool = False
    forced: bool = False

    def beyond(self, kind: str) -> frozenset[tuple[str, str, bool]]:
        """What others than the owner may do that PostgreSQL does not give by itself."""
        return frozenset(
            one for one in self.privileges or () if one[0] != _OWNER and one not in _BUILT_IN.get(kind, ())
        )


_OWNER = "(owner)"
_BUILT_IN = {"ROUTINE": {("", "EXECUTE", False)}, "TYPE": {("", "USAGE", False)}}


def newcomers(
    workspace: Workspace, begun: Renamed, desired: Catalog, source: Source, managed: Managed
) -> tuple[Catalog, tuple[str, ...]]:
    """Give objects of the desired database what live gives, where the file says nothing: its catalog then, and notes.

    `begun` is the copy of live after the renames, `desired` what the desired database holds.
    """
    if source.complete or not any(one.kind in _ACTING for one in begun.catalog.objects):
        return desired, ()
    with (
        workspace.scratch.connect(DESIRED) as admin,
        workspace.scratch.connect(begun.database) as copy,
        workspace.running(begun.database) as live,
        workspace.running(DESIRED) as end,
    ):
        wanted, there, opened = _things(admin), _things(copy), _opened(source.script)
        # Default privileges are the same for all objects of a kind in a schema; an event trigger may look at each.
        alike = not any(one.kind == "event trigger" for one in begun.catalog.objects)
        known: dict[Key, Given | None] = {}
        notes: list[str] = []
        changed = False
        for key, (own, owner) in sorted(wanted.items()):
            now = there[key][0] if key in there else None
            silent = own.privileges is None and managed.privileges
            if own == now or not (silent or (key[0] == "TABLE" and not own.secured)):
                continue
            group = key[: len(key[:3]) - 1] if alike else key
            if group not in known:
                known[group] = _given(live, key, new=now is None)
            if (gives := known[group]) is None:
                continue
            texts: list[str] = []
            told: list[str] = []
            if silent and gives.privileges is not None and (now is None or now.privileges == gives.privileges):
                texts += _grants(key, gives.privileges, owner)
                if now is None and (more := gives.beyond(key[0]) - _at_the_end(end, key)):
                    told.append(_wider(key, more))
            if gives.secured and (now is None or (now.secured, now.forced) == (gives.secured, gives.forced)):
                texts += () if key[1:] in opened else _secured(key, forced=gives.forced)
                told.append((_OPENED if key[1:] in opened else _SECURED).format(table=_name(key)))
            changed = _done(end, texts) or changed
            # What is there already is no news.
            notes += told if now is None else ()
    return workspace.read_again(DESIRED) if changed else desired, tuple(notes)


def _done(end: Connection, texts: Sequence[str]) -> bool:
    """Whether the statements, if there are any, were run; as live's role, since they wake event triggers of the file.

    What that role may not change stays as the file's own order of statements made it.
    """
    try:
        with end.transaction():
            for text in texts:
                end.execute(text.encode())
    except psycopg.errors.InsufficientPrivilege:
        return False
    return bool(texts)


_OPENED = (
    "ACCESS: the file turns row security off for the new table {table}, and the live database turns it on for new ones"
)
_SECURED = (
    "row security is on for the new table {table}, as for every new one in the live database: the file does not say"
)


def _wider(key: Key, more: frozenset[tuple[str, str, bool]]) -> str:
    by_role: dict[str, list[str]] = {}
    for role, privilege, _ in sorted(more):
        by_role.setdefault(role or "PUBLIC", []).append(privilege)
    what = "; ".join(f"{', '.join(names)} for {role}" for role, names in by_role.items())
    return (
        f"ACCESS: the file says nothing of who may use the new {_word(key)} {_name(key)}, and the live database lets"
        f" others use new ones: {what}"
    )


def _word(key: Key) -> str:
    return {"ROUTINE": "function"}.get(key[0], key[0].lower())


def _name(key: Key) -> str:
    return f"{sql.qualified(*key[1:3])}({key[3]})" if key[0] == "ROUTINE" else sql.qualified(*key[1:])


def _things(connection: Connection, key: Key | None = None) -> dict[Key, tuple[Given, str]]:
    """What the objects of a database have, and their owners; with a key those that have this kind and name."""
    rows = connection.execute(_READ.encode(), {"key": list(key) if key else None}).fetchall()
    return {
        tuple(names): (
            Given(None if unset else frozenset((to, what, on == "true") for to, what, on in acl), secured, forced),
            owner,
        )
        for names, unset, secured, forced, owner, acl in rows
    }


def _given(probe: Connection, key: Key, *, new: bool) -> Given | None:
    """What a new object like this one gets; None where none can be made: an event trigger may refuse it.

    Nothing of it stays. One whose name is taken is tried by another.
    """
    kind, *path = key[:3]
    if not new:
        path[-1] = aside(path[-1])
    found: dict[Key, tuple[Given, str]] = {}
    try:
        with probe.transaction(force_rollback=True):
            if kind != "SCHEMA":
                probe.execute(f"CREATE SCHEMA IF NOT EXISTS {sql.name(path[0])}".encode())
            probe.execute(_MAKING[kind].format(sql.qualified(*path)).encode())
            found = _things(probe, (kind, *path))
    except psycopg.Error:
        if probe.broken:
            raise
    return next((given for names, (given, _) in found.items() if kind != "ROUTINE" or names[3] in _PROBED), None)


_PROBED = frozenset({"txid_snapshot", "pg_catalog.txid_snapshot"})


def _at_the_end(end: Connection, key: Key) -> frozenset[tuple[str, str, bool]]:
    """What the file lets others do with new objects like this, once all of it is loaded."""
    given = _given(end, key, new=False)
    return given.beyond(key[0]) if given else frozenset()


def _grants(key: Key, privileges: frozenset[tuple[str, str, bool]], owner: str) -> Iterator[str]:
    on = f"{'TABLE' if key[0] == 'VIEW' else key[0]} {_name(key)}"
    yield f"REVOKE ALL ON {on} FROM PUBLIC, {sql.name(owner)}"
    for grantee, privilege, grantable in sorted(privileges):
        to = sql.name(owner) if grantee == _OWNER else sql.role(grantee)
        yield f"GRANT {privilege} ON {on} TO {to}{' WITH GRANT OPTION' if grantable and grantee != _OWNER else ''}"


def _secured(key: Key, *, forced: bool) -> Iterator[str]:
    yield f"ALTER TABLE {sql.qualified(*key[1:])} ENABLE ROW LEVEL SECURITY"
    if forced:
        yield f"ALTER TABLE {sql.qualified(*key[1:])} FORCE ROW LEVEL SECURITY"


def _opened(script: Script) -> Collection[Key]:
    """The tables of which the file says that row security is off, by their names as they stand there."""
    found: set[Key] = set()
    for statement in script.statements:
        if statement.node != "AlterTableStmt" or "security" not in statement.sql.lower():
            continue
        node = tree.node(statement.sql)
        if node and any(one.alter_table_cmd.subtype == pb.AT_DisableRowSecurity for one in node.alter_table_stmt.cmds):
            relation = node.alter_table_stmt.relation
            found.add((relation.schemaname or "public", relation.relname))
    return found

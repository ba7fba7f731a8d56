"""Default privileges: what a role's new objects will allow to whom."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._acl import known, statements
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class DefaultPrivilege(Object):
    """Path: the role, the schema or "", what the objects are ("TABLES"), the grantee or "" for PUBLIC.

    Without a schema they stand in place of what PostgreSQL gives by itself, and only what differs from that counts;
    in a schema they come on top.
    """

    kind = "default privilege"
    catalog = "pg_default_acl"
    among = "pg_default_acl"
    in_schema = False
    rank = 95
    query = """
        with acl as (
            select d.oid, d.defaclrole as role, coalesce(n.nspname, '') as schema, d.defaclacl as acl,
                   case d.defaclobjtype when 'r' then 'TABLES' when 'S' then 'SEQUENCES' when 'f' then 'FUNCTIONS'
                       when 'T' then 'TYPES' when 'n' then 'SCHEMAS' when 'L' then 'LARGE OBJECTS' end as objects,
                   pg_catalog.acldefault(
                       case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole
                   ) as initial
            from pg_catalog.pg_default_acl d
            left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
        ), entry as (
            select acl.*, e.*, false as built_in from acl, pg_catalog.aclexplode(acl.acl) e
            union all
            select acl.*, e.*, true from acl, pg_catalog.aclexplode(acl.initial) e where acl.schema = ''
        ), named as (
            select *, privilege_type || (case when pg_catalog.bool_or(is_grantable) over (
                       partition by oid, grantee, built_in, privilege_type
                   ) then '*' else '' end) as label,
                   case grantee when 0 then '' else pg_catalog.pg_get_userbyid(grantee)::text end as grantee_name
            from entry
        )
        select array[pg_catalog.pg_get_userbyid(role)::text, schema, objects, grantee_name]::text[] as path,
               oid::bigint as oid,
               coalesce(array_agg(distinct label) filter (where not built_in), '{}') as privileges,
               coalesce(array_agg(distinct label) filter (where built_in), '{}') as built_in,
               (
                   select array_agg(i.privilege_type)
                   from acl a, pg_catalog.aclexplode(a.initial) i where a.oid = n.oid and i.grantee = n.role
               ) as every
        from named n
        group by oid, role, schema, objects, grantee_name
        having array_agg(distinct label) filter (where not built_in)
            is distinct from array_agg(distinct label) filter (where built_in)
    """

    privileges: tuple[str, ...]
    built_in: tuple[str, ...] = dataclasses.field(compare=False)
    every: tuple[str, ...] = dataclasses.field(compare=False)

    def on(self, version: int) -> Self:
        """What that server lets nobody do is left out."""
        lists = known(version, privileges=self.privileges, built_in=self.built_in, every=self.every)
        return dataclasses.replace(self, **lists)

    def newer(self) -> Iterator[tuple[int, str]]:
        """Those of large objects."""
        if self.path[2] == "LARGE OBJECTS":
            yield 18, "ON LARGE OBJECTS"

    def needs(self) -> Iterator[Id]:
        """Its schema, if it is for one."""
        if self.path[1]:
            yield Id("schema", (self.path[1],))

    def within(self) -> Id | None:
        """Its schema, if it is for one."""
        return Id("schema", (self.path[1],)) if self.path[1] else None

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """ALTER DEFAULT PRIVILEGES."""
        del clauses
        yield from self._change(self.built_in, self.privileges)

    def drop(self) -> Iterator[Step]:
        """Back to what PostgreSQL gives by itself."""
        yield from self._change(self.privileges, self.built_in)

    def alter(self, before: Self) -> Sequence[Step] | None:
        """GRANT and REVOKE of the difference."""
        return tuple(self._change(before.privileges, self.privileges))

    def _change(self, before: Sequence[str], after: Sequence[str]) -> Iterator[Step]:
        role, schema, objects, grantee = self.path
        where = f" IN SCHEMA {sql.name(schema)}" if schema else ""
        for text, _ in statements(before, after, self.every, objects, sql.role(grantee)):
            yield self.step(f"ALTER DEFAULT PRIVILEGES FOR ROLE {sql.name(role)}{where} {text}")

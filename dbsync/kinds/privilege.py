"""Privileges: what a role may do with an object."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._acl import as_role, grant_on, known, statements
from dbsync.kinds._target import target
from dbsync.model.objects import Id, Satellite
from dbsync.model.steps import Step

OWNER = "(owner)"
"""Stands for the owner at the end of the path, since the same object may have another owner elsewhere."""

_RELATIONS = frozenset({"table", "view", "materialized view", "foreign table"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Privilege(Satellite):
    """What one grantee may do, where that is not what PostgreSQL gives by itself to an object of the kind.

    Those in information_schema are left alone: no dump holds them.
    The grantee's name ends the path: "" is PUBLIC, OWNER the owner. What another than the owner granted ends in the
    grantor's name: "SELECT", "SELECT* alice". No privileges at all means that those which PostgreSQL gives by itself
    were revoked; `built_in` holds these, `every` all that the kind has.
    """

    kind = "privilege"
    catalog = ""
    suffixes = 1
    beyond = True
    query = """
        with acl (catalog, oid, subid, acl, owner, kind, sequence) as (
            select 'pg_class', coalesce(d.refobjid, c.oid), coalesce(d.refobjsubid, 0), c.relacl, c.relowner,
                   (case c.relkind when 'S' then 's' else 'r' end)::"char",
                   case when d.objid is not null then array[n.nspname, c.relname]::text[] else '{}' end
            from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            left join pg_catalog.pg_depend d on c.relkind = 'S' and d.deptype = 'i' and d.refobjsubid > 0
                and d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
                and d.refclassid = 'pg_catalog.pg_class'::regclass
            where c.relacl is not null and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
              and n.nspname <> 'information_schema'
            union all
            select 'pg_class', a.attrelid, a.attnum, a.attacl, c.relowner, 'c', '{}'
            from pg_catalog.pg_attribute a
            join pg_catalog.pg_class c on c.oid = a.attrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where a.attacl is not null and not a.attisdropped and n.nspname <> 'information_schema'
            union all
            select 'pg_proc', p.oid, 0, p.proacl, p.proowner, 'f', '{}'
            from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where p.proacl is not null and n.nspname <> 'information_schema'
            union all
            select 'pg_namespace', oid, 0, nspacl, nspowner, 'n', '{}'
            from pg_catalog.pg_namespace where nspacl is not null and nspname <> 'information_schema'
            union all
            select 'pg_type', t.oid, 0, t.typacl, t.typowner, 'T', '{}'
            from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
            where t.typacl is not null and n.nspname <> 'information_schema'
            union all
            select 'pg_language', oid, 0, lanacl, lanowner, 'l', '{}'
            from pg_catalog.pg_language where lanacl is not null
            union all
            select 'pg_foreign_data_wrapper', oid, 0, fdwacl, fdwowner, 'F', '{}'
            from pg_catalog.pg_foreign_data_wrapper where fdwacl is not null
            union all
            select 'pg_foreign_server', oid, 0, srvacl, srvowner, 'S', '{}'
            from pg_catalog.pg_foreign_server where srvacl is not null
        ), changed as (
            -- System objects and members of extensions come with privileges of their own.
            -- (Schema public too, but one that was dropped and made again does not.)
            select acl.*, coalesce(i.initprivs, pg_catalog.acldefault(acl.kind, acl.owner)) as initial
            from acl
            join pg_catalog.pg_class k
                 on k.relname = acl.catalog and k.relnamespace = 'pg_catalog'::regnamespace
            left join pg_catalog.pg_init_privs i
                   on i.classoid = k.oid and i.objoid = acl.oid and i.objsubid = acl.subid
                  and (acl.catalog, acl.oid) <> ('pg_namespace', 2200)
            where acl.acl is distinct from i.initprivs
        ), entry as (
            select c.*, e.*, false as built_in from changed c, pg_catalog.aclexplode(c.acl) e
            union all
            select c.*, e.*, true from changed c, pg_catalog.aclexplode(c.initial) e
        ), named as (
            select *, privilege_type || case when is_grantable then '*' else '' end ||
                   case when grantor = owner then '' else ' ' || pg_catalog.pg_get_userbyid(grantor) end as label,
                   case grantee when 0 then '' when owner then '(owner)'
                        else pg_catalog.pg_get_userbyid(grantee)::text end as name
            from entry
        )
        select catalog as target_catalog, oid::bigint as target_oid, subid::int as target_subid,
               case when sequence = '{}' then array[name] else array['(sequence)', name] end as suffix, sequence,
               pg_catalog.pg_get_userbyid(owner)::text as owner,
               coalesce(array_agg(distinct label) filter (where not built_in), '{}') as privileges,
               coalesce(array_agg(distinct label) filter (where built_in), '{}') as built_in,
               array(
                   select d.privilege_type
                   from pg_catalog.aclexplode(pg_catalog.acldefault(kind, owner)) d where d.grantee = owner
               ) as every
        from named
        group by catalog, oid, subid, kind, owner, name, sequence
        having array_agg(distinct label) filter (where not built_in)
            is distinct from array_agg(distinct label) filter (where built_in)
    """

    privileges: tuple[str, ...]
    built_in: tuple[str, ...] = dataclasses.field(compare=False)
    every: tuple[str, ...] = dataclasses.field(compare=False)
    owner: str = dataclasses.field(compare=False)
    sequence: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """The name of the sequence, for one of an identity column: these stand at the column."""

    def on(self, version: int) -> Self:
        """What that server lets nobody do is left out."""
        lists = known(version, privileges=self.privileges, built_in=self.built_in, every=self.every)
        return dataclasses.replace(self, **lists)

    @property
    def grantee(self) -> str:
        """The role that may use it, as the path has it."""
        return self.path[-1]

    def needs(self) -> Iterator[Id]:
        """What is granted on by those who were granted it."""
        yield from super().needs()
        for grantor in _by_grantor(self.privileges):
            if grantor:
                yield Id(self.kind, (*self.path[:-1], grantor))

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """GRANT, or REVOKE of what PostgreSQL gives by itself."""
        del clauses
        yield from self._change(self.built_in, self.privileges, self.owner)

    def drop(self) -> Iterator[Step]:
        """Back to what PostgreSQL gives by itself."""
        yield from self._change(self.privileges, self.built_in, self.owner)

    def alter(self, before: Self) -> Sequence[Step] | None:
        """GRANT and REVOKE of the difference."""
        return tuple(self._change(before.privileges, self.privileges, before.owner))

    def _change(self, before: Sequence[str], after: Sequence[str], owner: str) -> Iterator[Step]:
        to = sql.name(owner) if self.grantee == OWNER else sql.role(self.grantee)
        had, have = _by_grantor(before), _by_grantor(after)
        for grantor in sorted(had.keys() | have.keys()):
            was, now = had.get(grantor, ()), have.get(grantor, ())
            if grantor:
                yield from self._granted_on(was, now, to, grantor)
            else:
                for text, otherwise in statements(was, now, self.every, self._on(), to, self._column()):
                    yield self.step(text, otherwise=otherwise)

    def _granted_on(self, was: Sequence[str], now: Sequence[str], to: str, grantor: str) -> Iterator[Step]:
        """The same for what another than the owner granted, as that role."""
        names = {one.removesuffix("*") for one in now}
        kept = [one for one in was if one.removesuffix("*") in names]
        gone = {one.removesuffix("*") for one in was} - names
        # Who may not act as the grantor can still take away what he granted on.
        taken = "; ".join(grant_on(gone, grantor, self._on(), self._column()))
        for before, after, more in ((was, kept, [taken]), (kept, now, [])):
            for text, otherwise in statements(before, after, self.every, self._on(), to, self._column()):
                first, *others = (as_role(grantor, one) for one in (text, *otherwise))
                yield self.step(first, otherwise=[*others, *more])

    def _column(self) -> str:
        return f" ({sql.name(self.path[-2])})" if self.of.kind == "column" and not self.sequence else ""

    def _on(self) -> str:
        kind, path = self.of
        if self.sequence:
            return f"SEQUENCE {sql.qualified(*self.sequence)}"
        if kind == "column":
            return f"TABLE {sql.qualified(*path[:2])}"
        if kind in _RELATIONS:
            return f"TABLE {sql.qualified(*path)}"
        if kind == "aggregate":
            return target(Id("function", path))
        if kind == "server":
            return f"FOREIGN SERVER {sql.qualified(*path)}"
        return target(self.of)


def _by_grantor(labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Privileges by who granted them; the empty name is the owner."""
    found: dict[str, tuple[str, ...]] = {}
    for label in labels:
        privilege, _, grantor = label.partition(" ")
        found[grantor] = (*found.get(grantor, ()), privilege)
    return found

"""Comments on objects of every kind."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._target import target
from dbsync.model.objects import Id, Satellite
from dbsync.model.steps import Step

_INDEX = "(index)"
"""Ends the path of a comment on a constraint's index, which is no object of its own."""
_STANDARD = "standard public schema"
_SEQUENCE = "(sequence)"
"""Ends the path of a comment on the sequence of an identity column."""
_NOT_NULL = "(not null)"
"""Stands in the path of a comment on a not-null constraint, which is part of its column, before its name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comment(Satellite):
    """A comment. Those that CREATE EXTENSION and CREATE DATABASE make by themselves are left out.

    For the attribute of a composite type the path is the type's with the attribute's name. Schema public has a comment
    of its own from the start: that it has none is an empty text.
    """

    kind = "comment"
    catalog = "pg_description"
    query = """
        with said as (
            select k.relname::text as catalog, d.objoid, d.objsubid, d.description
            from pg_catalog.pg_description d
            join pg_catalog.pg_class k on k.oid = d.classoid
            where d.objoid >= 16384 or k.relname in ('pg_namespace', 'pg_extension')
            union all
            select 'pg_namespace', n.oid, 0, '' from pg_catalog.pg_namespace n
            where n.nspname = 'public' and pg_catalog.obj_description(n.oid, 'pg_namespace') is null
        )
        select coalesce(
                   case when t.oid is not null then 'pg_type' when i.objid is not null then 'pg_constraint'
                        when n.oid is not null or q.objid is not null then 'pg_class' end,
                   s.catalog
               ) as target_catalog,
               coalesce(t.oid, i.refobjid, n.conrelid, q.refobjid, s.objoid)::bigint as target_oid,
               case when t.oid is not null then 0 when n.oid is not null then n.conkey[1]::int
                    when q.objid is not null then q.refobjsubid else s.objsubid end as target_subid,
               case when t.oid is not null then array[a.attname]::text[]
                    when n.oid is not null then array['(not null)', n.conname]::text[]
                    when q.objid is not null then array['(sequence)']
                    when i.objid is not null then array['(index)'] else '{}' end as suffix,
               s.description as text,
               case when q.objid is not null then array[qn.nspname, c.relname]::text[] else '{}' end as sequence
        from said s
        left join pg_catalog.pg_class c on s.catalog = 'pg_class' and c.oid = s.objoid
        left join pg_catalog.pg_type t on c.relkind = 'c' and t.oid = c.reltype
        left join pg_catalog.pg_attribute a on t.oid is not null and a.attrelid = c.oid and a.attnum = s.objsubid
        left join pg_catalog.pg_depend i on c.relkind in ('i', 'I') and i.deptype = 'i'
            and i.classid = 'pg_catalog.pg_class'::regclass and i.objid = c.oid
            and i.refclassid = 'pg_catalog.pg_constraint'::regclass
        left join pg_catalog.pg_depend q on c.relkind = 'S' and q.deptype = 'i' and q.refobjsubid > 0
            and q.classid = 'pg_catalog.pg_class'::regclass and q.objid = c.oid
            and q.refclassid = 'pg_catalog.pg_class'::regclass
        left join pg_catalog.pg_namespace qn on qn.oid = c.relnamespace
        left join pg_catalog.pg_constraint n on s.catalog = 'pg_constraint' and n.oid = s.objoid
            and n.contype = 'n' and n.conrelid <> 0
        left join pg_catalog.pg_extension e on s.catalog = 'pg_extension' and e.oid = s.objoid
        left join pg_catalog.pg_available_extensions() x on x.name = e.extname
        where s.description is distinct from x.comment
          and not (s.catalog = 'pg_namespace' and s.description = 'standard public schema'
                   and s.objoid in (select oid from pg_catalog.pg_namespace where nspname = 'public'))
    """

    text: str
    sequence: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """The name of the identity column's sequence that it is on."""

    def newer(self) -> Iterator[tuple[int, str]]:
        """What is said of a not-null constraint."""
        if self.of.kind == "column" and self.path[-2] == _NOT_NULL:
            yield 18, "COMMENT ON a not-null constraint"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """COMMENT ON."""
        del clauses
        yield self._say(sql.literal(self.text))

    def drop(self) -> Iterator[Step]:
        """COMMENT ON … IS NULL, or what schema public says by itself."""
        public = self.of == Id("schema", ("public",))
        yield self._say(sql.literal(_STANDARD) if public else "NULL")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """COMMENT ON replaces what was said before."""
        del before
        return tuple(self.create())

    def _say(self, text: str) -> Step:
        return self.step(f"COMMENT ON {self._on()} IS {text}")

    def _on(self) -> str:
        kind, path = self.of
        if kind == "constraint" and path[-1] == _INDEX:
            return f"INDEX {sql.qualified(path[0], path[2])}"
        if kind == "column" and path[-1] == _SEQUENCE:
            return f"SEQUENCE {sql.qualified(*self.sequence)}"
        if kind == "column" and path[-2] == _NOT_NULL:
            return f"CONSTRAINT {sql.name(path[-1])} ON {sql.qualified(*path[:2])}"
        if kind == "composite type" and len(path) == 3:
            return target(Id("column", path))
        return target(self.of)

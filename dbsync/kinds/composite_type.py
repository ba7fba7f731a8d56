"""Composite types made by CREATE TYPE; the row types of tables belong to their tables."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._stored import STORED
from dbsync.kinds._writing import listed
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class CompositeType(Movable):
    """A composite type and its attributes in their order.

    `typed`: a table is OF it. `stored`: rows may hold values of it, so that no attribute can get another type.
    `used`: attributes that other objects speak of.
    """

    kind = "composite type"
    catalog = "pg_type"
    among = "pg_class where relkind = 'c'"
    renewable = True
    part = "attribute"
    rank = 10
    query = f"""
        {STORED},
        attribute as (
            select a.attrelid,
                   array_agg(a.attname::text order by a.attnum) as names,
                   array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) order by a.attnum) as types,
                   array_agg(case when a.attcollation <> t.typcollation
                                  then a.attcollation::regcollation::text end order by a.attnum) as collations
            from pg_catalog.pg_attribute a
            join pg_catalog.pg_class c on c.oid = a.attrelid
            join pg_catalog.pg_type t on t.oid = a.atttypid
            where c.relkind = 'c' and a.attnum > 0 and not a.attisdropped and c.oid >= 16384
            group by a.attrelid
        ),
        used as (
            select a.attrelid, array_agg(distinct a.attname::text) as names
            from pg_catalog.pg_depend d
            join pg_catalog.pg_class c on c.oid = d.refobjid and c.relkind = 'c'
            join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
            where d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjsubid > 0 and d.objid >= 16384
            group by a.attrelid
        )
        select t.oid::bigint as oid,
               array[n.nspname, t.typname]::text[] as path,
               coalesce(a.names, '{{}}') as names,
               coalesce(a.types, '{{}}') as types,
               coalesce(a.collations, '{{}}') as collations,
               t.oid in (select reloftype from pg_catalog.pg_class where reloftype <> 0) as typed,
               t.oid in (select type from stored) as stored,
               coalesce(u.names, '{{}}') as used
        from pg_catalog.pg_type t
        join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        join pg_catalog.pg_class c on c.oid = t.typrelid and c.relkind = 'c'
        left join attribute a on a.attrelid = c.oid
        left join used u on u.attrelid = c.oid
        where t.typtype = 'c' and t.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """
    limits: ClassVar[Mapping[str, str]] = {
        "names": "an attribute moves, or columns hold the type",
        "types": "columns hold the type",
        "collations": "columns hold the type",
    }

    names: tuple[str, ...]
    types: tuple[str, ...]
    collations: tuple[str | None, ...]
    typed: bool = dataclasses.field(default=False, compare=False)
    stored: bool = dataclasses.field(default=False, compare=False)
    used: tuple[str, ...] = dataclasses.field(default=(), compare=False)

    def _attributes(self) -> dict[str, str]:
        """Each attribute's type with its collation."""
        return {
            name: kind if collation is None else f"{kind} COLLATE {collation}"
            for name, kind, collation in zip(self.names, self.types, self.collations, strict=True)
        }

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TYPE … AS."""
        del clauses
        attributes = [f"{sql.name(name)} {kind}" for name, kind in self._attributes().items()]
        yield self.step(listed(f"CREATE TYPE {sql.qualified(*self.path)} AS", attributes))

    def drop(self) -> Iterator[Step]:
        """DROP TYPE."""
        yield self.step(f"DROP TYPE {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Attributes are dropped, changed and added at the end in place, as far as no rows hold them."""
        kept = [name for name in before.names if name in self.names]
        if list(self.names[: len(kept)]) != kept or (before.stored and self._changed(before)):
            return None
        # With typed tables PostgreSQL wants the word; what else depends on an attribute has gone before.
        ending = " CASCADE" if before.typed else ""
        actions = ",\n    ".join(action + ending for action in self._actions(before))
        return [self.step(f"ALTER TYPE {sql.qualified(*self.path)}{_gap(actions)}{actions}")]

    def _actions(self, before: Self) -> Iterator[str]:
        attributes = self._attributes()
        for name in before.names:
            if name not in attributes:
                yield f"DROP ATTRIBUTE {sql.name(name)}"
        for name in self._changed(before):
            yield f"ALTER ATTRIBUTE {sql.name(name)} TYPE {attributes[name]}"
        for name in self.names:
            if name not in before.names:
                yield f"ADD ATTRIBUTE {sql.name(name)} {attributes[name]}"

    def _changed(self, before: Self) -> list[str]:
        old, new = before._attributes(), self._attributes()
        return [name for name in self.names if name in old and old[name] != new[name]]

    def part_names(self) -> tuple[str, ...]:
        """The attributes."""
        return self.names

    def rename_part(self, old: str, new: str) -> Sequence[Step]:
        """ALTER TYPE … RENAME ATTRIBUTE, in the tables OF the type too."""
        ending = " CASCADE" if self.typed else ""
        name = sql.qualified(*self.path)
        return [self.step(f"ALTER TYPE {name} RENAME ATTRIBUTE {sql.name(old)} TO {sql.name(new)}{ending}")]

    def disturbs(self, before: Self) -> frozenset[str]:
        """What speaks of an attribute keeps it from being dropped or changed."""
        touched = {name for name in before.names if name not in self.names} | set(self._changed(before))
        if touched.isdisjoint(before.used):
            return frozenset()
        return frozenset({"view", "materialized view", "rule", "function", "procedure", "policy", "trigger", "default"})


def _gap(actions: str) -> str:
    return "\n    " if "\n" in actions else " "

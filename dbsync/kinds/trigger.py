"""Triggers of tables, foreign tables and views."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds import _attached
from dbsync.kinds._naming import Renamable
from dbsync.model.objects import Id
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trigger(Renamable):
    """A trigger. A partition's copy of its parent's trigger is one only where it fires in another state."""

    kind: ClassVar[str] = "trigger"
    catalog: ClassVar[str] = "pg_trigger"
    among: ClassVar[str] = "pg_trigger where not tgisinternal"
    query: ClassVar[str] = """
        select array[n.nspname, c.relname, t.tgname]::text[] as path, t.oid::bigint as oid,
               c.relkind::text as relkind,
               pg_catalog.substr(pg_catalog.pg_get_triggerdef(t.oid), pg_catalog.length('CREATE ') + 1) as definition,
               t.tgtype & 32 <> 0 as truncates, t.tgenabled::text as enabled, t.tgconstraint <> 0 as is_constraint,
               case when p.oid is not null then array[pn.nspname, pc.relname, p.tgname]::text[] end as parent,
               p.tgenabled::text as parent_enabled
        from pg_catalog.pg_trigger t
        join pg_catalog.pg_class c on c.oid = t.tgrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        left join pg_catalog.pg_trigger p on p.oid = t.tgparentid
        left join pg_catalog.pg_class pc on pc.oid = p.tgrelid
        left join pg_catalog.pg_namespace pn on pn.oid = pc.relnamespace
        where not t.tgisinternal and (t.tgparentid = 0 or t.tgenabled <> p.tgenabled)
          and c.oid >= 16384 and n.nspname !~ '^pg_'"""
    fixed: ClassVar[frozenset[str]] = frozenset({"parent", "is_constraint"})
    limits: ClassVar[Mapping[str, str]] = {"definition": "it is a constraint trigger"}

    relkind: str = dataclasses.field(compare=False)
    definition: str
    """What follows CREATE: timing, events, columns, transition tables, condition, function."""
    enabled: str
    """O, D, R or A, as pg_trigger has it."""
    is_constraint: bool
    parent: tuple[str, ...] | None
    """The path of the trigger that it is a partition's copy of."""
    parent_enabled: str | None = dataclasses.field(compare=False)
    truncates: bool = dataclasses.field(default=False, compare=False)

    def newer(self) -> Iterator[tuple[int, str]]:
        """TRUNCATE of what is elsewhere."""
        if self.truncates and self.relkind == "f":
            yield 16, "TRUNCATE on a foreign table"

    def within(self) -> Id:
        """The table or view."""
        return _attached.relation(self.relkind, self.path)

    def needs(self) -> Iterator[Id]:
        """The table or view, and the trigger that it is a copy of."""
        yield self.within()
        if self.parent:
            yield Id("trigger", self.parent)

    def implied_by(self) -> Iterator[Id]:
        """The trigger that it is a copy of: a change of that one's state goes on to its copies."""
        if self.parent:
            yield Id("trigger", self.parent)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TRIGGER, and its state if that is not the usual one."""
        del clauses
        if not self.parent:
            yield self.step(f"CREATE {self.definition}")
        if self.parent or self.enabled != "O":
            yield self._state(self.enabled)

    def drop(self) -> Iterator[Step]:
        """DROP TRIGGER; a partition's copy goes back to its parent's state."""
        if self.parent_enabled:
            yield self._state(self.parent_enabled)
        else:
            yield self.step(f"DROP TRIGGER {sql.name(self.path[2])} ON {sql.qualified(*self.path[:2])}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """CREATE OR REPLACE TRIGGER, which enables it, but for constraint triggers; the state alone by ALTER TABLE."""
        if self.parent or self.definition == before.definition:
            return (self._state(self.enabled),)
        if self.is_constraint:
            return None
        replace = self.step(f"CREATE OR REPLACE {self.definition}")
        return (replace,) if self.enabled == "O" else (replace, self._state(self.enabled))

    def _state(self, enabled: str) -> Step:
        return self.step(_attached.firing(self.relkind, self.path, "TRIGGER", enabled))

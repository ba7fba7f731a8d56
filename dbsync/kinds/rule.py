"""Rules, but for the one that makes a view a view."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds import _attached
from dbsync.kinds._naming import Renamable
from dbsync.model.objects import Id
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rule(Renamable):
    """A rewrite rule of a table or a view."""

    kind: ClassVar[str] = "rule"
    catalog: ClassVar[str] = "pg_rewrite"
    among: ClassVar[str] = "pg_rewrite where rulename <> '_RETURN' and oid >= 16384"
    query: ClassVar[str] = """
        select array[n.nspname, c.relname, r.rulename]::text[] as path, r.oid::bigint as oid,
               c.relkind::text as relkind,
               pg_catalog.substr(pg_catalog.left(pg_catalog.pg_get_ruledef(r.oid), -1),
                                 pg_catalog.length('CREATE ') + 1) as definition,
               r.ev_enabled::text as enabled
        from pg_catalog.pg_rewrite r
        join pg_catalog.pg_class c on c.oid = r.ev_class
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where r.oid >= 16384 and r.rulename <> '_RETURN' and c.oid >= 16384 and n.nspname !~ '^pg_'"""

    relkind: str = dataclasses.field(compare=False)
    definition: str
    """What follows CREATE: event, condition, commands."""
    enabled: str
    """O, D, R or A, as pg_rewrite has it."""

    def within(self) -> Id:
        """The table or view."""
        return _attached.relation(self.relkind, self.path)

    def needs(self) -> Iterator[Id]:
        """The table or view."""
        yield self.within()

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE RULE, and its state if that is not the usual one."""
        del clauses
        yield self.step(f"CREATE {self.definition}")
        if self.enabled != "O":
            yield self._state()

    def drop(self) -> Iterator[Step]:
        """DROP RULE."""
        yield self.step(f"DROP RULE {sql.name(self.path[2])} ON {sql.qualified(*self.path[:2])}")

    def alter(self, before: Self) -> Sequence[Step]:
        """CREATE OR REPLACE RULE, which leaves the state as it is."""
        steps = []
        if self.definition != before.definition:
            steps.append(self.step(f"CREATE OR REPLACE {self.definition}"))
        if self.enabled != before.enabled:
            steps.append(self._state())
        return steps

    def _state(self) -> Step:
        return self.step(_attached.firing(self.relkind, self.path, "RULE", self.enabled))

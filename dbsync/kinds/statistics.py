"""Extended statistics."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds import _attached
from dbsync.kinds._naming import Movable
from dbsync.model.objects import Id
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Statistics(Movable):
    """An extended statistics object."""

    kind: ClassVar[str] = "statistics"
    catalog: ClassVar[str] = "pg_statistic_ext"
    among: ClassVar[str] = "pg_statistic_ext"
    query: ClassVar[str] = """
        select array[n.nspname, s.stxname]::text[] as path, s.oid::bigint as oid,
               pg_catalog.pg_get_statisticsobjdef(s.oid) as definition,
               coalesce(s.stxstattarget, -1)::int as target,
               array[cn.nspname, c.relname]::text[] as relation, c.relkind::text as relkind
        from pg_catalog.pg_statistic_ext s
        join pg_catalog.pg_namespace n on n.oid = s.stxnamespace
        join pg_catalog.pg_class c on c.oid = s.stxrelid
        join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
        where s.oid >= 16384"""
    fixed: ClassVar[frozenset[str]] = frozenset({"definition"})

    definition: str
    """As pg_get_statisticsobjdef() prints it."""
    target: int
    """The statistics target; -1 is the one of the columns."""
    relation: tuple[str, ...] = dataclasses.field(compare=False)
    relkind: str = dataclasses.field(compare=False)

    def within(self) -> Id:
        """The table."""
        return _attached.relation(self.relkind, self.relation)

    def needs(self) -> Iterator[Id]:
        """The table."""
        yield self.within()

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE STATISTICS, and its target if it has one of its own."""
        del clauses
        yield self.step(self.definition)
        if self.target != -1:
            yield self._set_target()

    def drop(self) -> Iterator[Step]:
        """DROP STATISTICS."""
        yield self.step(f"DROP STATISTICS {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Only the target changes in place."""
        del before
        return (self._set_target(),)

    def _set_target(self) -> Step:
        return self.step(f"ALTER STATISTICS {sql.qualified(*self.path)} SET STATISTICS {self.target}")

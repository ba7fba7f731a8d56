"""Defaults of the columns of views: what an INSERT into the view puts where it names no value."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class ViewDefault(Object):
    """The default of one column of a view."""

    kind: ClassVar[str] = "view default"
    catalog: ClassVar[str] = "pg_attrdef"
    among: ClassVar[str] = "pg_attrdef"
    query: ClassVar[str] = """
        select array[n.nspname, c.relname, a.attname]::text[] as path, d.oid::bigint as oid,
               pg_catalog.pg_get_expr(d.adbin, d.adrelid) as expression
        from pg_catalog.pg_attrdef d
        join pg_catalog.pg_class c on c.oid = d.adrelid and c.relkind = 'v' and c.oid >= 16384
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
        where n.nspname !~ '^pg_'"""

    expression: str

    def within(self) -> Id:
        """The view."""
        return Id("view", self.path[:2])

    def needs(self) -> Iterator[Id]:
        """The view."""
        yield self.within()

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """SET DEFAULT."""
        del clauses
        yield self.step(f"{self._alter_column()} SET DEFAULT {self.expression}")

    def drop(self) -> Iterator[Step]:
        """DROP DEFAULT."""
        yield self.step(f"{self._alter_column()} DROP DEFAULT")

    def alter(self, before: Self) -> Sequence[Step]:
        """SET DEFAULT replaces the one that is there."""
        del before
        return tuple(self.create())

    def _alter_column(self) -> str:
        return f"ALTER VIEW {sql.qualified(*self.path[:2])} ALTER COLUMN {sql.name(self.path[2])}"

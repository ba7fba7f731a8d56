"""Defaults of columns of tables and foreign tables."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Default(Object):
    """The default of a column that is not generated.

    `parents`: the tables that the column's table inherits from or is a partition of, whose column has the same
    default. `inherited`: the column is there only by inheritance, so that it does not stand in the CREATE TABLE.
    """

    kind = "default"
    catalog = "pg_attrdef"
    among = "pg_attrdef"
    rank = 60
    query = """
        with plain as materialized (
            select d.oid, d.adrelid, a.attname, c.relname, n.nspname, c.relkind, c.relispartition, a.attislocal,
                   pg_catalog.pg_get_expr(d.adbin, d.adrelid) as text
            from pg_catalog.pg_attrdef d
            join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum and a.attgenerated = ''
            join pg_catalog.pg_class c on c.oid = d.adrelid and c.relkind in ('r', 'p', 'f')
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.oid >= 16384 and n.nspname !~ '^pg_'
        ),
        same as (
            select d.oid, array_agg(array[p.nspname, p.relname]::text[] order by i.inhseqno) as parents
            from plain d
            join pg_catalog.pg_inherits i on i.inhrelid = d.adrelid
            join plain p on p.adrelid = i.inhparent and p.attname = d.attname and p.text = d.text
            group by d.oid
        )
        select array[d.nspname, d.relname, d.attname]::text[] as path, d.oid::bigint as oid, d.text as expression,
               d.relkind = 'f' as "foreign", not d.attislocal and not d.relispartition as inherited,
               coalesce(s.parents, '{}') as parents
        from plain d left join same s on s.oid = d.oid
    """

    expression: str
    foreign: bool = dataclasses.field(default=False, compare=False)
    inherited: bool = dataclasses.field(default=False, compare=False)
    parents: tuple[tuple[str, str], ...] = dataclasses.field(default=(), compare=False)

    def needs(self) -> Iterator[Id]:
        """The column."""
        yield self.within()

    def within(self) -> Id:
        """The column."""
        return Id("column", self.path)

    def implied_by(self) -> Iterator[Id]:
        """SET DEFAULT on a parent goes on to its children."""
        for parent in self.parents:
            yield Id("default", (*parent, self.path[2]))

    def clause(self, clauses: Sequence[str] = ()) -> str | None:
        """DEFAULT …, but for a column that has no clause itself."""
        del clauses
        if self.inherited:
            return "" if self.parents else None
        return f"DEFAULT {self.expression}"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """SET DEFAULT."""
        del clauses
        yield self._alter(f"SET DEFAULT {self.expression}")

    def drop(self) -> Iterator[Step]:
        """DROP DEFAULT."""
        yield self._alter("DROP DEFAULT")

    def alter(self, before: Self) -> Sequence[Step]:
        """SET DEFAULT replaces one that is there."""
        del before
        return list(self.create())

    def _alter(self, action: str) -> Step:
        table = f"ALTER {'FOREIGN ' if self.foreign else ''}TABLE {sql.qualified(*self.path[:2])}"
        return self.step(f"{table} ALTER COLUMN {sql.name(self.path[2])} {action}")

"""The index that CLUSTER orders a table or materialized view by."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._attached import relation
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clustering(Object):
    """CLUSTER ON of a table or materialized view."""

    kind = "clustering"
    catalog = "clustering"
    among = "pg_index where indisclustered"
    rank = 80
    query = """
        select array[n.nspname, c.relname]::text[] as path, c.oid::bigint as oid, c.relkind::text as relkind,
               ic.relname::text as index_name, coalesce(k.conname, '')::text as "constraint"
        from pg_catalog.pg_index i
        join pg_catalog.pg_class ic on ic.oid = i.indexrelid
        join pg_catalog.pg_class c on c.oid = i.indrelid and c.relkind in ('r', 'p', 'm')
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        left join pg_catalog.pg_constraint k
               on k.conindid = i.indexrelid and k.conrelid = c.oid and k.contype in ('p', 'u', 'x')
        where i.indisclustered and c.oid >= 16384 and n.nspname !~ '^pg_'
    """

    index_name: str
    relkind: str = dataclasses.field(default="r", compare=False)
    constraint: str = dataclasses.field(default="", compare=False)

    def needs(self) -> Iterator[Id]:
        """The table, and the index or its constraint."""
        yield self.within()
        if self.constraint:
            yield Id("constraint", (*self.path, self.constraint))
        else:
            yield Id("index", (self.path[0], self.index_name))

    def within(self) -> Id:
        """The table or materialized view."""
        return relation(self.relkind, self.path)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CLUSTER ON."""
        del clauses
        yield self._alter(f"CLUSTER ON {sql.name(self.index_name)}")

    def drop(self) -> Iterator[Step]:
        """SET WITHOUT CLUSTER."""
        yield self._alter("SET WITHOUT CLUSTER")

    def alter(self, before: Self) -> Sequence[Step]:
        """One replaces the other."""
        del before
        return list(self.create())

    def _alter(self, action: str) -> Step:
        word = "MATERIALIZED VIEW" if self.relkind == "m" else "TABLE"
        return self.step(f"ALTER {word} {sql.qualified(*self.path)} {action}")

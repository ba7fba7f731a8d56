"""Which table is a partition of which."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.kinds._attached import relation
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Partition(Object):
    """That a table is attached to a partitioned one, and for which rows; its path is the child's.

    It comes last of what is made (by its rank), so that the indexes and constraints that both sides have by then
    match and are attached along. They are no needs of it: where one is made again the partition stays attached.
    """

    kind = "partition"
    catalog = "partition"
    among = "pg_inherits"
    rank = 90
    query = """
        select array[n.nspname, c.relname]::text[] as path, c.oid::bigint as oid, c.relkind::text as relkind,
               array[pn.nspname, p.relname]::text[] as parent,
               pg_catalog.pg_get_expr(c.relpartbound, c.oid) as bound
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_inherits i on i.inhrelid = c.oid
        join pg_catalog.pg_class p on p.oid = i.inhparent
        join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
        where c.relispartition and c.relkind in ('r', 'p', 'f') and c.oid >= 16384 and n.nspname !~ '^pg_'
    """

    parent: tuple[str, ...]
    bound: str
    relkind: str = dataclasses.field(default="r", compare=False)

    def needs(self) -> Iterator[Id]:
        """The two tables."""
        yield self.within()
        yield Id("table", self.parent)

    def within(self) -> Id:
        """The child."""
        return relation(self.relkind, self.path)

    def gives_rows_to(self) -> Id:
        """The partitioned table."""
        return Id("table", self.parent)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """ATTACH PARTITION."""
        del clauses
        parent = sql.qualified(*self.parent)
        yield self.step(f"ALTER TABLE {parent} ATTACH PARTITION {sql.qualified(*self.path)} {self.bound}")

    def drop(self) -> Iterator[Step]:
        """DETACH PARTITION: the child stays, with its rows."""
        yield self.step(f"ALTER TABLE {sql.qualified(*self.parent)} DETACH PARTITION {sql.qualified(*self.path)}")

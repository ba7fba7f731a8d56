"""Which table inherits from which; partitions are a kind of their own."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.kinds._attached import relation
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inheritance(Object):
    """INHERITS of a table; its path is the child's and then the parent's.

    A new child names its parents in its CREATE TABLE. An existing one is made an heir once its columns and
    constraints are there, so it comes late.
    """

    kind = "inheritance"
    catalog = "inheritance"
    among = "pg_inherits"
    rank = 85
    query = """
        select array[n.nspname, c.relname, pn.nspname, p.relname]::text[] as path,
               (row_number() over ())::bigint as oid, c.relkind::text as relkind, p.relkind::text as parent_relkind
        from pg_catalog.pg_inherits i
        join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relkind in ('r', 'f') and not c.relispartition
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_class p on p.oid = i.inhparent
        join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
        where c.oid >= 16384 and n.nspname !~ '^pg_'
    """

    relkind: str = dataclasses.field(default="r", compare=False)
    parent_relkind: str = dataclasses.field(default="r", compare=False)

    def needs(self) -> Iterator[Id]:
        """The two tables."""
        yield self.within()
        yield relation(self.parent_relkind, self.path[2:])

    def within(self) -> Id:
        """The child."""
        return relation(self.relkind, self.path)

    def clause(self, clauses: Sequence[str] = ()) -> str:
        """Nothing more than the child's CREATE says."""
        del clauses
        return ""

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """INHERIT."""
        del clauses
        yield self._alter("INHERIT")

    def drop(self) -> Iterator[Step]:
        """NO INHERIT: the child keeps what it had from the parent."""
        yield self._alter("NO INHERIT")

    def _alter(self, action: str) -> Step:
        table = f"ALTER {'FOREIGN ' if self.relkind == 'f' else ''}TABLE {sql.qualified(*self.path[:2])}"
        return self.step(f"{table} {action} {sql.qualified(*self.path[2:])}")

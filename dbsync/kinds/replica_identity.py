"""What identifies a row in replication, where it is not the primary key."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReplicaIdentity(Object):
    """REPLICA IDENTITY of a table: NOTHING, FULL, or an index or constraint by its name."""

    kind = "replica identity"
    catalog = "replica identity"
    rank = 80
    query = """
        select array[n.nspname, c.relname]::text[] as path, c.oid::bigint as oid,
               case c.relreplident when 'n' then 'NOTHING' when 'f' then 'FULL' else '' end as form,
               coalesce(ic.relname, '')::text as index_name, coalesce(k.conname, '')::text as "constraint"
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisreplident and c.relreplident = 'i'
        left join pg_catalog.pg_class ic on ic.oid = i.indexrelid
        left join pg_catalog.pg_constraint k
               on k.conindid = i.indexrelid and k.conrelid = c.oid and k.contype in ('p', 'u', 'x')
        where c.relkind in ('r', 'p') and c.oid >= 16384 and n.nspname !~ '^pg_'
          and (c.relreplident in ('n', 'f') or ic.oid is not null)
    """

    form: str
    index_name: str
    constraint: str = dataclasses.field(default="", compare=False)

    def needs(self) -> Iterator[Id]:
        """The table, and the index or its constraint."""
        yield self.within()
        if self.constraint:
            yield Id("constraint", (*self.path, self.constraint))
        elif self.index_name:
            yield Id("index", (self.path[0], self.index_name))

    def within(self) -> Id:
        """The table."""
        return Id("table", self.path)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """REPLICA IDENTITY."""
        del clauses
        yield self._alter(self.form or f"USING INDEX {sql.name(self.index_name)}")

    def drop(self) -> Iterator[Step]:
        """REPLICA IDENTITY DEFAULT."""
        yield self._alter("DEFAULT")

    def alter(self, before: Self) -> Sequence[Step]:
        """One replaces the other."""
        del before
        return list(self.create())

    def _alter(self, what: str) -> Step:
        return self.step(f"ALTER TABLE {sql.qualified(*self.path)} REPLICA IDENTITY {what}")

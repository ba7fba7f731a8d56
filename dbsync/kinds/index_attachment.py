"""Which index of a partition is a part of which index of the partitioned table."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class IndexAttachment(Object):
    """That an index is attached to the partitioned index; its path is the child's.

    `constraint` and `parent_constraint` are the constraints behind the two, where they are no plain indexes.
    """

    kind = "index attachment"
    catalog = "index attachment"
    among = "pg_inherits"
    rank = 92
    query = """
        select array[n.nspname, c.relname]::text[] as path, c.oid::bigint as oid,
               array[pn.nspname, p.relname]::text[] as parent, array[tn.nspname, t.relname]::text[] as child_table,
               case when k.conname is not null then array[tn.nspname, t.relname, k.conname]::text[]
                    else '{}' end as "constraint",
               case when pk.conname is not null then array[ptn.nspname, pt.relname, pk.conname]::text[]
                    else '{}' end as parent_constraint
        from pg_catalog.pg_inherits h
        join pg_catalog.pg_class c on c.oid = h.inhrelid and c.relkind in ('i', 'I')
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_class p on p.oid = h.inhparent
        join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
        join pg_catalog.pg_index i on i.indexrelid = c.oid
        join pg_catalog.pg_class t on t.oid = i.indrelid
        join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
        join pg_catalog.pg_index pi on pi.indexrelid = p.oid
        join pg_catalog.pg_class pt on pt.oid = pi.indrelid
        join pg_catalog.pg_namespace ptn on ptn.oid = pt.relnamespace
        left join pg_catalog.pg_constraint k
               on k.conindid = c.oid and k.conrelid = t.oid and k.contype in ('p', 'u', 'x')
        left join pg_catalog.pg_constraint pk
               on pk.conindid = p.oid and pk.conrelid = pt.oid and pk.contype in ('p', 'u', 'x')
        where c.oid >= 16384 and n.nspname !~ '^pg_'
    """

    parent: tuple[str, ...]
    child_table: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    constraint: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    parent_constraint: tuple[str, ...] = dataclasses.field(default=(), compare=False)

    def needs(self) -> Iterator[Id]:
        """The two indexes."""
        yield Id("constraint", self.constraint) if self.constraint else Id("index", self.path)
        if self.parent_constraint:
            yield Id("constraint", self.parent_constraint)
        else:
            yield Id("index", self.parent)

    def implied_by(self) -> Iterator[Id]:
        """ATTACH PARTITION attaches the indexes that match."""
        yield Id("partition", self.child_table)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """ATTACH PARTITION."""
        del clauses
        yield self.step(f"ALTER INDEX {sql.qualified(*self.parent)} ATTACH PARTITION {sql.qualified(*self.path)}")

    def uproots(self) -> Iterator[Id]:
        """Both indexes: PostgreSQL detaches one only with its table, or drops it with its parent."""
        yield from self.needs()

    def drop(self) -> Iterator[Step]:
        """Nothing: it goes with the partitioned index."""
        yield from ()

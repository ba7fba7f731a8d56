"""Sequences, but for those of identity columns, which belong to their columns."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._counter import COLUMNS, Counter
from dbsync.kinds._naming import Movable
from dbsync.model.objects import Id
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class SequenceObject(Movable):
    """A sequence and its options; where its counter stands is data."""

    kind = "sequence"
    catalog = "pg_class"
    among = "pg_class where relkind = 'S'"
    # pg_depend has the column that owns it, whose default in turn needs the sequence.
    independent_of = frozenset({"table", "column", "foreign table"})
    rank = 40
    query = f"""
        select array[n.nspname, c.relname]::text[] as path, c.oid::bigint as oid,
               {COLUMNS} as options, c.relpersistence = 'u' as unlogged,
               case when o.relname is null then '{{}}' else array[o.nspname, o.relname, o.attname]::text[] end as owner
        from pg_catalog.pg_sequence q
        join pg_catalog.pg_class c on c.oid = q.seqrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        left join pg_catalog.pg_depend i
               on i.classid = 'pg_catalog.pg_class'::regclass and i.objid = c.oid and i.objsubid = 0
              and i.refclassid = 'pg_catalog.pg_class'::regclass and i.refobjsubid > 0 and i.deptype in ('i', 'a')
        left join (
            select t.oid, a.attnum, tn.nspname, t.relname, a.attname
            from pg_catalog.pg_class t
            join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = t.oid
        ) o on o.oid = i.refobjid and o.attnum = i.refobjsubid
        where c.oid >= 16384 and i.deptype is distinct from 'i' and n.nspname !~ '^pg_'
    """

    options: tuple[str, ...]
    unlogged: bool
    owner: tuple[str, ...] = dataclasses.field(default=(), compare=False)

    def within(self) -> Id | None:
        """The column that owns it."""
        return Id("column", self.owner) if self.owner else None

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE SEQUENCE with the options that are not the defaults."""
        del clauses
        counter = Counter(*self.options)
        head = f"CREATE {'UNLOGGED ' if self.unlogged else ''}SEQUENCE {sql.qualified(*self.path)}"
        kind = [] if counter.type == "bigint" else [f"AS {counter.type}"]
        yield self.step(" ".join([head, *kind, *counter.written()]))

    def drop(self) -> Iterator[Step]:
        """DROP SEQUENCE."""
        yield self.step(f"DROP SEQUENCE {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step]:
        """The options that differ, in one ALTER SEQUENCE."""
        name, steps = sql.qualified(*self.path), []
        new, old = Counter(*self.options), Counter(*before.options)
        kind = [] if new.type == old.type else [f"AS {new.type}"]
        if options := [*kind, *new.changed(old)]:
            text = f"ALTER SEQUENCE {name} {' '.join(options)}"
            # Where the counter stands beyond a new bound.
            steps.append(self.step(text, otherwise=[f"{text} RESTART"]))
        if self.unlogged != before.unlogged:
            steps.append(self.step(f"ALTER SEQUENCE {name} SET {'UNLOGGED' if self.unlogged else 'LOGGED'}"))
        return steps

"""Indexes, but for those of constraints."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds import _reloptions
from dbsync.kinds._attached import relation
from dbsync.kinds._expression import enclosed
from dbsync.kinds._naming import Renamable
from dbsync.model.objects import Id
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Index(Renamable):
    """An index of a table or materialized view.

    `attached`: a part of the partitioned table's index, dropped with it and not by itself. `partitioned`: the table
    has partitions, whose indexes are made and attached one by one.
    """

    kind = "index"
    catalog = "pg_class"
    # pg_depend ties a partition's index to the partitioned one; `index attachment` holds that.
    independent_of = frozenset({"index"})
    rank = 70
    # pg_get_indexdef() prints: head, body, WITH (options), WHERE predicate. Head, options and predicate are known.
    query = f"""
        with found as (
            select c.oid, s.nspname, c.relname, ts.nspname as table_schema, t.relname as table_name, t.relkind,
                   t.oid as table_oid,
                   t.relkind = 'p' and t.relhassubclass as partitioned, c.relispartition as attached,
                   hs.nspname as root_schema, h.relname as root_name,
                   row(t.oid, i.indisunique, m.oid, i.indkey::text, pg_catalog.pg_get_expr(i.indexprs, t.oid),
                       pg_catalog.pg_get_expr(i.indpred, t.oid))::text as looks,
                   i.indisunique, m.amname, c.relam, i.indisvalid, c.reloptions, p.spcname,
                   pg_catalog.pg_get_indexdef(c.oid) as printed,
                   pg_catalog.format('CREATE %sINDEX %I ON %s%I.%I USING %I ',
                       case when i.indisunique then 'UNIQUE ' else '' end, c.relname,
                       case when t.relkind = 'p' then 'ONLY ' else '' end, ts.nspname, t.relname, m.amname) as head,
                   coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), '') as predicate,
                   coalesce(' WITH (' || (
                       select pg_catalog.string_agg(pg_catalog.format('%I=%s', o.key,
                                  case when pg_catalog.quote_ident(o.value) = o.value then o.value
                                       else pg_catalog.quote_literal(o.value) end), ', ' order by o.number)
                       from (select pg_catalog.split_part(x, '=', 1) as key,
                                    pg_catalog.substr(x, pg_catalog.strpos(x, '=') + 1) as value, number
                             from pg_catalog.unnest(c.reloptions) with ordinality u (x, number)) o
                   ) || ')', '') as options_printed
            from pg_catalog.pg_index i
            join pg_catalog.pg_class c on c.oid = i.indexrelid
            join pg_catalog.pg_namespace s on s.oid = c.relnamespace
            join pg_catalog.pg_class t on t.oid = i.indrelid and t.relkind in ('r', 'p', 'm')
            join pg_catalog.pg_namespace ts on ts.oid = t.relnamespace
            join pg_catalog.pg_am m on m.oid = c.relam
            left join pg_catalog.pg_tablespace p on p.oid = c.reltablespace
            left join pg_catalog.pg_class h
                   on h.oid = case when c.relispartition then pg_catalog.pg_partition_root(c.oid::regclass) end
            left join pg_catalog.pg_namespace hs on hs.oid = h.relnamespace
            left join pg_catalog.pg_constraint k
                   on k.conindid = c.oid and k.conrelid = t.oid and k.contype in ('p', 'u', 'x')
            where k.oid is null and c.oid >= 16384 and s.nspname !~ '^pg_'
        ),
        ending as (
            select f.*, pg_catalog.length(f.options_printed || case when f.predicate <> '' then ' WHERE ' || f.predicate
                                                                    else '' end) as tail
            from found f
        ),
        whole as (
            select e.*, pg_catalog.substr(e.printed, pg_catalog.length(e.head) + 1,
                            pg_catalog.length(e.printed) - pg_catalog.length(e.head) - e.tail) as body
            from ending e
        ),
        statistic as (
            select a.attrelid, array_agg(a.attnum || '=' || a.attstattarget order by a.attnum) as targets
            from pg_catalog.pg_attribute a
            join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('i', 'I')
            where a.attnum > 0 and a.attstattarget >= 0 and c.oid >= 16384
            group by a.attrelid
        )
        select array[e.nspname, e.relname]::text[] as path, e.oid::bigint as oid,
               array[e.table_schema, e.table_name]::text[] as "table", e.indisunique as "unique",
               e.amname::text as method, e.body,
               {_reloptions.counted("e.reloptions", "e.relam")} as options, e.predicate,
               coalesce(e.spcname, '')::text as tablespace, e.indisvalid as valid,
               coalesce(s.targets, '{{}}') as statistics,
               e.relkind::text as relkind, e.attached, e.partitioned,
               case when e.relkind = 'p' and not e.indisvalid
                    then array(select array[n.nspname, c.relname]::text[]
                               from pg_catalog.pg_inherits i
                               join pg_catalog.pg_class c on c.oid = i.inhrelid
                               join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                               where i.inhparent = e.table_oid)
                    else '{{}}' end as parts,
               not e.attached and bool_or(e.attached) over (partition by e.looks) as shadowed,
               case when e.attached
                    then coalesce(pg_catalog.lag(array[e.nspname, e.relname]::text[]) over (
                             partition by e.attached, e.looks
                             order by e.root_schema collate "C", e.root_name collate "C"), '{{}}')
                    else '{{}}' end as twin
        from whole e
        left join statistic s on s.attrelid = e.oid
    """
    fixed = frozenset({"table", "unique", "method", "body", "predicate"})
    limits: ClassVar[Mapping[str, str]] = {"valid": "it is not the index of a partitioned table"}

    table: tuple[str, ...]
    unique: bool
    method: str
    body: str
    """The columns, INCLUDE and NULLS NOT DISTINCT."""
    options: tuple[str, ...]
    predicate: str
    tablespace: str
    """Empty for the database's own."""
    valid: bool
    statistics: tuple[str, ...]
    """Statistics targets of its columns: `1=100`."""

    relkind: str = dataclasses.field(default="r", compare=False)
    attached: bool = dataclasses.field(default=False, compare=False)
    partitioned: bool = dataclasses.field(default=False, compare=False)
    shadowed: bool = dataclasses.field(default=False, compare=False)
    """Like one that belongs to the partitioned table's, but does not itself."""
    parts: tuple[tuple[str, str], ...] = dataclasses.field(default=(), compare=False)
    """The partitions of a table whose index lacks some of theirs: attached later, they would be given them."""
    twin: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """Of two indexes of a partition on the same columns the one that belongs to the partitioned table's first."""

    def needs(self) -> Iterator[Id]:
        """The table or materialized view, and the twin: ATTACH PARTITION pairs such indexes in the order of making.

        It takes the first that is alike, so one that it must not take comes later.
        """
        yield self.within()
        for part in self.parts:
            yield Id("partition", part)
        if self.shadowed:
            yield Id("partition", self.table)
        if self.twin:
            yield Id("index", self.twin)

    def within(self) -> Id:
        """The table or materialized view."""
        return relation(self.relkind, self.table)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE INDEX; of a table that has partitions only the shell, to which theirs are attached."""
        del clauses
        parts = [f"CREATE {'UNIQUE ' if self.unique else ''}INDEX {sql.name(self.path[1])} ON"]
        parts += ["ONLY"] if self.partitioned else []
        parts.append(sql.qualified(*self.table))
        parts += [f"USING {sql.name(self.method)}"] if self.method != "btree" else []
        parts.append(self.body)
        parts += [f"WITH {_reloptions.listed(self.options)}"] if self.options else []
        parts += [f"TABLESPACE {sql.name(self.tablespace)}"] if self.tablespace else []
        parts += [f"WHERE {enclosed(self.predicate)}"] if self.predicate else []
        yield self.step(" ".join(parts))
        yield from self._targets(())

    def drop(self) -> Iterator[Step]:
        """DROP INDEX; nothing for one that goes with the partitioned table's."""
        if not self.attached:
            text = f"DROP INDEX {sql.qualified(*self.path)}"
            # A part of it may be the index of a constraint, which cannot go before it nor stay without it.
            yield self.step(text, otherwise=[f"{text} CASCADE"] if self.relkind == "p" else [])

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Options, tablespace and statistics change in place; what is invalid is built again."""
        # The index of a partitioned table becomes valid with the last of its parts.
        if self.valid != before.valid and self.relkind != "p":
            return None
        name, steps = sql.qualified(*self.path), []
        if actions := ", ".join(_reloptions.changes(before.options, self.options)):
            steps.append(self.step(f"ALTER INDEX {name} {actions}"))
        if self.tablespace != before.tablespace:
            steps.append(self.step(f"ALTER INDEX {name} SET TABLESPACE {sql.name(self.tablespace or 'pg_default')}"))
        return [*steps, *self._targets(before.statistics)]

    def undumped(self) -> Iterator[str]:
        """A dump leaves out an index that a failed CREATE INDEX CONCURRENTLY left behind."""
        if not self.valid and self.relkind != "p":
            yield from (step.sql for step in self.create())
            name = sql.literal(sql.qualified(*self.path))
            yield f"UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = {name}::regclass"

    def _targets(self, before: Sequence[str]) -> Iterator[Step]:
        old, new = (dict(target.split("=") for target in targets) for targets in (before, self.statistics))
        for number in sorted({*old, *new}, key=int):
            if old.get(number) != new.get(number):
                target = new.get(number, "-1")
                yield self.step(
                    f"ALTER INDEX {sql.qualified(*self.path)} ALTER COLUMN {number} SET STATISTICS {target}"
                )

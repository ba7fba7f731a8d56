"""Tables, partitioned ones and partitions among them."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds import _reloptions
from dbsync.kinds._naming import Movable
from dbsync.model.objects import Id
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table(Movable):
    """A table without what stands in it: its columns, constraints and so on are objects of their own.

    A partition is an ordinary table that its `partition` attaches, so that it can be detached and stay.
    """

    kind = "table"
    catalog = "pg_class"
    # A partition needs no parent to be made; `partition` and `inheritance` hold what pg_depend says of two tables.
    independent_of = frozenset({"table"})
    rank = 50
    query = f"""
        select array[n.nspname, c.relname]::text[] as path, c.oid::bigint as oid, c.relpersistence = 'u' as unlogged,
               case when c.reloftype <> 0 then pg_catalog.format_type(c.reloftype, null) else '' end as of_type,
               coalesce(pg_catalog.pg_get_partkeydef(c.oid), '') as partition_key,
               coalesce(k.types, '{{}}') as partition_key_types,
               {_reloptions.counted("c.reloptions", "c.relam")}
               || array(select 'toast.' || o from pg_catalog.unnest({_reloptions.counted("x.reloptions")}) o)
               as options,
               coalesce(m.amname, '')::text as access_method, coalesce(s.spcname, '')::text as tablespace,
               c.relrowsecurity as row_security, c.relforcerowsecurity as row_security_forced,
               coalesce(i.parents, '{{}}') as parents
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        left join pg_catalog.pg_class x on x.oid = c.reltoastrelid
        left join pg_catalog.pg_am m on m.oid = c.relam and m.amname <> 'heap'
        left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
        left join (
            select p.partrelid, array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) order by a.attnum) as types
            from pg_catalog.pg_partitioned_table p
            join pg_catalog.pg_attribute a on a.attrelid = p.partrelid and a.attnum = any (p.partattrs)
            where a.attnum > 0
            group by p.partrelid
        ) k on k.partrelid = c.oid
        left join (
            select i.inhrelid, array_agg(array[pn.nspname, p.relname]::text[] order by i.inhseqno) as parents
            from pg_catalog.pg_inherits i
            join pg_catalog.pg_class p on p.oid = i.inhparent and p.relkind <> 'p'
            join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
            group by i.inhrelid
        ) i on i.inhrelid = c.oid
        where c.relkind in ('r', 'p') and c.oid >= 16384 and n.nspname !~ '^pg_'
    """
    fixed = frozenset({"partition_key", "partition_key_types"})

    unlogged: bool
    of_type: str
    """The composite type that it is OF, or empty."""
    partition_key: str
    partition_key_types: tuple[str, ...]
    options: tuple[str, ...]
    access_method: str
    """Empty for heap."""
    tablespace: str
    """Empty for the database's own."""
    row_security: bool
    row_security_forced: bool
    parents: tuple[tuple[str, str], ...] = dataclasses.field(default=(), compare=False)
    """The tables that it inherits from, in order."""

    def needs(self) -> Iterator[Id]:
        """The tables that its CREATE names."""
        for parent in self.parents:
            yield Id("table", parent)
            yield Id("foreign table", parent)

    def newer(self) -> Iterator[tuple[int, str]]:
        """Options, and the access method of a partitioned table."""
        yield from _reloptions.newer(self.options)
        if self.partition_key and self.access_method:
            yield 17, "USING on a partitioned table"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """One CREATE TABLE with everything that can stand in it."""
        name = sql.qualified(*self.path)
        parts = [f"CREATE {'UNLOGGED ' if self.unlogged else ''}TABLE {name}"]
        parts += [f"OF {self.of_type}"] if self.of_type else []
        if body := ",\n    ".join(clause for clause in clauses if clause):
            parts.append(f"(\n    {body}\n)")
        elif not self.of_type:
            parts.append("()")
        if self.parents:
            parts.append(f"INHERITS ({', '.join(sql.qualified(*parent) for parent in self.parents)})")
        parts += [f"PARTITION BY {self.partition_key}"] if self.partition_key else []
        parts += [f"USING {sql.name(self.access_method)}"] if self.access_method else []
        parts += [f"WITH {_reloptions.listed(self.options)}"] if self.options else []
        parts += [f"TABLESPACE {sql.name(self.tablespace)}"] if self.tablespace else []
        yield self.step(" ".join(parts))
        for action in self._security(row_security=False, forced=False):
            yield self.step(f"ALTER TABLE {name} {action}")

    def drop(self) -> Iterator[Step]:
        """DROP TABLE."""
        yield self.step(f"DROP TABLE {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Everything but the partition key changes in place."""
        return [self.step(f"ALTER TABLE {sql.qualified(*self.path)} {action}") for action in self._actions(before)]

    def loses(self) -> str:
        """Its rows."""
        return f"table {sql.qualified(*self.path)} and its rows"

    def _actions(self, before: Self) -> Iterator[str]:
        if self.of_type != before.of_type:
            yield f"OF {self.of_type}" if self.of_type else "NOT OF"
        if self.access_method != before.access_method:
            yield f"SET ACCESS METHOD {sql.name(self.access_method or 'heap')}"
        if self.tablespace != before.tablespace:
            yield f"SET TABLESPACE {sql.name(self.tablespace or 'pg_default')}"
        if self.unlogged != before.unlogged:
            yield "SET UNLOGGED" if self.unlogged else "SET LOGGED"
        if options := ", ".join(_reloptions.changes(before.options, self.options)):
            yield options
        yield from self._security(row_security=before.row_security, forced=before.row_security_forced)

    def _security(self, *, row_security: bool, forced: bool) -> Iterator[str]:
        if self.row_security != row_security:
            yield f"{'ENABLE' if self.row_security else 'DISABLE'} ROW LEVEL SECURITY"
        if self.row_security_forced != forced:
            yield f"{'' if self.row_security_forced else 'NO '}FORCE ROW LEVEL SECURITY"

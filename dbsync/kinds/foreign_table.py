"""Foreign tables; their columns, defaults and constraints are of the same kinds as those of tables."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds import _foreign_options
from dbsync.kinds._naming import Movable
from dbsync.model.objects import Id
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForeignTable(Movable):
    """A foreign table without what stands in it."""

    kind = "foreign table"
    catalog = "pg_class"
    among = "pg_foreign_table"
    # As with tables: `partition` and `inheritance` hold what pg_depend says of a child and its parent.
    independent_of = frozenset({"table", "foreign table"})
    rank = 50
    query = """
        select array[n.nspname, c.relname]::text[] as path, c.oid::bigint as oid, s.srvname::text as server,
               array(select o from pg_catalog.unnest(f.ftoptions) o order by o collate "C") as options,
               coalesce(i.parents, '{}') as parents
        from pg_catalog.pg_foreign_table f
        join pg_catalog.pg_class c on c.oid = f.ftrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
        left join (
            select i.inhrelid, array_agg(array[pn.nspname, p.relname]::text[] order by i.inhseqno) as parents
            from pg_catalog.pg_inherits i
            join pg_catalog.pg_class p on p.oid = i.inhparent and p.relkind <> 'p'
            join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
            group by i.inhrelid
        ) i on i.inhrelid = c.oid
        where c.oid >= 16384 and n.nspname !~ '^pg_'
    """
    fixed = frozenset({"server"})

    server: str
    options: tuple[str, ...]
    parents: tuple[tuple[str, str], ...] = dataclasses.field(default=(), compare=False)
    """The tables that it inherits from, in order."""

    def needs(self) -> Iterator[Id]:
        """The tables that its CREATE names."""
        for parent in self.parents:
            yield Id("table", parent)
            yield Id("foreign table", parent)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """One CREATE FOREIGN TABLE with everything that can stand in it."""
        body = ",\n    ".join(clause for clause in clauses if clause)
        parts = [f"CREATE FOREIGN TABLE {sql.qualified(*self.path)}", f"(\n    {body}\n)" if body else "()"]
        if self.parents:
            parts.append(f"INHERITS ({', '.join(sql.qualified(*parent) for parent in self.parents)})")
        parts.append(f"SERVER {sql.name(self.server)}")
        parts += [_foreign_options.listed(self.options)] if self.options else []
        yield self.step(" ".join(parts))

    def drop(self) -> Iterator[Step]:
        """DROP FOREIGN TABLE; the rows are elsewhere."""
        yield self.step(f"DROP FOREIGN TABLE {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Options change in place; the server cannot be changed."""
        if self.options == before.options:
            return []
        options = _foreign_options.changed(before.options, self.options)
        return [self.step(f"ALTER FOREIGN TABLE {sql.qualified(*self.path)} {options}")]

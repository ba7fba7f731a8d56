"""Tables in publications."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.kinds._expression import enclosed
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class PublicationTable(Object):
    """A table of a publication, with the columns and rows that are published. Path: publication, schema, table."""

    kind = "publication table"
    catalog = "pg_publication_rel"
    among = "pg_publication_rel"
    in_schema = False
    rank = 81
    query = """
        select array[p.pubname, n.nspname, c.relname]::text[] as path, r.oid::bigint as oid,
               coalesce(
                   (select array_agg(a.attname::text order by a.attname)
                    from pg_catalog.pg_attribute a
                    where a.attrelid = r.prrelid and a.attnum = any (r.prattrs)), '{}'
               ) as columns,
               pg_catalog.pg_get_expr(r.prqual, r.prrelid) as where
        from pg_catalog.pg_publication_rel r
        join pg_catalog.pg_publication p on p.oid = r.prpubid
        join pg_catalog.pg_class c on c.oid = r.prrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    """

    columns: tuple[str, ...]
    """Empty for all."""
    where: str | None

    def needs(self) -> Iterator[Id]:
        """Its publication."""
        yield Id("publication", self.path[:1])

    def within(self) -> Id | None:
        """Its publication."""
        return Id("publication", self.path[:1])

    def clause(self, clauses: Sequence[str] = ()) -> str | None:
        """What stands after FOR and ADD."""
        del clauses
        columns = f" ({sql.names(self.columns)})" if self.columns else ""
        where = f" WHERE {enclosed(self.where)}" if self.where else ""
        return f"TABLE {self._table}{columns}{where}"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """ALTER PUBLICATION … ADD TABLE."""
        yield self.step(f"ALTER PUBLICATION {sql.name(self.path[0])} ADD {self.clause(clauses)}")

    def drop(self) -> Iterator[Step]:
        """ALTER PUBLICATION … DROP TABLE."""
        yield self.step(f"ALTER PUBLICATION {sql.name(self.path[0])} DROP TABLE {self._table}")

    @property
    def _table(self) -> str:
        return sql.qualified(*self.path[1:])

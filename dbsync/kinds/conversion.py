"""Conversions between encodings."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Conversion(Movable):
    """A conversion: nothing of it can change in place."""

    kind = "conversion"
    catalog = "pg_conversion"
    among = "pg_conversion where oid >= 16384"
    query = """
        select c.oid::bigint as oid,
               array[n.nspname, c.conname]::text[] as path,
               pg_catalog.pg_encoding_to_char(c.conforencoding)::text as source,
               pg_catalog.pg_encoding_to_char(c.contoencoding)::text as target,
               c.conproc::text as function,
               c.condefault as "default"
        from pg_catalog.pg_conversion c
        join pg_catalog.pg_namespace n on n.oid = c.connamespace
        where c.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """

    source: str
    target: str
    function: str
    default: bool

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE CONVERSION."""
        del clauses
        default = "DEFAULT " if self.default else ""
        yield self.step(
            f"CREATE {default}CONVERSION {sql.qualified(*self.path)}"
            f" FOR {sql.literal(self.source)} TO {sql.literal(self.target)} FROM {self.function}"
        )

    def drop(self) -> Iterator[Step]:
        """DROP CONVERSION."""
        yield self.step(f"DROP CONVERSION {sql.qualified(*self.path)}")

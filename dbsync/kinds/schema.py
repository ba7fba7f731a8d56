"""Schemas."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.kinds._naming import Renamable
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schema(Renamable):
    """A schema; what stands in it are objects of their own."""

    kind = "schema"
    catalog = "pg_namespace"
    rank = 10
    query = """
        select array[nspname]::text[] as path, oid::bigint as oid
        from pg_catalog.pg_namespace
        where (oid >= 16384 or nspname = 'public') and nspname !~ '^pg_' and nspname <> 'information_schema'
    """

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE SCHEMA."""
        del clauses
        yield self.step(f"CREATE SCHEMA {sql.name(self.path[0])}")

    def drop(self) -> Iterator[Step]:
        """DROP SCHEMA."""
        yield self.step(f"DROP SCHEMA {sql.name(self.path[0])}")

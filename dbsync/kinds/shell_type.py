"""Shell types: declared by name and never defined."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.model.objects import Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShellType(Object):
    """A type of which only the name is known."""

    kind = "shell type"
    catalog = "pg_type"
    among = "pg_type where not typisdefined and oid >= 16384"
    rank = 8
    query = """
        select t.oid::bigint as oid,
               array[n.nspname, t.typname]::text[] as path
        from pg_catalog.pg_type t
        join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        where not t.typisdefined and t.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TYPE with nothing but the name."""
        del clauses
        yield self.step(f"CREATE TYPE {sql.qualified(*self.path)}")

    def drop(self) -> Iterator[Step]:
        """DROP TYPE."""
        yield self.step(f"DROP TYPE {sql.qualified(*self.path)}")

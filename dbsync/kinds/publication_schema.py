"""Schemas in publications."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class PublicationSchema(Object):
    """A schema all of whose tables are published. Path: publication, schema."""

    kind = "publication schema"
    catalog = "pg_publication_namespace"
    among = "pg_publication_namespace"
    in_schema = False
    rank = 81
    query = """
        select array[p.pubname, n.nspname]::text[] as path, m.oid::bigint as oid
        from pg_catalog.pg_publication_namespace m
        join pg_catalog.pg_publication p on p.oid = m.pnpubid
        join pg_catalog.pg_namespace n on n.oid = m.pnnspid
    """

    def needs(self) -> Iterator[Id]:
        """Its publication."""
        yield Id("publication", self.path[:1])

    def within(self) -> Id | None:
        """Its publication."""
        return Id("publication", self.path[:1])

    def clause(self, clauses: Sequence[str] = ()) -> str | None:
        """What stands after FOR, ADD and DROP."""
        del clauses
        return f"TABLES IN SCHEMA {sql.name(self.path[1])}"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """ALTER PUBLICATION … ADD TABLES IN SCHEMA."""
        yield self.step(f"ALTER PUBLICATION {sql.name(self.path[0])} ADD {self.clause(clauses)}")

    def drop(self) -> Iterator[Step]:
        """ALTER PUBLICATION … DROP TABLES IN SCHEMA."""
        yield self.step(f"ALTER PUBLICATION {sql.name(self.path[0])} DROP {self.clause()}")

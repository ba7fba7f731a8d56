"""Check constraints of domains."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class DomainConstraint(Object):
    """A check constraint of a domain."""

    kind = "domain constraint"
    catalog = "pg_constraint"
    among = "pg_type where typtype = 'd' and oid >= 16384"
    rank = 11
    query = """
        select c.oid::bigint as oid,
               array[n.nspname, t.typname, c.conname]::text[] as path,
               case when c.convalidated then d.definition
                    else left(d.definition, -length(' NOT VALID')) end as definition,
               c.convalidated as validated
        from pg_catalog.pg_constraint c
        join pg_catalog.pg_type t on t.oid = c.contypid
        join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        cross join lateral (select pg_catalog.pg_get_constraintdef(c.oid) as definition) d
        where c.contype = 'c' and c.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """
    fixed = frozenset({"definition"})
    limits: ClassVar[Mapping[str, str]] = {"validated": "it is not to be valid any more"}

    definition: str
    """As pg_get_constraintdef() prints it."""
    validated: bool

    def within(self) -> Id | None:
        """Its domain."""
        return Id("domain", self.path[:2])

    def needs(self) -> Iterator[Id]:
        """Its domain."""
        yield Id("domain", self.path[:2])

    def clause(self, clauses: Sequence[str] = ()) -> str | None:
        """CONSTRAINT … CHECK; CREATE DOMAIN takes no NOT VALID."""
        del clauses
        return f"CONSTRAINT {sql.name(self.path[2])} {self.definition}" if self.validated else None

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """ALTER DOMAIN … ADD CONSTRAINT."""
        del clauses
        added = f"ADD CONSTRAINT {sql.name(self.path[2])} {self.definition}"
        yield self._alter(added if self.validated else f"{added} NOT VALID")

    def drop(self) -> Iterator[Step]:
        """ALTER DOMAIN … DROP CONSTRAINT."""
        yield self._alter(f"DROP CONSTRAINT {sql.name(self.path[2])}")

    def rename(self, name: str) -> Sequence[Step]:
        """RENAME CONSTRAINT."""
        return [self._alter(f"RENAME CONSTRAINT {sql.name(self.path[2])} TO {sql.name(name)}")]

    def alter(self, before: Self) -> Sequence[Step] | None:
        """What is not validated can be, in place."""
        del before
        if not self.validated:
            return None
        return [self._alter(f"VALIDATE CONSTRAINT {sql.name(self.path[2])}")]

    def _alter(self, action: str) -> Step:
        return self.step(f"ALTER DOMAIN {sql.qualified(*self.path[:2])} {action}")

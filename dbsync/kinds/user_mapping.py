"""User mappings: as whom a role signs in on a foreign server."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._foreign_options import changed, listed
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class UserMapping(Object):
    """Path: the server, the role or "" for PUBLIC. Options hold passwords, so no repr shows them.

    PostgreSQL shows the options only to those who may use them; others see none (pg_user_mappings).
    """

    kind = "user mapping"
    catalog = "pg_user_mapping"
    among = "pg_foreign_server"
    in_schema = False
    rank = 62
    query = """
        select array[srvname, case when umuser = 0 then '' else usename end]::text[] as path, umid::bigint as oid,
               array(select pg_catalog.unnest(umoptions) order by 1) as options
        from pg_catalog.pg_user_mappings
    """

    options: tuple[str, ...] = dataclasses.field(repr=False)

    def needs(self) -> Iterator[Id]:
        """Its server."""
        yield Id("server", self.path[:1])

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE USER MAPPING."""
        del clauses
        options = f" {listed(self.options)}" if self.options else ""
        yield self.step(f"CREATE USER MAPPING {self._name}{options}")

    def drop(self) -> Iterator[Step]:
        """DROP USER MAPPING."""
        yield self.step(f"DROP USER MAPPING {self._name}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """ALTER USER MAPPING."""
        return [self.step(f"ALTER USER MAPPING {self._name} {changed(before.options, self.options)}")]

    @property
    def _name(self) -> str:
        return f"FOR {sql.role(self.path[1])} SERVER {sql.name(self.path[0])}"

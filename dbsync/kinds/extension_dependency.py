"""What is dropped along with an extension without being a member of it: DEPENDS ON EXTENSION."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._target import target
from dbsync.model.objects import Id, Satellite
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExtensionDependency(Satellite):
    """That a routine, a trigger, an index or a materialized view goes with an extension, whose name ends the path."""

    kind = "extension dependency"
    catalog = ""
    suffixes = 1
    query = """
        select c.relname::text as target_catalog, d.objid::bigint as target_oid, 0 as target_subid,
               array[e.extname]::text[] as suffix
        from pg_catalog.pg_depend d
        join pg_catalog.pg_class c on c.oid = d.classid
        join pg_catalog.pg_extension e on e.oid = d.refobjid
        where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.deptype = 'x'
    """

    def needs(self) -> Iterator[Id]:
        """What goes along, and the extension."""
        yield self.target
        yield Id("extension", self.path[-1:])

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """DEPENDS ON EXTENSION."""
        del clauses
        yield self._alter("DEPENDS")

    def drop(self) -> Iterator[Step]:
        """NO DEPENDS ON EXTENSION."""
        yield self._alter("NO DEPENDS")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """There is nothing about it that could change."""
        del before
        return ()

    def _alter(self, depends: str) -> Step:
        return self.step(f"ALTER {target(self.of)} {depends} ON EXTENSION {sql.name(self.path[-1])}")

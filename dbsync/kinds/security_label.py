"""Security labels on objects of every kind."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._target import target
from dbsync.model.objects import Satellite
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class SecurityLabel(Satellite):
    """A label, of one provider; the provider's name ends the path."""

    kind = "security label"
    catalog = "pg_seclabel"
    among = "pg_seclabel"
    suffixes = 1
    query = """
        select k.relname::text as target_catalog, l.objoid::bigint as target_oid, l.objsubid as target_subid,
               array[l.provider]::text[] as suffix, l.label
        from pg_catalog.pg_seclabel l
        join pg_catalog.pg_class k on k.oid = l.classoid
    """

    label: str

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """SECURITY LABEL."""
        del clauses
        yield self._label(sql.literal(self.label))

    def drop(self) -> Iterator[Step]:
        """SECURITY LABEL … IS NULL."""
        yield self._label("NULL")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """SECURITY LABEL replaces the label before."""
        del before
        return tuple(self.create())

    def _label(self, text: str) -> Step:
        return self.step(f"SECURITY LABEL FOR {sql.name(self.path[-1])} ON {target(self.of)} IS {text}")

"""Operator families, with the operators and functions in them that no operator class holds."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._operator_members import members
from dbsync.model.objects import Id
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class OperatorFamily(Movable):
    """An operator family and its loose members."""

    kind = "operator family"
    catalog = "pg_opfamily"
    among = "pg_opfamily where oid >= 16384"
    name_at = 1
    query = f"""
        select f.oid::bigint as oid,
               array[n.nspname, f.opfname, a.amname]::text[] as path,
               coalesce(m.members, '{{}}') as members,
               coalesce(m.slots, '{{}}') as slots,
               coalesce(m.requires, '{{}}') as requires
        from pg_catalog.pg_opfamily f
        join pg_catalog.pg_namespace n on n.oid = f.opfnamespace
        join pg_catalog.pg_am a on a.oid = f.opfmethod
        left join ({members("family")}) m on m.owner = f.oid
        where f.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """

    members: tuple[str, ...]
    slots: tuple[str, ...] = dataclasses.field(compare=False)
    requires: tuple[tuple[str, ...], ...] = dataclasses.field(compare=False)

    def needs(self) -> Iterator[Id]:
        """Its members, which pg_depend ties to it the other way round."""
        for kind, *path in self.requires:
            yield Id(kind, tuple(path))

    def _name(self) -> str:
        return f"{sql.qualified(*self.path[:2])} USING {sql.name(self.path[2])}"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE OPERATOR FAMILY, then its members."""
        del clauses
        yield self.step(f"CREATE OPERATOR FAMILY {self._name()}")
        if self.members:
            yield self._alter("ADD", self.members)

    def drop(self) -> Iterator[Step]:
        """DROP OPERATOR FAMILY."""
        yield self.step(f"DROP OPERATOR FAMILY {self._name()}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Members come and go in place."""
        old = dict(zip(before.slots, before.members, strict=True))
        new = dict(zip(self.slots, self.members, strict=True))
        gone = [slot for slot, member in old.items() if new.get(slot) != member]
        added = [member for slot, member in new.items() if old.get(slot) != member]
        steps = [self._alter("DROP", gone)] if gone else []
        return [*steps, self._alter("ADD", added)] if added else steps

    def _alter(self, action: str, items: Sequence[str]) -> Step:
        if len(items) == 1:
            return self.step(f"ALTER OPERATOR FAMILY {self._name()} {action} {items[0]}")
        return self.step(f"ALTER OPERATOR FAMILY {self._name()} {action}\n    " + ",\n    ".join(items))

"""Operator classes."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._operator_members import members
from dbsync.model.objects import Id
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class OperatorClass(Movable):
    """An operator class with the operators and functions that are bound to it: nothing of it can change in place."""

    kind = "operator class"
    catalog = "pg_opclass"
    among = "pg_opclass where oid >= 16384"
    name_at = 1
    rank = 51
    query = f"""
        select c.oid::bigint as oid,
               array[n.nspname, c.opcname, a.amname]::text[] as path,
               c.opcdefault as "default",
               pg_catalog.format_type(c.opcintype, null) as type,
               array[fn.nspname, f.opfname]::text[] as family,
               case when c.opckeytype <> 0 then pg_catalog.format_type(c.opckeytype, null) end as storage,
               coalesce(m.members, '{{}}') as members
        from pg_catalog.pg_opclass c
        join pg_catalog.pg_namespace n on n.oid = c.opcnamespace
        join pg_catalog.pg_am a on a.oid = c.opcmethod
        join pg_catalog.pg_opfamily f on f.oid = c.opcfamily
        join pg_catalog.pg_namespace fn on fn.oid = f.opfnamespace
        left join ({members("class")}) m on m.owner = c.oid
        where c.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """

    default: bool
    type: str
    family: tuple[str, ...]
    storage: str | None
    members: tuple[str, ...]

    def within(self) -> Id | None:
        """Its family, which takes it along."""
        return Id("operator family", (*self.family, self.path[2]))

    def _name(self) -> str:
        return sql.qualified(*self.path[:2])

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE OPERATOR CLASS; it finds the family of its own name by itself."""
        del clauses
        family = "" if self.family == self.path[:2] else f" FAMILY {sql.qualified(*self.family)}"
        parts = list(self.members)
        # The statement wants one item at least; the type itself as storage says nothing.
        if self.storage is not None or not parts:
            parts.append(f"STORAGE {self.storage or self.type}")
        default = " DEFAULT" if self.default else ""
        yield self.step(
            f"CREATE OPERATOR CLASS {self._name()}{default} FOR TYPE {self.type}"
            f" USING {sql.name(self.path[2])}{family} AS\n    " + ",\n    ".join(parts)
        )

    def drop(self) -> Iterator[Step]:
        """DROP OPERATOR CLASS."""
        yield self.step(f"DROP OPERATOR CLASS {self._name()} USING {sql.name(self.path[2])}")

"""Row-level security policies."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds._expression import enclosed
from dbsync.kinds._naming import Renamable
from dbsync.model.objects import Id
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Policy(Renamable):
    """A policy of a table: which rows who may see and write."""

    kind: ClassVar[str] = "policy"
    catalog: ClassVar[str] = "pg_policy"
    among: ClassVar[str] = "pg_policy"
    query: ClassVar[str] = """
        select array[n.nspname, c.relname, p.polname]::text[] as path, p.oid::bigint as oid,
               p.polpermissive as permissive,
               case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE'
                             when 'd' then 'DELETE' else 'ALL' end as command,
               array(select case when r = 0 then '' else pg_catalog.pg_get_userbyid(r)::text end collate "C"
                     from pg_catalog.unnest(p.polroles) r order by 1) as roles,
               pg_catalog.pg_get_expr(p.polqual, p.polrelid) as "using",
               pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "check"
        from pg_catalog.pg_policy p
        join pg_catalog.pg_class c on c.oid = p.polrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where p.oid >= 16384"""
    fixed: ClassVar[frozenset[str]] = frozenset({"permissive", "command"})
    limits: ClassVar[Mapping[str, str]] = {"using": "it is taken away", "check": "it is taken away"}

    permissive: bool
    command: str
    """SELECT, INSERT, UPDATE, DELETE or ALL."""
    roles: tuple[str, ...]
    """Names of roles; the empty name is PUBLIC."""
    using: str | None
    check: str | None

    def within(self) -> Id:
        """The table."""
        return Id("table", self.path[:2])

    def needs(self) -> Iterator[Id]:
        """The table."""
        yield self.within()

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE POLICY."""
        del clauses
        parts = [] if self.permissive else ["AS RESTRICTIVE"]
        if self.command != "ALL":
            parts.append(f"FOR {self.command}")
        if self.roles != ("",):
            parts.append(self._to())
        parts += self._conditions(self.using, self.check)
        yield self.step(" ".join(["CREATE POLICY", self._where(), *parts]))

    def drop(self) -> Iterator[Step]:
        """DROP POLICY."""
        yield self.step(f"DROP POLICY {self._where()}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """ALTER POLICY, which can change roles and conditions, but neither the command nor take a condition away."""
        if (before.using and not self.using) or (before.check and not self.check):
            return None
        parts = [self._to()] if self.roles != before.roles else []
        parts += self._conditions(
            self.using if self.using != before.using else None,
            self.check if self.check != before.check else None,
        )
        return (self.step(" ".join(["ALTER POLICY", self._where(), *parts])),)

    def _where(self) -> str:
        return f"{sql.name(self.path[2])} ON {sql.qualified(*self.path[:2])}"

    def _to(self) -> str:
        return "TO " + ", ".join(sql.role(role) for role in self.roles)

    @staticmethod
    def _conditions(using: str | None, check: str | None) -> Iterator[str]:
        if using:
            yield f"USING {enclosed(using)}"
        if check:
            yield f"WITH CHECK {enclosed(check)}"

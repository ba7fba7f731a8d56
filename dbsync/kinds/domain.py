"""Domains."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._stored import STORED
from dbsync.model.objects import Object, Satellite
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Domain(Movable):
    """A domain; its checks are the kind "domain constraint".

    `held`: rows hold it inside of other types, so that PostgreSQL cannot look whether they meet a new constraint.
    """

    kind = "domain"
    catalog = "pg_type"
    among = "pg_type where typtype = 'd' and oid >= 16384"
    renewable = True
    derived_names = frozenset({"not_null_name"})
    rank = 10
    # Before PostgreSQL 17 a domain's NOT NULL has no name.
    query = f"""
        {STORED},
        inside (type) as (
            select p.part from stored s join part p on p.whole = s.type join pg_catalog.pg_type w on w.oid = p.whole
            where w.typtype <> 'd'
            union
            select b.typbasetype from inside i join pg_catalog.pg_type b on b.oid = i.type and b.typtype = 'd'
        )
        select t.oid::bigint as oid,
               array[n.nspname, t.typname]::text[] as path,
               pg_catalog.format_type(t.typbasetype, t.typtypmod) as base,
               case when t.typcollation <> b.typcollation
                    then t.typcollation::regcollation::text end as "collation",
               coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 'pg_catalog.pg_type'::regclass),
                        t.typdefault) as "default",
               t.typnotnull as not_null,
               c.conname::text as not_null_name,
               t.oid in (select type from inside) as held
        from pg_catalog.pg_type t
        join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        join pg_catalog.pg_type b on b.oid = t.typbasetype
        left join pg_catalog.pg_constraint c on c.contypid = t.oid and c.contype = 'n'
        where t.typtype = 'd' and t.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """
    fixed = frozenset({"base", "collation"})
    limits: ClassVar[Mapping[str, str]] = {"not_null": "rows hold it inside of other types"}

    base: str
    collation: str | None
    default: str | None
    not_null: bool
    not_null_name: str | None
    held: bool = dataclasses.field(default=False, compare=False)

    def takes(self, member: Object) -> bool:
        """No constraint that rows must meet, where these cannot be looked at."""
        return not self.held or isinstance(member, Satellite)

    def on(self, version: int) -> Self:
        """Before 17 its NOT NULL has no name, also where it is given one."""
        return self if version >= 170000 else dataclasses.replace(self, not_null_name=None)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE DOMAIN with the checks that it may hold from the start."""
        text = f"CREATE DOMAIN {sql.qualified(*self.path)} AS {self.base}"
        if self.collation is not None:
            text += f" COLLATE {self.collation}"
        parts = [f"DEFAULT {self.default}"] if self.default is not None else []
        if self.not_null:
            parts.append(self._not_null_clause())
        parts += clauses
        yield self.step(text + (" " if len(parts) < 2 else "\n    ") * bool(parts) + "\n    ".join(parts))

    def _not_null_clause(self) -> str:
        if self.not_null_name is None or self.not_null_name == f"{self.path[1]}_not_null":
            return "NOT NULL"
        return f"CONSTRAINT {sql.name(self.not_null_name)} NOT NULL"

    def drop(self) -> Iterator[Step]:
        """DROP DOMAIN."""
        yield self.step(f"DROP DOMAIN {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Default and NOT NULL change in place; base type and collation never do."""
        if before.held and self.not_null and not before.not_null:
            return None
        return [self.step(f"ALTER DOMAIN {sql.qualified(*self.path)} {action}") for action in self._actions(before)]

    def _actions(self, before: Self) -> Iterator[str]:
        if self.default is None and before.default is not None:
            yield "DROP DEFAULT"
        elif self.default is not None and self.default != before.default:
            yield f"SET DEFAULT {self.default}"
        if self.not_null and not before.not_null:
            clause = self._not_null_clause()
            yield f"SET {clause}" if clause == "NOT NULL" else f"ADD {clause}"
        elif before.not_null and not self.not_null:
            yield "DROP NOT NULL"
        elif before.not_null_name != self.not_null_name and before.not_null_name and self.not_null_name:
            yield f"RENAME CONSTRAINT {sql.name(before.not_null_name)} TO {sql.name(self.not_null_name)}"

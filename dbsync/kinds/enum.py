"""Enumerated types."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._writing import listed
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Enum(Movable):
    """An enumerated type and its labels in their order."""

    kind = "enum"
    catalog = "pg_type"
    among = "pg_type where typtype = 'e' and oid >= 16384"
    renewable = True
    part = "label"
    # A new label cannot be used before it is committed: the sooner it is there the better.
    rank = 5
    query = """
        select t.oid::bigint as oid,
               array[n.nspname, t.typname]::text[] as path,
               coalesce(l.labels, '{}') as labels
        from pg_catalog.pg_type t
        join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        left join (
            select enumtypid, array_agg(enumlabel::text order by enumsortorder) as labels
            from pg_catalog.pg_enum
            group by enumtypid
        ) l on l.enumtypid = t.oid
        where t.typtype = 'e' and t.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """
    limits: ClassVar[Mapping[str, str]] = {"labels": "a label goes or moves"}

    labels: tuple[str, ...]

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TYPE … AS ENUM."""
        del clauses
        labels = map(sql.literal, self.labels)
        yield self.step(listed(f"CREATE TYPE {sql.qualified(*self.path)} AS ENUM", labels))

    def drop(self) -> Iterator[Step]:
        """DROP TYPE."""
        yield self.step(f"DROP TYPE {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """New labels are added in place; PostgreSQL can neither drop nor move one."""
        rest = iter(self.labels)
        if not all(label in rest for label in before.labels):
            return None
        return [
            self.step(
                f"ALTER TYPE {sql.qualified(*self.path)} ADD VALUE {sql.literal(label)}{where}", takes_commit=True
            )
            for label, where in self._additions(before.labels)
        ]

    def part_names(self) -> tuple[str, ...]:
        """The labels."""
        return self.labels

    def rename_part(self, old: str, new: str) -> Sequence[Step]:
        """ALTER TYPE … RENAME VALUE."""
        name = sql.qualified(*self.path)
        return [self.step(f"ALTER TYPE {name} RENAME VALUE {sql.literal(old)} TO {sql.literal(new)}")]

    def _additions(self, known: Sequence[str]) -> Iterator[tuple[str, str]]:
        last = max((self.labels.index(label) for label in known), default=-1)
        for at, label in enumerate(self.labels):
            if label in known:
                continue
            if at > last:
                yield label, ""
            elif at:
                yield label, f" AFTER {sql.literal(self.labels[at - 1])}"
            else:
                yield label, f" BEFORE {sql.literal(known[0])}"

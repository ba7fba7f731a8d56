"""Transforms between a type and a procedural language."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._writing import listed
from dbsync.model.objects import Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Transform(Object):
    """A transform; its path is the type and the language."""

    kind = "transform"
    catalog = "pg_transform"
    among = "pg_transform"
    in_schema = False
    query = """
        select t.oid::bigint as oid,
               array[pg_catalog.format_type(t.trftype, null), l.lanname]::text[] as path,
               nullif(t.trffromsql, 0)::regprocedure::text as from_sql,
               nullif(t.trftosql, 0)::regprocedure::text as to_sql
        from pg_catalog.pg_transform t
        join pg_catalog.pg_language l on l.oid = t.trflang
        where t.oid >= 16384
    """

    from_sql: str | None
    to_sql: str | None

    def _target(self) -> str:
        return f"TRANSFORM FOR {self.path[0]} LANGUAGE {sql.name(self.path[1])}"

    def _functions(self) -> Iterator[str]:
        if self.from_sql is not None:
            yield f"FROM SQL WITH FUNCTION {self.from_sql}"
        if self.to_sql is not None:
            yield f"TO SQL WITH FUNCTION {self.to_sql}"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TRANSFORM."""
        del clauses
        yield self.step(listed(f"CREATE {self._target()}", self._functions()))

    def drop(self) -> Iterator[Step]:
        """DROP TRANSFORM."""
        yield self.step(f"DROP {self._target()}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """CREATE OR REPLACE changes all of it in place."""
        del before
        return [self.step(listed(f"CREATE OR REPLACE {self._target()}", self._functions()))]

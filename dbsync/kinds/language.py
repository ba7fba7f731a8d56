"""Procedural languages that no extension brings."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._naming import Renamable
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Language(Renamable):
    """A procedural language."""

    kind = "language"
    catalog = "pg_language"
    among = "pg_language where oid >= 16384"
    in_schema = False
    query = """
        select l.oid::bigint as oid,
               array[l.lanname]::text[] as path,
               l.lanpltrusted as trusted,
               nullif(l.lanplcallfoid, 0)::regproc::text as handler,
               nullif(l.laninline, 0)::regproc::text as inline,
               nullif(l.lanvalidator, 0)::regproc::text as validator
        from pg_catalog.pg_language l
        where l.lanispl and l.oid >= 16384
    """

    trusted: bool
    handler: str
    inline: str | None
    validator: str | None

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE LANGUAGE."""
        del clauses
        yield self.step(f"CREATE {self._definition()}")

    def drop(self) -> Iterator[Step]:
        """DROP LANGUAGE."""
        yield self.step(f"DROP LANGUAGE {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """CREATE OR REPLACE changes all of it in place."""
        del before
        return [self.step(f"CREATE OR REPLACE {self._definition()}")]

    def _definition(self) -> str:
        parts = [f"{'TRUSTED ' if self.trusted else ''}LANGUAGE {sql.qualified(*self.path)} HANDLER {self.handler}"]
        if self.inline is not None:
            parts.append(f"INLINE {self.inline}")
        if self.validator is not None:
            parts.append(f"VALIDATOR {self.validator}")
        return " ".join(parts)

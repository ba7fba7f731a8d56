"""Procedures."""

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

from dbsync import sql
from dbsync.kinds._routine import QUERY, Routine
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Procedure(Routine):
    """A procedure; its OUT arguments are no part of its identity."""

    kind: ClassVar[str] = "procedure"
    keyword: ClassVar[str] = "PROCEDURE"
    among: ClassVar[str] = "pg_proc where prokind = 'p' and oid >= 16384"
    query: ClassVar[str] = QUERY % ("PROCEDURE", "'p'")

    def drop(self) -> Iterator[Step]:
        """DROP PROCEDURE; in full where PostgreSQL may take the short form for OUT arguments of another procedure."""
        arguments = f"({self.modes_and_types})" if self.outputs or self.is_overloaded else self.path[2]
        yield self.step(f"DROP PROCEDURE {sql.qualified(*self.path[:2])}{arguments}")

"""What PostgreSQL gives another name, and another schema, in the same words for almost every kind."""

import dataclasses
from collections.abc import Sequence

from dbsync import sql
from dbsync.kinds._target import target
from dbsync.model.objects import Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Renamable(Object):
    """What has a RENAME TO."""

    def rename(self, name: str) -> Sequence[Step]:
        """ALTER … RENAME TO."""
        return [self.step(f"ALTER {target(self.id)} RENAME TO {sql.name(name)}")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Movable(Renamable):
    """What has a SET SCHEMA besides."""

    def move(self, schema: str) -> Sequence[Step]:
        """ALTER … SET SCHEMA."""
        return [self.step(f"ALTER {target(self.id)} SET SCHEMA {sql.name(schema)}")]

"""A history record with all that it keeps, and what two of them differ in."""

import dataclasses
from collections.abc import Mapping

from dbsync.model.objects import Id
from dbsync.model.outcome import Record
from dbsync.model.plan import State


@dataclasses.dataclass(frozen=True)
class Ran:
    """A statement of a history record, without its secrets, and what the plan said that it loses."""

    sql: str
    about: str
    author: str
    lost: tuple[str, ...] = ()
    transactional: bool = False
    """Whether it is known to have run in a transaction."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A history record with all that it keeps. What an older dbsync did not keep is None."""

    record: Record
    os_user: str
    schema_digest: str
    schema_text: str
    current_fingerprint: str
    desired_fingerprint: str
    steps: tuple[Ran, ...]
    manage: str = "auto"
    done: int | None = None
    """How many steps are applied for good, as far as it was written."""
    server: int = 0
    """The server's version at the time, as server_version_num."""
    edition: str = ""
    """Which code read the objects: their digests may be compared where it is the same."""
    state: State | None = None
    """Live before it."""
    before: Mapping[Id, str] | None = None
    """The objects of live before it, with their digests."""
    planned: Mapping[Id, str] | None = None
    """The same after it, as it was planned."""

    @property
    def after(self) -> Mapping[Id, str] | None:
        """The objects of live after it, where that is known."""
        known = {"applied": self.planned, "failed": self.before}
        return known.get(self.record.outcome)

    @property
    def lost(self) -> tuple[str, ...]:
        """What it lost, or may have lost where it did not end."""
        if self.record.outcome == "failed":
            return ()
        return tuple(dict.fromkeys(loss for one in self.steps for loss in one.lost))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """What became of the schema from one record to another; without a first one, what the second made of it."""

    first: Record | None
    second: Record
    objects: tuple[tuple[Id, str], ...] | None
    """Each added, changed or removed object; None where the records cannot be compared."""
    text: tuple[str, ...]
    """The lines of a unified diff of the schema files."""
    notes: tuple[str, ...] = ()

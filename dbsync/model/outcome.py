"""What became of a plan: the outcome of one apply, and the records of all of them."""

import dataclasses
import datetime as dt
from collections.abc import Iterable

from dbsync.model.objects import Id
from dbsync.model.rows import TableRows
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True)
class Seeded:
    """How many declared rows were inserted and updated, and how many others deleted."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    @classmethod
    def of(cls, rows: Iterable[TableRows]) -> "Seeded":
        """Of a plan's tables."""
        found = tuple(rows)
        return cls(
            sum(one.added for one in found), sum(one.changed for one in found), sum(one.removed for one in found)
        )


@dataclasses.dataclass(frozen=True)
class End:
    """The live database beside the end of the plan that was applied."""

    left: tuple[Id, ...] = ()
    """What the plan is about, and is not as it was to become."""
    meanwhile: tuple[str, ...] = ()
    """What else became another while the plan ran, in words."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """An apply that ended well; `notes` are sentences that the operator should read."""

    steps: int
    transactions: int
    seconds: float
    goal: str = "what the schema file says"
    """What live is now."""
    record: int | None = None
    """The number of its history record; None where none was written."""
    seeded: Seeded | None = None
    """None where no rows were declared."""
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """One history record. `outcome` is running, applied, failed, partial or interrupted."""

    id: int
    started_at: dt.datetime
    finished_at: dt.datetime | None
    applied_by: str
    host: str
    version: str
    digest: str
    steps: int
    outcome: str
    error: str | None = None
    undoes: int | None = None
    """The record before which it went back; None for a plan of the schema file."""


class Observer:
    """Is told what goes on while it goes on; this one keeps it to itself."""

    listens = False
    """Whether it wants to be told of the SQL that is sent to live."""

    def progress(self, text: str) -> None:
        """What is being done now; the next call replaces it."""

    def say(self, text: str) -> None:
        """A sentence that the operator should see at once, and that stays."""

    def step(self, number: int, total: int, step: Step) -> None:
        """A step is about to run on live."""

    def sent(self, text: str) -> None:
        """This SQL is about to be sent to live; the values of its parameters are not in it."""

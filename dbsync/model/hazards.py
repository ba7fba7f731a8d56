"""A hazard: what live's rows mean for a plan, as a question that live is asked and as the answer that it gave."""

import dataclasses

from dbsync.model.objects import Id


@dataclasses.dataclass(frozen=True)
class Attempt:
    """An expression that fails for rows in the way, such as a cast, so that no condition can select them.

    `source` is what it is evaluated over, behind FROM, and `single` the same for the one row at `PLACE`; `scan` selects
    the place (`tableoid`, `ctid`) and the key, as an array of texts, of every row.
    """

    expression: str
    source: str
    single: str
    scan: str
    condition: bool = False
    """Whether it is a condition: rows for which it is false are in the way, too."""


PLACE = "tableoid = dbsync_row.tableoid AND ctid = dbsync_row.ctid"
"""The condition for one row of a scan."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """Which rows of live are in the way of a plan, or are lost with it, put so that live can answer it as it is now.

    `query` lists these rows: it is what an operator runs to see them all. Where there is an `attempt`, too, rows for
    which that fails are in the way, and rows for which the query fails.
    """

    hazard: str
    """Which hazard it is about; docs/hazards has a page by that name."""
    about: Id
    tables: tuple[str, ...] = ()
    """The tables of the live database that are read, as SQL names them; its rows are those of the first."""
    types: tuple[str, ...] = ()
    """The types of the live database, other than PostgreSQL's own, that values are converted to or from."""
    stands: bool = False
    """Whether it evaluates a CHECK that stands there, and so is evaluated for every write."""
    query: str = ""
    key: tuple[str, ...] = ()
    """The columns of the query's result that identify a row."""
    problem: str = ""
    """What these rows are like, in words that follow their number: "of public.t where name is NULL"."""
    advice: str = ""
    attempt: Attempt | None = None
    loss: str = ""
    """The loss that it counts, as the plan names it: its rows are in nobody's way."""
    whole: str = ""
    """For a loss: what stands behind FROM to count the rows that it could be."""
    cannot: str = ""
    """Why live cannot be asked; empty where it can."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hazard:
    """A question with live's answer. `rows` is None where it is not known, and `unknown` says why."""

    question: Question
    rows: int | None = None
    at_least: bool = False
    """Whether there may be more than `rows`."""
    examples: tuple[str, ...] = ()
    """Up to three of the rows, by their keys."""
    failure: str = ""
    """How PostgreSQL fails for such a row: the name of the error's class, never its text, which may hold values."""
    of: int | None = None
    """For a loss: how many rows there are in all."""
    unknown: str = ""

    @property
    def blocks(self) -> bool:
        """Whether a step of the plan would fail on live."""
        return bool(self.rows) and not self.question.loss


@dataclasses.dataclass(frozen=True)
class Size:
    """How large a table of live is, by its statistics: `rows` is None where it was never analyzed."""

    bytes: int
    rows: int | None

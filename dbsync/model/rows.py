"""Declared rows: what of them is not so on live, and what was read of live to know it."""

import dataclasses
from collections.abc import Mapping

from dbsync.model.objects import Id
from dbsync.model.text import Place

Values = Mapping[str, str | None]
"""Columns and their values as PostgreSQL prints them; None is NULL."""


@dataclasses.dataclass(frozen=True)
class NewRow:
    """A row that the same plan adds, and whose own number only the database will choose: its table, and the values by
    which the file tells it from others."""

    table: Id
    key: Mapping[str, "str | NewRow | None"]


@dataclasses.dataclass(frozen=True)
class RowChange:
    """One row that is not the same on live; `before` is None for what is added, `after` for what is removed.

    Of a row that is changed both hold the columns that differ, of one that is added `after` holds what the file gives.
    `key` holds the values that tell it from others. `refers` has the columns that will hold the number of a new row:
    they are not in `after`, and None in `key`.
    """

    key: tuple[str | None, ...]
    before: Values | None
    after: Values | None
    place: Place | None = None
    refers: Mapping[str, NewRow] = dataclasses.field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are given or changed, in the order of what is there, if anything is."""
        found = {**(self.after or {}), **self.refers}
        return tuple(sorted(found, key=[*(self.before or {}), *found].index))


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableRows:
    """The declared rows of one table, and how many of them are missing on live, differ there, or are too many.

    `changes` holds the first of them, `there` the first of those that are there, as live has them, in the columns that
    the file gives. `mode` is merge, insert-only or exact; `key` names the columns of the key.
    """

    table: Id
    mode: str
    key: tuple[str, ...]
    place: Place
    declared: int
    added: int = 0
    changed: int = 0
    removed: int = 0
    changes: tuple[RowChange, ...] = ()
    there: tuple[Values, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.added or self.changed or self.removed)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FormerRows:
    """Rows of one table as they were before a plan wrote the declared ones, so that they can be made again.

    `key` names the columns that tell rows apart. `added` holds the keys of those that were not there, `chosen` for
    those of them whose key live was to choose a condition that finds the row, as SQL; `changed` the keys of the others
    with the values that were changed, `removed` all values of the rows that were deleted. `unknown` says why none of
    that is known, or is empty. `ahead` tells that they were written before the schema's steps, and all this is by the
    names from before these.
    """

    table: tuple[str, str]
    key: tuple[str, ...]
    added: tuple[tuple[str | None, ...], ...] = ()
    chosen: tuple[str, ...] = ()
    changed: tuple[tuple[tuple[str | None, ...], Values], ...] = ()
    removed: tuple[Values, ...] = ()
    unknown: str = ""
    ahead: bool = False


def deleted(number: int, table: tuple[str, ...]) -> str:
    """The deletion of so many rows as a loss, in words."""
    return f"{number:,} {'row' if number == 1 else 'rows'} of {Id('table', table)}"


@dataclasses.dataclass(frozen=True)
class KeyColumn:
    """A column of a key on live: its name, its type, and the operator that says what is equal there.

    Where values may not be of live's type, `type` is empty and texts are compared. `nulls` tells that one NULL is like
    another.
    """

    name: str
    type: str
    equal: str = "="
    nulls: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched:
    """Rows of live that a plan was made on, and a digest of what they were; without `keys` all rows of the table.

    `keys` holds parts of these: for each column of the key PostgreSQL's text of an array of values. `alone` tells that
    the tables that inherit from it do not count. `sequences` holds those that have to be past a declared value, with
    it.
    """

    table: tuple[str, str]
    alone: bool
    columns: tuple[str, ...]
    key: tuple[KeyColumn, ...]
    keys: tuple[tuple[str, ...], ...] | None
    digest: str
    sequences: tuple[tuple[str, int], ...] = ()

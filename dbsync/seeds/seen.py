"""Counts the rows of a table that differ, and keeps the first of them to be shown."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.model.rows import NewRow, RowChange, TableRows, Values
from dbsync.model.text import Script
from dbsync.seeds.compare import Comparison, Differing, Extra, Missing
from dbsync.seeds.tables import Path
from dbsync.seeds.wanted import ROW, Wanted, places

SHOWN = 100
"""Rows of a table that are kept of those to add, to change, and to remove."""
_THERE = 20
"""Rows that are there that are kept."""


class Seen:
    """Counts what differs, and keeps the first of it."""

    def __init__(self, one: Wanted, script: Script, comparison: Comparison):
        self.one = one
        self.comparison = comparison
        self.script = script
        self.counts = {"added": 0, "changed": 0, "removed": 0}
        self.changes: list[RowChange] = []
        self.parents: dict[int, tuple[int | None, ...]] = {}
        """The new rows that those of `changes` refer to, by their position there."""

    def missing(self, row: Missing) -> None:
        """A row that is to be added."""
        key = tuple(row.values[name] for name in self.one.key)
        self._note("added", key, None, row.values, row.statement, row.parents)

    def differing(self, row: Differing) -> None:
        """A row that is to be changed."""
        self._note("changed", row.key, row.before, row.after, row.statement, row.parents)

    def extra(self, row: Extra) -> None:
        """A row that is to be removed."""
        shown = {name: row.values[name] for name in self.one.sometimes if name in row.values}
        self._note("removed", row.key, shown, None, None)

    def table(self) -> TableRows:
        """What was found."""
        one = self.one
        for position, named in self._refers(one, self.parents).items():
            change = self.changes[position]
            after = change.after or {}
            self.changes[position] = dataclasses.replace(
                change,
                after={name: value for name, value in after.items() if name not in named},
                refers={name: row for name, row in named.items() if name in after or name in one.key},
            )
        there = tuple(self.comparison.there(one, _THERE))
        found = as_declared(one, self.script, there)
        return dataclasses.replace(
            found,
            changes=tuple(self.changes),
            added=self.counts["added"],
            changed=self.counts["changed"],
            removed=self.counts["removed"],
        )

    def _note(
        self,
        manner: str,
        key: tuple[str | None, ...],
        before: Mapping[str, str | None] | None,
        after: Mapping[str, str | None] | None,
        statement: int | None,
        parents: tuple[int | None, ...] = (),
    ) -> None:
        self.counts[manner] += 1
        if self.counts[manner] <= SHOWN:
            if any(parents):
                self.parents[len(self.changes)] = parents
            place = self.script.statements[statement].place if statement is not None else None
            self.changes.append(RowChange(key, before, after, place))

    def _refers(self, one: Wanted, parents: Mapping[int, tuple[int | None, ...]]) -> dict[int, dict[str, NewRow]]:
        """For each of some rows the columns that will hold numbers of new rows, with these. `parents` holds for each
        the rows that it refers to, by reference."""
        found: dict[int, dict[str, NewRow]] = {row: {} for row in parents}
        for reference in one.references:
            numbers = {several[reference.number] or 0 for several in parents.values()} - {0}
            new = self._new_rows(reference.key.parent, sorted(numbers)) if numbers else {}
            for row, several in parents.items():
                if number := several[reference.number]:
                    found[row] |= dict.fromkeys(reference.key.columns, new[number])
        return found

    def _new_rows(self, path: Path, rows: Sequence[int]) -> dict[int, NewRow]:
        one = self.comparison.wanted[path]
        keys = self.comparison.keys(path, rows)
        refers = self._refers(one, {row: parents for row, (_, parents) in keys.items()})
        return {
            row: NewRow(one.table.id, {name: refers[row].get(name, value) for name, value in key.items()})
            for row, (key, _) in keys.items()
        }


def as_declared(one: Wanted, script: Script, there: tuple[Values, ...]) -> TableRows:
    """A table of which nothing differs; `there` holds the first of its rows that are there."""
    place = places(one, script)
    return TableRows(table=one.table.id, mode=one.mode, key=one.key, place=place, declared=one.count, there=there)


def first(admin: psycopg.Connection[Any], one: Wanted) -> Iterator[Values]:
    """The first declared rows of a table, from its store."""
    columns = one.sometimes
    texts = ", ".join(f"{sql.name(name)}::text" for name in columns)
    for row in admin.execute(f"select {texts} from {one.store} order by {ROW} limit {_THERE}".encode()):
        yield dict(zip(columns, row, strict=True))

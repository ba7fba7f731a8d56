"""Finds the order in which the statements of rows run, by running them on a copy of live that holds live's rows.

A statement that a constraint refuses is tried again after the others. What only together is right is checked at the
end, where the constraints can be deferred; new rows of foreign keys in a circle, or such that go, become one statement.
Where a trigger, a default or a check does not find what it names without a schema, the search_path is the one that the
role has in the live database; for triggers that are deferred, what is deferred is checked while it is in force.
"""

import contextlib
import dataclasses
from collections.abc import Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.errors import NoPlan
from dbsync.load.excerpt import excerpt
from dbsync.load.wrong_row import row_at
from dbsync.model.objects import Id
from dbsync.model.plan import Observed
from dbsync.model.steps import Step
from dbsync.model.text import Script
from dbsync.pg.failures import Failure
from dbsync.seeds.write import Unit

Connection = psycopg.Connection[Any]

_FOREIGN_KEY, _UNIQUE = "23503", "23505"
_NOT_FOUND = frozenset({"42P01", "42704", "42883", "3F000"})
_NO_PATH, _CHECKED = "SET LOCAL search_path TO ''", "SET CONSTRAINTS ALL IMMEDIATE"
_VERBS = {"insert": "cannot be added to", "update": "cannot be changed in", "delete": "cannot be deleted from"}


def rehearse(
    connection: Connection,
    units: Sequence[Unit],
    script: Script,
    path: str,
    hint: str | None = None,
) -> list[Unit]:
    """The statements in an order in which they run, as the connection's role. NoPlan names a row that is refused.

    `path` is the role's own search_path in the live database. `hint` says what to do about a row, where that is no
    matter of a file.
    """
    return _Rehearsal(connection, script, path, hint).run(units)


def steps(units: Sequence[Unit], script: Script) -> tuple[Observed, ...]:
    """The statements as steps of a plan."""
    return tuple(
        Observed(
            step=Step(
                sql=unit.sql,
                about=Id("table", unit.table),
                place=script.statements[unit.statements[0]].place,
                rows=len(unit.rows) if unit.verb in _VERBS else 0,
            ),
            lost=unit.lost,
        )
        for unit in units
    )


class _Rehearsal:
    def __init__(
        self,
        connection: Connection,
        script: Script,
        path: str,
        hint: str | None,
    ):
        self.connection = connection
        self.script = script
        self.path = f"SELECT pg_catalog.set_config('search_path', {sql.literal(path)}, true)"
        self.hint = hint
        self.done: list[Unit] = []
        self.errors: list[psycopg.Error] = []
        self.found = False
        """Whether the path was set."""

    def run(self, units: Sequence[Unit]) -> list[Unit]:
        with self.connection.transaction(force_rollback=True):
            waiting = list(units)
            while waiting:
                left = self.attempt(waiting)
                if any(error.sqlstate in _NOT_FOUND for error in self.errors) and not self.found:
                    self.found = True
                    left = [_setting(self.path, left[0]), *left]
                elif len(left) == len(waiting) and not self.deferred(left):
                    left = _together(left, self.errors)
                    if len(left) == len(waiting):
                        raise self.refused(left[0], self.errors[0])
                waiting = left
            # As it is at the end of the transaction.
            error = self.refusal(f"{_NO_PATH}; {_CHECKED}")
            late = error is not None and error.sqlstate in _NOT_FOUND
            if late:
                error = self.refusal(f"{self.path}; {_CHECKED}")
            if error:
                named = [unit for unit in units if unit.table == (error.diag.schema_name, error.diag.table_name)]
                raise self.refused(named[0] if named else units[0], error)
        ending = [] if self.found or not late else [self.path]
        ending += [_CHECKED] if late else []
        ending += [_NO_PATH] if late or self.found else []
        return [*self.done, *(_setting(text, self.done[-1]) for text in ending)]

    def attempt(self, units: Sequence[Unit]) -> list[Unit]:
        """Run them; those that were refused, with `errors` saying why."""
        self.errors, left = [], []
        for unit in units:
            if error := self.refusal(unit.sql):
                self.errors.append(error)
                left.append(unit)
            else:
                self.done.append(unit)
        return left

    def refusal(self, text: str) -> psycopg.Error | None:
        try:
            with self.connection.transaction():
                self.connection.execute(text.encode())
        except psycopg.Error as error:
            if self.connection.closed:
                raise
            return error
        return None

    def deferred(self, left: list[Unit]) -> bool:
        """Whether some of them run once what can be is checked at the end; they are taken out of the list."""
        first, last = (_setting(text, left[0]) for text in ("SET CONSTRAINTS ALL DEFERRED", _CHECKED))
        if any(unit.head == first.head for unit in self.done):
            return False
        before, errors = len(self.done), self.errors
        with contextlib.suppress(_NoUseError), self.connection.transaction():
            self.connection.execute(first.sql.encode())
            self.done.append(first)
            rest = self.attempt(left)
            if rest or self.refusal(last.sql):
                raise _NoUseError
            self.done.append(last)
            left.clear()
            return True
        del self.done[before:]
        self.errors = errors
        return False

    def refused(self, unit: Unit, error: psycopg.Error) -> NoPlan:
        """The error that names the row, and the statement of the file that gave it."""
        for single in unit.alone() if len(unit.rows) > 1 else ():
            if found := self.refusal(single.sql):
                unit, error = single, found
                break
        failure, statement = Failure.of(error), self.script.statements[unit.statements[0]]
        place, length = statement.place, len(statement.sql.split("\n", 1)[0])
        if len(unit.rows) == 1 and unit.ordinals and (ordinal := unit.ordinals[0]):
            place, length = row_at(self.script, statement, ordinal) or (place, length)
        words = _VERBS.get(unit.verb, "is not right in")
        where, shown = f"{place}:{place.column}", None
        if self.hint is not None:
            # The rows before a record stand in no file.
            where = place.file
        else:
            shown = excerpt(dict(self.script.files)[place.file], place, length)
        return NoPlan(
            f"{where}: a row {words} {sql.qualified(*unit.table)}: {failure.message}",
            excerpt=shown,
            detail="\n".join(one for one in (failure.detail, f"What live would refuse: {_short(unit.sql)}") if one),
            hint=self.hint or failure.hint or unit.hint or _hint(unit, error),
        )


def _hint(unit: Unit, error: psycopg.Error) -> str:
    """What to do about a row that is refused."""
    hint = "change the row in the file, or those on live that stand in its way"
    if unit.verb == "update" and error.sqlstate == _UNIQUE:
        hint += "; where declared rows exchange their values, make the constraint DEFERRABLE"
    return hint


def _setting(text: str, about: Unit) -> Unit:
    """A statement that changes how others run."""
    return Unit(about.table, "setting", text, ("",), "", about.statements[:1])


class _NoUseError(Exception):
    """Deferring the constraints did not help."""


def _together(units: Sequence[Unit], errors: Sequence[psycopg.Error]) -> list[Unit]:
    """The statements, with those in one that may refer to each other's new rows, or to those that go."""
    for verb in ("insert", "delete"):
        circle = [
            unit
            for unit, error in zip(units, errors, strict=True)
            if unit.verb == verb and error.sqlstate == _FOREIGN_KEY
        ]
        if len(circle) > 1:
            *first, last = circle
            parts = ",\n".join(f"rows_{number} AS (\n  {unit.sql}\n)" for number, unit in enumerate(first, 1))
            lost = tuple(loss for unit in circle for loss in unit.lost)
            one = dataclasses.replace(last, head=f"WITH {parts}\n{last.head}", lost=lost, hint=None)
            return [one, *(unit for unit in units if unit not in circle)]
    return list(units)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:297] + "…"

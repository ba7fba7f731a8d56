"""The rows that should be there: those of the seeds file, or those that there were before a history record.

What a file says is written when the schema is as the file has it. What there was is put back before the schema is: the
same way in the other direction. An undo of an undo goes the first way again.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import psycopg

from dbsync.load.run import LOADING
from dbsync.model.changes import Rename
from dbsync.model.objects import Id
from dbsync.model.rows import FormerRows
from dbsync.model.text import Script
from dbsync.pg.event_triggers import silence
from dbsync.planning.unnamed import called_after, called_before
from dbsync.planning.workspace import COPY, DESIRED, Workspace
from dbsync.seeds.cells import apart
from dbsync.seeds.directives import directives
from dbsync.seeds.former import Former
from dbsync.seeds.keys import keyed
from dbsync.seeds.load import load
from dbsync.seeds.statements import Gives, may_move
from dbsync.seeds.tables import Path, Table, tables
from dbsync.seeds.wanted import Wanted, find, steady

Connection = psycopg.Connection[Any]
Names = Callable[[Id], Id]
Loaded = tuple[Connection, Mapping[Path, Table], tuple[Wanted, ...]]

SEEDED, AGAIN = "seeded", "seeded_again"


class RowsWanted(Protocol):
    """Rows that should be there; without statements in its script there are none."""

    @property
    def name(self) -> str:
        """What is loaded."""

    @property
    def script(self) -> Script:
        """What gives the rows."""

    @property
    def hint(self) -> str | None:
        """What to do about a row that is refused, where that is no matter of a file."""

    @property
    def first(self) -> bool:
        """Whether they are written before the schema's steps."""

    def load(self, workspace: Workspace, after: Names) -> Loaded:
        """A session in a copy of the database that they are written in, which holds them in stores, its tables, and the
        rows by table. `after` gives the names that objects of live will have. SchemaError where a file cannot be
        loaded."""


class SeedsFile:
    """The rows that the seeds file gives."""

    name = "the seeds"
    hint: str | None = None
    first = False

    def __init__(self, script: Script):
        self.script, self._cells = apart(script)

    def load(self, workspace: Workspace, after: Names) -> Loaded:
        """Twice, where the values may differ with every load."""
        del after
        said = directives(self.script)
        admin, given = self._run(workspace, SEEDED)
        with _closed_by_errors(admin):
            known = tables(admin)
            found = find(admin, known, given)
            if self._moves(found):
                # What the clock or chance gives is not the same twice.
                again, same = self._run(workspace, AGAIN)
                with contextlib.closing(again):
                    found = steady(admin, again, found, same=find(again, known, same))
            return admin, known, keyed(admin, found, said, given, self.script)

    def _run(self, workspace: Workspace, name: str) -> tuple[Connection, tuple[tuple[Gives, ...], ...]]:
        """A session in a database with the file's rows, and what its statements give to which tables."""
        admin = _copied(workspace, DESIRED, name)
        with (
            _closed_by_errors(admin),
            contextlib.closing(workspace.scratch.connect(name, role=workspace.role, settings=LOADING)) as connection,
        ):
            return admin, load(connection, admin, self.script, self._cells)

    def _moves(self, found: Sequence[Wanted]) -> bool:
        """Whether values may differ with every load: those of a COPY, without triggers, hardly can."""
        return any(
            one.table.triggers or may_move(self.script.statements[index]) for one in found for index in one.given
        )


class RowsBefore:
    """The rows that some history records wrote, as they were before the first of them."""

    hint: str | None = "dbsync undo --no-seeds leaves all rows as they are"

    def __init__(self, record: int, written: Sequence[Sequence[FormerRows]], renamed: Sequence[Sequence[Rename]]):
        """`written` and `renamed` are of the record of that number and of each later one."""
        self.name = f"the rows before record {record}"
        self.first = not all(one.ahead for rows in written for one in rows)
        self.former = Former()
        for number, rows in reversed(list(enumerate(written))):
            for one in rows:
                behind = number + (not one.ahead)
                called = called_after(renamed[behind:]) if self.first else called_before(renamed[:behind])
                self.former.go_back(one, called)

    @functools.cached_property
    def script(self) -> Script:
        """A text that says what there was."""
        return self.former.script(self.name)

    @property
    def notes(self) -> tuple[str, ...]:
        """Which rows stay as they are, and why."""
        return self.former.notes

    def load(self, workspace: Workspace, after: Names) -> Loaded:
        """What goes with its table or column is left out, and so is what a table does not take, which `notes` tell."""
        with workspace.scratch.connect_as_owner(DESIRED) as desired:
            goal = tables(desired)
        admin = _copied(workspace, COPY if self.first else DESIRED, SEEDED)
        with _closed_by_errors(admin):
            known = tables(admin)
            called = after if self.first else as_it_is
            staying = {path: _staying(one, goal, called) for path, one in known.items()}
            return admin, known, tuple(self.former.wanted(admin, known, staying))


def as_it_is(one: Id) -> Id:
    """Gives an object the name that it has."""
    return one


def _staying(table: Table, goal: Mapping[Path, Table], after: Names) -> frozenset[str]:
    """The columns of a table that it will still have."""
    schema, name = after(table.id).path
    then = goal.get((schema, name))
    return frozenset(
        column for column in table.columns if then and after(table.column_id(column)).path[-1] in then.columns
    )


def _copied(workspace: Workspace, template: str, name: str) -> Connection:
    workspace.scratch.create(name, template=template)
    with contextlib.closing(workspace.scratch.connect(name)) as superuser:
        # What is made there for the rows is no change of the schema.
        silence(superuser)
    return workspace.scratch.connect_as_owner(name)


@contextlib.contextmanager
def _closed_by_errors(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise

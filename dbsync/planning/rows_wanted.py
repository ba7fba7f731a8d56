"""The rows that should be there: those of the seeds file, or those that there were before a history record."""

import contextlib
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import psycopg

from dbsync.load.run import LOADING
from dbsync.model.changes import Rename
from dbsync.model.rows import FormerRows
from dbsync.model.text import Script
from dbsync.planning.unnamed import called_before
from dbsync.planning.workspace import DESIRED, Workspace
from dbsync.seeds.directives import directives
from dbsync.seeds.former import Former
from dbsync.seeds.keys import keyed
from dbsync.seeds.load import load
from dbsync.seeds.statements import Gives, may_move
from dbsync.seeds.tables import Path, Table, tables
from dbsync.seeds.wanted import Wanted, find, steady

Connection = psycopg.Connection[Any]
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

    def load(self, workspace: Workspace) -> Loaded:
        """A session in a copy of the desired database, which holds the rows in stores, its tables, and the rows by
        table. SchemaError where a file cannot be loaded."""


class SeedsFile:
    """The rows that the seeds file gives."""

    name = "the seeds"
    hint: str | None = None

    def __init__(self, script: Script):
        self.script = script

    def load(self, workspace: Workspace) -> Loaded:
        """Twice, where the values may differ with every load."""
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
        admin = _copied(workspace, name)
        with (
            _closed_by_errors(admin),
            contextlib.closing(workspace.scratch.connect(name, role=workspace.role, settings=LOADING)) as connection,
        ):
            return admin, load(connection, admin, self.script)

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
        self.former = Former()
        for number, rows in reversed(list(enumerate(written))):
            self.former.go_back(rows, called_before(renamed[: number + 1]))

    @functools.cached_property
    def script(self) -> Script:
        """A text that says what there was."""
        return self.former.script(self.name)

    def load(self, workspace: Workspace) -> Loaded:
        """What the desired database does not take is left out, and noted."""
        admin = _copied(workspace, SEEDED)
        with _closed_by_errors(admin):
            known = tables(admin)
            wanted = tuple(self.former.wanted(admin, known))
            workspace.notes += self.former.notes
            return admin, known, wanted


def _copied(workspace: Workspace, name: str) -> Connection:
    workspace.scratch.create(name, template=DESIRED)
    return workspace.scratch.connect(name)


@contextlib.contextmanager
def _closed_by_errors(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise

"""What live shall be: what the schema file and the seeds file say, or what it was before a history record."""

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from dbsync.load.directives import directives
from dbsync.load.places import Places
from dbsync.load.run import Loaded
from dbsync.load.script import read_script, script_of
from dbsync.model.catalog import EMPTY, Catalog
from dbsync.model.changes import Rename
from dbsync.model.plan import Plan, State
from dbsync.model.rows import FormerRows
from dbsync.model.text import Script
from dbsync.planning.directed import Wish, wishes
from dbsync.planning.manage import Managed, declared
from dbsync.planning.rows_wanted import RowsBefore, SeedsFile
from dbsync.planning.secrets import recall
from dbsync.planning.unnamed import taken_back
from dbsync.planning.workspace import DESIRED, Workspace
from dbsync.replay import Replay


class SchemaFiles:
    """The schema file, the seeds file, and what they include. SchemaError where they cannot be read."""

    goal = "what the schema file says"
    complete = False
    """Whether it says all that there is to say, also where it is silent."""

    def __init__(self, path: Path, seeds: Path | None = None, include_path: Sequence[Path] = ()):
        self.rows = SeedsFile(read_script(seeds, include_path) if seeds else Script((), ()))
        self.name = path.name
        self.script = read_script(path, include_path)
        self.directives = directives(self.script)

    def named(self, plan: Plan) -> Plan:
        """The plan, with what it is for."""
        return plan

    def managed(self, setting: str) -> Managed:
        """What `--manage` makes of it."""
        return declared(self.script, setting)

    def load(self, workspace: Workspace, live: Catalog = EMPTY) -> Loaded:
        """Make the desired database; live is no matter to it."""
        del live
        return workspace.load(self.script)

    def wishes(self, places: Places, desired: Catalog) -> tuple[Wish, ...]:
        """What is to be renamed, by the directives."""
        return wishes(self.directives, places, desired)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recorded:
    """The state that live had before a history record. `text` and `digest` are of the schema file of that time.

    `renamed` are the renames of that record and of each later one, and `written` the rows that each of them wrote, as
    they were before.
    """

    undoes: int
    state: State
    text: str
    digest: str
    renamed: tuple[tuple[Rename, ...], ...] = ()
    written: tuple[tuple[FormerRows, ...], ...] = ()

    complete: ClassVar[bool] = True

    @functools.cached_property
    def rows(self) -> RowsBefore:
        """The rows that the records wrote, as they were before them."""
        return RowsBefore(self.undoes, self.written, self.renamed)

    @property
    def goal(self) -> str:
        """What live is after it."""
        return f"what it was before record {self.undoes}"

    @property
    def name(self) -> str:
        """What is loaded."""
        return f"the schema before record {self.undoes}"

    @functools.cached_property
    def script(self) -> Script:
        """What pg_dump wrote at the time."""
        return script_of(self.name, self.state.dump)

    def named(self, plan: Plan) -> Plan:
        """The plan, with what it is for."""
        return dataclasses.replace(
            plan, goal=self.goal, undoes=self.undoes, schema_text=self.text, schema_digest=self.digest
        )

    def managed(self, setting: str) -> Managed:
        """All of it, if `--manage` leaves it open: going back means all the way."""
        if setting == "auto":
            return Managed(privileges=True, extensions=True, owners=True)
        return declared(self.script, setting)

    def load(self, workspace: Workspace, live: Catalog) -> Loaded:
        """Make the desired database, with live's secrets where the record has none."""
        loaded = workspace.load_state(self.script, self.state.more)
        with workspace.scratch.owning(), workspace.running(DESIRED) as session:
            replay = Replay(session, workspace.elevate)
            workspace.notes += recall(replay, workspace.read(DESIRED), live)
        return loaded

    def wishes(self, places: Places, desired: Catalog) -> tuple[Wish, ...]:
        """What is to be renamed, as it was before."""
        del places, desired
        return taken_back(self.renamed)


Source = SchemaFiles | Recorded

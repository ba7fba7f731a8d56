"""Asks the authors for drafts, each on a fresh copy of live."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg

from dbsync.authors import migra
from dbsync.authors.draft import Draft, draft, run_all
from dbsync.authors.order import write
from dbsync.authors.touched import INSTALL, REMOVE, Listener
from dbsync.compare import compare
from dbsync.model.catalog import Catalog
from dbsync.model.steps import Step
from dbsync.planning.renaming import Renamed
from dbsync.planning.workspace import DESIRED, Workspace
from dbsync.replay import Replay

_BLIND = "migra was not asked: on the scratch server the role may not make event triggers, which show what its"
_BLIND += " statements touch"

Sides = tuple[Catalog, Catalog]

_LARGE = 10_000
"""Objects of a schema that is large."""
_FEW = 1_000
"""Changes whose steps may be proven before they are looked at: what many do together is better seen."""


class Drafting:
    """Drafts of one plan, from one comparison."""

    def __init__(
        self,
        workspace: Workspace,
        start: Sides,
        sides: Callable[[str, Catalog], Sides],
        progress: Callable[[str], None],
        begun: Renamed,
    ):
        """`start` is (current, goal); `sides` says the same of a copy by name and what was read of it.

        `begun` is what the drafts start from: live, with what has another name in the file by that name.
        """
        self.workspace = workspace
        self.begun = begun
        self.start = start
        self.sides = sides
        self.progress = progress
        self.notes: tuple[str, ...] = ()

    def rounds(self, author: str) -> Iterator[list[Draft]]:
        """Drafts among which the best is taken; if none of them can be proven, those of the next round are tried.

        They are migra's, completed by the kinds, and the kinds' own, or the one of the author asked for. Where they are
        equally good the first is taken, and that is migra's. Of a large schema migra's takes longer than all the rest:
        it is asked for where the kinds' own loses or rewrites something, or gets nowhere.
        """
        if author != "best" or len(self.start[1].objects) < _LARGE:
            yield self._drafts(author)
            return
        if plain := self._plain():
            yield [plain]
        if (kinds := self._kinds()).complete and kinds.harmless:
            yield [kinds]
            yield self._drafts("migra")
        else:
            yield [*self._drafts("migra"), kinds]

    def _drafts(self, author: str) -> list[Draft]:
        """Both authors' drafts, or the one of the author asked for."""
        if author == "dbsync":
            return [self._kinds()]
        with ThreadPoolExecutor(1) as beside:
            # Importing migra takes a while, in which the kinds' steps are tried.
            asked = beside.submit(self._ask_migra)
            kinds = [] if author == "migra" else [self._kinds()]
            return [*self._migras(asked), *kinds]

    def _plain(self) -> Draft | None:
        """The kinds' draft if all of its steps were taken at once and are harmless, not yet read back.

        The proof does that; where it fails, there are still the other drafts.
        """
        changes = len(compare(*self.start))
        if changes > _FEW:
            return None
        with self._tried() as (replay, _):
            done, refused = run_all(replay, write(*self.start))
        found = Draft(author="dbsync", steps=tuple(done), left=(), refused=tuple(refused))
        return found if found.complete and found.harmless and not refused else None

    def _kinds(self) -> Draft:
        with self._tried() as (replay, name):
            return draft("dbsync", replay, lambda: self.sides(name, self.workspace.read(name)), start=self.start)

    @contextlib.contextmanager
    def _tried(self) -> Iterator[tuple[Replay, str]]:
        """A copy on which steps can be run, and its name."""
        self.progress("writing the plan")
        with self.workspace.fresh(self.begun.steps) as name, self.workspace.running(name) as connection:
            yield Replay(connection, self.workspace.may_elevate), name

    def _ask_migra(self) -> list[Step]:
        scratch = self.workspace.scratch
        return migra.write(lambda: scratch.connect(self.begun.database), lambda: scratch.connect(DESIRED))

    def _migras(self, asked: "Future[list[Step]]") -> list[Draft]:
        self.progress("asking migra")
        try:
            steps = asked.result()
        except migra.MigraFailedError as error:
            self.notes = (f"migra could not compare the two databases: {error}",)
            return []
        known = frozenset(self.start[0].objects) | frozenset(self.start[1].objects)
        scratch = self.workspace.scratch
        with self.workspace.fresh(self.begun.steps) as name, self.workspace.running(name) as connection:
            with scratch.connect(name) as admin:
                try:
                    with scratch.silent(admin):
                        admin.execute(INSTALL.encode())
                except psycopg.errors.InsufficientPrivilege:
                    self.notes = (_BLIND,)
                    return []
            replay = Replay(connection, self.workspace.may_elevate, Listener(connection, known).take)

            def sides() -> Sides:
                with scratch.connect(name) as admin:
                    with scratch.silent(admin):
                        admin.execute(REMOVE.encode())
                    try:
                        return self.sides(name, self.workspace.read(name))
                    finally:
                        with scratch.silent(admin):
                            admin.execute(INSTALL.encode())

            return [draft("migra", replay, sides, steps)]

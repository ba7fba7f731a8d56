"""Makes what a plan is about: the desired database, beside which live is read, and the copy of live."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

import psycopg

from dbsync.errors import ConnectionFailed, DbsyncError
from dbsync.load.marks import without
from dbsync.load.run import Loaded
from dbsync.model.catalog import Catalog
from dbsync.pg.settings import unlike
from dbsync.planning.copying import copied_from_desired
from dbsync.planning.live import Live
from dbsync.planning.request import PlanRequest
from dbsync.planning.sources import SchemaFiles, Source
from dbsync.planning.workspace import COPY, DESIRED, Workspace

_PATIENCE = 0.2
"""Seconds between two tries to end what is loading."""


class Making:
    """Both databases in the making. What is asked for is waited for, with its errors."""

    def __init__(self, workspace: Workspace, source: Source, live: Live, beside: ThreadPoolExecutor):
        self.workspace = workspace
        self.source = source
        self.live = live
        self.dump: str | None = None
        self._beside = beside
        self._loading: Future[Loaded] | None = None
        if isinstance(source, SchemaFiles):
            self._loading = beside.submit(source.load, workspace)

    def read(self, request: PlanRequest) -> None:
        """Read live, and have its schema as pg_dump writes it, unless live's role may not dump it; a note says so."""
        with ThreadPoolExecutor(1) as beside:
            reading = beside.submit(self.live.read)
            try:
                self.dump = self.workspace.scratch.dump_live(
                    request.target,
                    snapshot=self.live.snapshot,
                    settings=unlike(self.live.facts.settings),
                    extra=["--exclude-schema=dbsync"],
                )
            except ConnectionFailed as error:
                self.workspace.notes += [f"the copy of live has no witness, since pg_dump failed: {error.message}"]
            reading.result()
        if marks := self.live.marks:
            self.dump = None if self.dump is None else without(self.dump, marks)
            named = ", ".join(sorted(marks))
            self.workspace.notes += [
                f"not compared: {named}, which the live database's server keeps for itself: nobody can set it"
            ]
        self.workspace.like = self.live.catalog
        self.workspace.positions = self.live.positions

    def loaded(self) -> Loaded:
        """The desired database is there. SchemaError where the file cannot be loaded."""
        if self._loading is None:
            self._loading = self._beside.submit(self.source.load, self.workspace, self.live.catalog)
        return self._loading.result()

    def copied(self, desired: Catalog) -> Catalog:
        """The copy of live is there: its catalog. `desired` is what was loaded."""
        live = self.live.catalog
        copy = copied_from_desired(self.workspace, self.dump, live, desired) if self.dump is not None else None
        if copy is None:
            self.workspace.notes += self.workspace.copy(self.dump, live)
            copy = self.workspace.read(COPY)
        self.workspace.count_on(COPY)
        return copy

    def give_up(self) -> None:
        """End a loading that nobody waits for any more."""
        with contextlib.suppress(DbsyncError, psycopg.Error):
            while self._loading and not self._loading.done():
                self.workspace.scratch.drop(DESIRED)
                wait([self._loading], _PATIENCE)


@contextlib.contextmanager
def making(workspace: Workspace, source: Source, live: Live) -> Iterator[Making]:
    """What is being made while the context is open; what is not done by then is given up."""
    with ThreadPoolExecutor(1) as beside:
        found = Making(workspace, source, live, beside)
        try:
            yield found
        finally:
            found.give_up()

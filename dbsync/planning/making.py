"""Makes what a plan is about: the desired database from its source and the copy of live from its dump, side by side."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import psycopg

from dbsync.errors import ConnectionFailed, DbsyncError
from dbsync.load.run import Loaded
from dbsync.pg.server import LiveFacts
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
        self._copying: Future[list[str]] | None = None
        if isinstance(source, SchemaFiles):
            self._loading = beside.submit(source.load, workspace)

    def read(self, request: PlanRequest) -> None:
        """Read live, and have its schema as pg_dump writes it, unless live's role may not dump it; a note says so.

        While the file is loaded the copy is begun too, if it may be.
        """
        with ThreadPoolExecutor(1) as beside:
            reading = beside.submit(self.live.read)
            try:
                self.dump = self.workspace.scratch.dump_live(
                    request.target, snapshot=self.live.snapshot, extra=["--exclude-schema=dbsync"]
                )
            except ConnectionFailed as error:
                self.workspace.notes += [f"the copy of live has no witness, since pg_dump failed: {error.message}"]
            reading.result()
        if self._loading is not None and self.dump is not None and _apart(self.live.facts):
            self._copying = self._beside.submit(self.workspace.copy, self.dump, self.live.catalog)

    def loaded(self) -> Loaded:
        """The desired database is there. SchemaError where the file cannot be loaded."""
        if self._loading is None:
            self._loading = self._beside.submit(self.source.load, self.workspace, self.live.catalog)
        return self._loading.result()

    def copied(self) -> None:
        """The copy of live is there."""
        if self._copying is None:
            self._copying = self._beside.submit(self.workspace.copy, self.dump, self.live.catalog)
        self.workspace.notes += self._copying.result()

    def give_up(self) -> None:
        """End what nobody waits for any more."""
        tasks: dict[str, Future[Any] | None] = {DESIRED: self._loading, COPY: self._copying}
        for name, task in tasks.items():
            with contextlib.suppress(DbsyncError, psycopg.Error):
                while task and not task.done():
                    self.workspace.scratch.drop(name)
                    wait([task], _PATIENCE)


@contextlib.contextmanager
def making(workspace: Workspace, source: Source, live: Live) -> Iterator[Making]:
    """What is being made while the context is open; what is not done by then is given up."""
    with ThreadPoolExecutor(2) as beside:
        found = Making(workspace, source, live, beside)
        try:
            yield found
        finally:
            found.give_up()


def _apart(facts: LiveFacts) -> bool:
    """Whether nothing that the session's role may become is a superuser.

    Copying makes live's superusers superusers, and the file is loaded with no more rights than live's role has.
    """
    superusers = {role.name for role in facts.roles if role.superuser}
    return facts.role not in superusers and not any(one.role in superusers for one in facts.memberships)

"""Makes what a plan is about: live is read and dumped at once, and then the copy and the desired database are made."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from dbsync.errors import ConnectionFailed
from dbsync.load.run import Loaded
from dbsync.pg.server import LiveFacts
from dbsync.planning.live import Live
from dbsync.planning.request import PlanRequest
from dbsync.planning.sources import SchemaFiles, Source
from dbsync.planning.workspace import COPY, Workspace


def read(request: PlanRequest, workspace: Workspace, live: Live) -> str | None:
    """Read live, and give its schema as pg_dump writes it; None, and a note, where live's role may not dump it."""
    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(live.read)
        try:
            dump = workspace.scratch.dump_live(request.target, snapshot=live.snapshot)
        except ConnectionFailed as error:
            workspace.notes = (f"the copy of live has no witness, since pg_dump failed: {error.message}",)
            dump = None
        reading.result()
    return dump


def made(workspace: Workspace, source: Source, live: Live, dump: str | None) -> Loaded:
    """Make the copy of live and the desired database. SchemaError where the file cannot be loaded."""
    if isinstance(source, SchemaFiles) and dump is not None and _apart(live.facts):
        with _copying(workspace, live, dump):
            return source.load(workspace, live.catalog)
    workspace.copy(dump, live.catalog)
    return source.load(workspace, live.catalog)


def _apart(facts: LiveFacts) -> bool:
    """Whether nothing that the session's role may become is a superuser.

    Copying makes live's superusers superusers, and the file is loaded with no more rights than live's role has.
    """
    superusers = {role.name for role in facts.roles if role.superuser}
    return facts.role not in superusers and not any(one.role in superusers for one in facts.memberships)


@contextlib.contextmanager
def _copying(workspace: Workspace, live: Live, dump: str | None) -> Iterator[None]:
    """The copy is being made; it is there at the end, and given up where that is an error."""
    with ThreadPoolExecutor(1) as beside:
        copying = beside.submit(workspace.copy, dump, live.catalog)
        try:
            yield
        except BaseException:
            # Ends what is being loaded there.
            workspace.scratch.drop(COPY)
            raise
        copying.result()

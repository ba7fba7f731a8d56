"""The database that the schema file describes, loaded on a scratch server."""

import contextlib
from collections.abc import Iterator

from dbsync.config import Config
from dbsync.load.definitions import extensions as extensions_of
from dbsync.load.roles import named
from dbsync.load.script import read_script
from dbsync.model.outcome import Observer
from dbsync.pg.connect import connect
from dbsync.pg.server import describe
from dbsync.pg.target import Target
from dbsync.planning.workspace import Workspace
from dbsync.scratch.fence import machine
from dbsync.scratch.provider import Needs, Scratch, newest, open_scratch


@contextlib.contextmanager
def desired(config: Config, observer: Observer) -> Iterator[Scratch]:
    """A scratch server whose database DESIRED is what the file says, gone when the context ends.

    The newest PostgreSQL at hand reads the schema file. Live is not asked, unless that is to be done beside it; for the
    roles that the file names there are stand-ins.
    """
    if config.require_fence:
        machine.require(config.scratch)
    script = read_script(config.schema, config.include_path)
    extensions = frozenset(extensions_of(script))
    live = None
    if config.scratch == "server" and not config.embedded:
        live = Target.parse(config.database, config.environ)
        with contextlib.closing(connect(live, read_only=True)) as connection:
            needs = Needs.of(describe(connection), extensions, load_timeout=config.load_timeout)
    else:
        needs = Needs(
            major=newest(config.scratch, extensions, config.environ),
            extensions=extensions,
            load_timeout=config.load_timeout,
        ).and_roles(named(script))
    observer.progress("starting a scratch server")
    with open_scratch(config.scratch, needs, environ=config.environ, live=live) as scratch:
        workspace = Workspace(scratch, needs.session_role, superuser=False)
        observer.progress(f"loading {config.schema.name}")
        workspace.load(script)
        yield scratch

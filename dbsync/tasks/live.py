"""Finds live: the database that was named, or the embedded development database of the project."""

import contextlib
from collections.abc import Iterator

from dbsync.config import Config
from dbsync.model.outcome import Observer
from dbsync.pg.target import Target


@contextlib.contextmanager
def live(config: Config, observer: Observer) -> Iterator[Target]:
    """The target; the embedded server runs as long as the context is open."""
    if not config.embedded:
        yield Target.parse(config.database, config.environ)
        return
    from dbsync.scratch.devserver import dev_server

    observer.say("No database is named: this is the embedded development database of this project (in .dbsync/).")
    observer.progress("starting the embedded development database")
    with dev_server(config.project, config.environ) as target:
        yield target

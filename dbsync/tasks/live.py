"""Finds live: the database that was named, or the embedded development database of the project."""

import contextlib
from collections.abc import Iterator

from dbsync.config import Config
from dbsync.model.outcome import Observer
from dbsync.pg.target import Target
from dbsync.pg.trace import traced


@contextlib.contextmanager
def live(config: Config, observer: Observer) -> Iterator[Target]:
    """The target; the embedded server runs as long as the context is open."""
    if not config.embedded:
        target = Target.parse(config.database, config.environ)
        with _told(target, observer):
            yield target
        return
    from dbsync.scratch.devserver import dev_server

    observer.say("No database is named: this is the embedded development database of this project (in .dbsync/).")
    observer.progress("starting the embedded development database")
    with dev_server(config.project, config.environ) as target, _told(target, observer):
        yield target


def _told(target: Target, observer: Observer) -> contextlib.AbstractContextManager[None]:
    return traced(target, observer.sent) if observer.listens else contextlib.nullcontext()

"""Finds live: the database that was named, or the embedded development database of the project."""

import contextlib
from collections.abc import Iterator

from dbsync.config import Config
from dbsync.errors import SchemaError
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
    with dev_server(config.project, config.environ, _roles(config)) as target, _told(target, observer):
        yield target


def _roles(config: Config) -> frozenset[str]:
    """The roles that the schema file names; what is wrong with the file is said when it is loaded."""
    from dbsync.load.roles import named
    from dbsync.load.script import read_script

    try:
        return named(read_script(config.schema, config.include_path))
    except SchemaError:
        return frozenset()


def _told(target: Target, observer: Observer) -> contextlib.AbstractContextManager[None]:
    return traced(target, observer.sent) if observer.listens else contextlib.nullcontext()

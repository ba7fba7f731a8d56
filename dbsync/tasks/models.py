"""Typed models of the schema file, for an application."""

from dbsync.codegen import writer
from dbsync.codegen.read import read
from dbsync.codegen.schema import Source
from dbsync.config import Config
from dbsync.load.run import LOADING
from dbsync.model.outcome import Observer
from dbsync.planning.workspace import DESIRED
from dbsync.tasks.desired import desired


def models(config: Config, form: str, observer: Observer) -> str:
    """The text of the models' file. Live is not asked: the newest PostgreSQL at hand reads the schema file."""
    with desired(config, observer) as scratch:
        observer.progress("writing models")
        with scratch.connect(DESIRED) as connection:
            schema = read(connection)
        source = Source(
            schema=schema, file=config.schema.name, connect=lambda: scratch.connect(DESIRED, settings=LOADING)
        )
        return writer(form).write(source)

"""Typed models of the schema file, for an application."""

from dbsync.codegen import writer
from dbsync.codegen.read import read
from dbsync.codegen.schema import Source
from dbsync.codegen.tried import try_python, try_typescript
from dbsync.config import Config
from dbsync.model.outcome import Observer
from dbsync.planning.workspace import DESIRED
from dbsync.tasks.desired import desired


def models(config: Config, form: str, observer: Observer) -> tuple[str, str]:
    """The text of the models' file, and a note where it could not be tried; Bug where it was, and is not valid.

    The live database is not asked: the newest PostgreSQL at hand reads the schema file.
    """
    with desired(config, observer) as scratch:
        observer.progress("writing models")
        with scratch.connect(DESIRED) as connection:
            schema = read(connection)
    text = writer(form).write(Source(schema=schema, file=config.schema.name))
    observer.progress("trying the models")
    return text, try_typescript(text) if form == "typescript" else try_python(text)

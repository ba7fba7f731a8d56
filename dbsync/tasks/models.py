"""Typed models of the schema file, for an application."""

from pathlib import Path

from dbsync.codegen import writer
from dbsync.codegen.read import read
from dbsync.codegen.schema import Source
from dbsync.config import Config
from dbsync.errors import UsageError
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


def same(text: str, path: Path) -> bool:
    """Whether the file holds this text."""
    try:
        return path.read_text(encoding="utf-8") == text
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def save(text: str, path: Path) -> None:
    """Write the file, if it does not hold this text already."""
    if same(text, path):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None

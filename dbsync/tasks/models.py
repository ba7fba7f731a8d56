"""Typed models of the schema file, for an application."""

from pathlib import Path

from dbsync.codegen import writer
from dbsync.codegen.read import read
from dbsync.codegen.schema import Source
from dbsync.config import Config
from dbsync.errors import UsageError
from dbsync.load.definitions import extensions as extensions_of
from dbsync.load.run import LOADING
from dbsync.load.script import read_script
from dbsync.model.outcome import Observer
from dbsync.planning.workspace import DESIRED, Workspace
from dbsync.scratch.provider import Needs, newest, open_scratch


def models(config: Config, form: str, observer: Observer) -> str:
    """The text of the models' file. Live is not asked: the newest PostgreSQL at hand reads the schema file."""
    script = read_script(config.schema)
    extensions = frozenset(extensions_of(script))
    needs = Needs(major=newest(config.scratch, extensions, config.environ), extensions=extensions)
    with open_scratch(config.scratch, needs, environ=config.environ) as scratch:
        workspace = Workspace(scratch, needs.session_role, superuser=False)
        observer.progress(f"loading {config.schema.name}")
        workspace.load(script)
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

"""migra as an author: what it says of the difference between two databases, statement by statement.

Importing migra takes a while, so it is done only when there is a difference.
"""

import contextlib
import inspect
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from dbsync.load import tree
from dbsync.model.objects import Id
from dbsync.model.steps import Step
from dbsync.pg.sealing import unsealed

Connection = psycopg.Connection[Any]


class MigraFailedError(Exception):
    """migra could not compare the two databases; the message says how it failed."""


def write(connect_current: Callable[[], Connection], connect_desired: Callable[[], Connection]) -> list[Step]:
    """migra's steps, unproven; MigraFailedError if it ends with an error, as on catalogs that it cannot hold."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _plain_stack():
            from migra import Migration

        try:
            with _session(connect_current) as current, _session(connect_desired) as desired:
                migration = Migration(current, desired)
                migration.set_safety(False)
                migration.add_all_changes(privileges=True)
                texts = [unsealed(str(text)) for text in migration.statements]
        except Exception as error:  # It raises KeyError, AttributeError, NotImplementedError, …
            raise MigraFailedError(
                f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            ) from error
    return [_step(text) for text in texts if not text.strip().startswith("set check_function_bodies")]


@contextlib.contextmanager
def _plain_stack() -> Iterator[None]:
    """For as long as it is open, `inspect.stack` gives frames without their source.

    While it is imported, schemainspect asks for the stack again and again, only to learn the name of the module that
    calls. The source of each frame is looked for in all modules, and that takes longer than all the rest.
    """
    whole = inspect.stack
    inspect.stack = _frames
    try:
        yield
    finally:
        inspect.stack = whole


def _frames(context: int = 0) -> list[inspect.FrameInfo]:  # noqa: ARG001
    found = list(traceback.walk_stack(inspect.currentframe()))[1:]
    return [inspect.FrameInfo(one, one.f_code.co_filename, line, one.f_code.co_name, None, None) for one, line in found]


def _step(text: str) -> Step:
    return Step(sql=_unversioned(text.strip().rstrip(";").rstrip()), about=Id("statement", ("migra",)), author="migra")


def _unversioned(text: str) -> str:
    """CREATE EXTENSION without the version, which is the one of the scratch server: live may not have it."""
    parsed = tree.parse(text)
    if parsed is None or not parsed.stmts or not parsed.stmts[0].stmt.HasField("create_extension_stmt"):
        return text
    options = parsed.stmts[0].stmt.create_extension_stmt.options
    kept = [option for option in options if option.def_elem.defname != "new_version"]
    del options[:]
    options.extend(kept)
    return tree.deparse(parsed)


@contextlib.contextmanager
def _session(connect: Callable[[], Connection]) -> Iterator[Any]:
    """A SQLAlchemy connection around one of ours, closed at the end: migra leaves its transaction open."""
    import sqlalchemy
    import sqlalchemy.pool

    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=connect, poolclass=sqlalchemy.pool.NullPool)
    try:
        with engine.connect() as connection:
            yield connection
            connection.rollback()
    finally:
        engine.dispose()

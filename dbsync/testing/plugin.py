"""The pytest plugin: fixtures that give each test a database of its own, made from schema.sql and seeds.sql.

It is loaded by every pytest run of an environment that has dbsync, so it imports nothing but pytest until a test asks
for one of its fixtures.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dbsync.testing.record import OwnDatabase

if TYPE_CHECKING:
    import psycopg

    from dbsync.config import Config
    from dbsync.runtime import Database
    from dbsync.testing.server import Server

SETTINGS = (
    ("schema", "FILE", "the file that the tests' databases are made from; the project's schema.sql if it is not said"),
    ("seeds", "FILE", "the rows that these have, or none; seeds.sql beside the schema if it is not said"),
    ("server", "WHERE", "where they are: auto, local or embedded (a private server), a URL, or DATABASE_URL"),
)
"""Name, metavariable and meaning of what may be said on the command line and in the ini file."""

_FAILED = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, which go before the settings of the same name."""
    group = parser.getgroup("dbsync", "databases from schema.sql")
    for name, metavar, what in SETTINGS:
        group.addoption(f"--dbsync-{name}", metavar=metavar, default=None, help=what)
        parser.addini(f"dbsync_{name}", what, default="")


@pytest.fixture(scope="session")
def dbsync_schema(request: pytest.FixtureRequest) -> Path:
    """The schema file; override it where tests of one run have several."""
    return _files(request.session)[0]


@pytest.fixture(scope="session")
def dbsync_seeds(request: pytest.FixtureRequest, dbsync_schema: Path) -> Path | None:
    """The file with the rows that each database begins with, or None."""
    schema, seeds = _files(request.session)
    if dbsync_schema == schema or _setting(request.config, "seeds")[0]:
        return seeds
    beside = dbsync_schema.with_name("seeds.sql")
    return beside if beside.exists() else None


@pytest.fixture(scope="session")
def dbsync_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Makes databases: `with dbsync_server.database(schema, seeds) as database`; for fixtures of wider scopes."""
    from dbsync.testing.server import Server

    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        folder = folder.parent  # what the workers of one run share
    choice, found = _setting(request.config, "server")[0] or "auto", _settings(request.session)
    limits: dict[str, Any] = {"include_path": found.include_path, "load_timeout": found.load_timeout}
    with Server(choice, folder / "dbsync", **limits) as server:
        yield server


@pytest.fixture
def dbsync_database(
    request: pytest.FixtureRequest, dbsync_server: Server, dbsync_schema: Path, dbsync_seeds: Path | None
) -> Iterator[OwnDatabase]:
    """A database of this test's own, with the schema and the seeds; gone when the test is over."""
    with contextlib.ExitStack() as stack:
        with _telling(request.session):
            database = stack.enter_context(dbsync_server.database(dbsync_schema, dbsync_seeds))
        yield database


@pytest.fixture
def dbsync_url(dbsync_database: OwnDatabase) -> str:
    """The test's own database as postgresql://…"""
    return dbsync_database.url


@pytest.fixture
def dbsync_environment(dbsync_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch) -> OwnDatabase:
    """The test's own database, which DATABASE_URL names as long as the test runs."""
    monkeypatch.setenv("DATABASE_URL", dbsync_database.url)
    return dbsync_database


@pytest.fixture
def dbsync_connection(dbsync_database: OwnDatabase) -> Iterator[psycopg.Connection[Any]]:
    """A connection of psycopg to the test's own database, in autocommit mode."""
    import psycopg

    connection: psycopg.Connection[Any] = psycopg.connect(dbsync_database.conninfo, autocommit=True)
    with contextlib.closing(connection):
        yield connection


@pytest.fixture
def dbsync_runtime(dbsync_database: OwnDatabase) -> Iterator[Database]:
    """A dbsync.runtime.Database on the test's own database."""
    from dbsync.runtime import Database, Settings

    with contextlib.closing(Database(Settings(url=dbsync_database.url))) as database:
        yield database


def _setting(config: pytest.Config, name: str) -> tuple[str, Path]:
    """What the command line or the ini file says, and the folder that a path there counts from."""
    if given := config.getoption(f"--dbsync-{name}"):
        return str(given), config.invocation_params.dir
    return str(config.getini(f"dbsync_{name}")), (config.inipath or config.rootpath / "-").parent


def _files(session: pytest.Session) -> tuple[Path, Path | None]:
    """The schema file and the seeds file: as pytest was told, else as dbsync is."""
    found = _settings(session)
    return found.schema.absolute(), found.seeds.absolute() if found.seeds else None


def _settings(session: pytest.Session) -> Config:
    from dbsync import config as settings

    given: dict[str, Any] = {}
    for name in ("schema", "seeds"):
        value, folder = _setting(session.config, name)
        if value:
            given[name] = False if name == "seeds" and value == "none" else str(folder / value)
    with _telling(session):
        return settings.load(given, folder=session.config.rootpath)


@contextlib.contextmanager
def _telling(session: pytest.Session) -> Iterator[None]:
    """One test fails with what is wrong and the run stops: every other test with a database would say the same."""
    from dbsync.errors import DbsyncError

    if said := session.stash.get(_FAILED, None):
        pytest.fail(said, pytrace=False)
    try:
        yield
    except DbsyncError as error:
        # As a person who started pytest here would write the paths.
        here = f"{session.config.invocation_params.dir}{os.sep}"
        session.stash[_FAILED] = message = error.message.replace(here, "")
        session.shouldfail = f"no test has its database: {message}"
        raise pytest.fail.Exception(str(error).replace(here, ""), pytrace=False) from None

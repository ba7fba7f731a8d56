"""What the tests on servers of their own share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync import cli
from dbsync.pg.connect import Target, connect
from tests.plugins.own_server import OwnServer

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a schema file of one table."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text("create table plans (id integer primary key, name text not null);\n")
    return tmp_path


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs dbsync; the exit code, and what it printed on stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(arguments)
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def live(database: Target) -> Iterator[psycopg.Connection[Any]]:
    """A session in an empty database of the server at hand."""
    with connect(database, application_name="test") as connection:
        yield connection


@pytest.fixture
def shop(own_server: OwnServer) -> Iterator[OwnServer]:
    """The module's server with an empty shop."""
    with own_server.superuser("postgres") as session:
        session.execute("drop database if exists shop with (force)")
        session.execute("create database shop owner app template template0")
    yield own_server
    with own_server.superuser("postgres") as session:
        session.execute("alter role app reset all")


def run_sql(server: OwnServer, *statements: str, database: str = "shop", user: str = "app") -> None:
    """Run statements as an application would."""
    with psycopg.connect(server.target(database, user).conninfo(), autocommit=True) as session:
        for statement in statements:
            session.execute(statement.encode())

"""Databases: an empty one for each test that asks, dropped with everything in it afterwards."""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from dbsync.pg.connect import Target, connect
from dbsync.pg.server import Locale
from dbsync.scratch.databases import Databases
from tests.plugins.server import Server

Connection = psycopg.Connection[Any]
MakeDatabase = Callable[..., Target]


@pytest.fixture(scope="session")
def admin(server: Server) -> Iterator[Connection]:
    """A superuser's session on the server."""
    with contextlib.closing(connect(server.target)) as connection:
        yield connection


@contextlib.contextmanager
def _databases(server: Server, admin: Connection) -> Iterator[MakeDatabase]:
    databases, made = Databases(admin, Locale()), list[str]()

    def make(owner: str | None = None) -> Target:
        name = f"dbsync_test_{uuid.uuid4().hex[:12]}"
        databases.create(name, None, owner)
        made.append(name)
        return server.target.with_database(name)

    try:
        yield make
    finally:
        for name in made:
            target = server.target.with_database(name)
            databases.drop(name, lambda at=target: connect(at))  # type: ignore[misc]


@pytest.fixture
def make_database(server: Server, admin: Connection) -> Iterator[MakeDatabase]:
    """Makes empty databases."""
    with _databases(server, admin) as make:
        yield make


@pytest.fixture
def database(make_database: MakeDatabase) -> Target:
    """An empty database."""
    return make_database()


@pytest.fixture(scope="session")
def _shared_database(server: Server, admin: Connection) -> Iterator[Target]:
    with _databases(server, admin) as make:
        yield make()


@pytest.fixture
def transaction(_shared_database: Target) -> Iterator[Connection]:
    """A superuser's transaction in an empty database, which is rolled back: quicker than a database of one's own."""
    with psycopg.connect(_shared_database.conninfo()) as connection:
        connection.execute("set client_min_messages = error")
        connection.commit()
        yield connection
        connection.rollback()

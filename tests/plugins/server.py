"""The servers: those that DBSYNC_TEST_SERVERS names by URL, else an embedded one of our own for each process.

A test that needs PostgreSQL runs once on each of them. They are looked at before anything runs: a server that does not
answer ends the run at once.
"""

import contextlib
import operator
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from dbsync.errors import DbsyncError
from dbsync.pg.connect import Target, connect
from dbsync.pg.version import written
from dbsync.scratch import binaries
from dbsync.scratch.binaries import Installation
from dbsync.scratch.launch import launched

Connection = psycopg.Connection[Any]

NAMED = tuple(os.environ.get("DBSYNC_TEST_SERVERS", "").split())
ROLES = ("dbsync_reader", "dbsync_writer")
"""Roles that every server has while the tests run, for those that grant something."""

_COMPARED = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Server:
    """A server, by the way its superuser gets there; `version` is as server_version_num."""

    target: Target
    version: int

    @property
    def major(self) -> int:
        """The major version."""
        return self.version // 10000


@pytest.fixture(scope="session", params=NAMED or ("embedded",), ids=lambda url: _label(url))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Each of the servers."""
    if NAMED:
        target = Target.parse(request.param)
        with contextlib.closing(connect(target)) as admin:
            yield Server(target, admin.info.server_version)
        return
    installation = binaries.embedded()
    assert installation
    # It stands for live servers, which no fence of ours is around.
    with launched(installation, fencing=None) as running:
        with contextlib.closing(connect(running.target())) as first:
            first.execute("create role pioneer superuser login")
        # The name that a private server's superuser has is reserved, so that no live server may have it.
        pioneer = running.target(user="pioneer")
        with contextlib.closing(connect(pioneer)) as admin:
            admin.execute(f"alter role {running.target().parameters['user']} rename to postgres".encode())
        target = running.target(user="postgres")
        with contextlib.closing(connect(target)) as admin:
            admin.execute("drop role pioneer")
            _make_roles(admin)
            yield Server(target, admin.info.server_version)


@pytest.fixture(autouse=True)
def _only_on_its_versions(request: pytest.FixtureRequest) -> None:
    """Skips what the mark `pg(">= 17")` keeps off the server at hand."""
    for mark in request.node.iter_markers("pg"):
        found: Server = request.getfixturevalue("server")
        if not fits(found.major, *mark.args):
            pytest.skip(f"for PostgreSQL {' and '.join(mark.args)}, this is {written(found.version)}")


@pytest.fixture(autouse=True)
def _only_where_scratch_is_alike(request: pytest.FixtureRequest) -> None:
    """Skips, where the server at hand has no programs of its own major version, what the mark `same_major` says."""
    if request.node.get_closest_marker("same_major"):
        server, programs = (request.getfixturevalue(name) for name in ("server", "programs"))
        if programs.major != server.major:
            pytest.skip(f"the scratch server runs PostgreSQL {programs.major}, live {server.major}")


def fits(major: int, *conditions: str) -> bool:
    """Whether a major version meets conditions such as ">= 16"."""
    for condition in conditions:
        parts = re.fullmatch(r"\s*(>=|<=|==|!=|>|<)\s*(\d+)\s*", condition)
        if parts is None:
            raise pytest.UsageError(f"pg({condition!r}) is no condition such as '>= 16'")
        if not _COMPARED[parts[1]](major, int(parts[2])):
            return False
    return True


def pytest_configure(config: pytest.Config) -> None:
    """Registers the mark, and ends the run where there is no server to run on."""
    config.addinivalue_line("markers", 'pg(condition): runs on servers of these major versions only, such as ">= 16"')
    config.addinivalue_line(
        "markers", "same_major: runs only where live and the scratch server are of one major version"
    )
    if hasattr(config, "workerinput"):
        return
    try:
        config.stash[_FOUND] = [_looked_at(url) for url in NAMED] or [_embedded()]
    except (DbsyncError, psycopg.Error, LookupError) as error:
        pytest.exit(f"no tests were run: {error}", returncode=4)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Says what the tests run on."""
    return [f"server: {line}" for line in config.stash.get(_FOUND, [])]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes our roles from servers that are not ours."""
    if _FOUND not in config.stash:
        return
    for url in NAMED:
        with (
            contextlib.suppress(DbsyncError, psycopg.Error),
            contextlib.closing(connect(Target.parse(url))) as admin,
        ):
            for name in ROLES:
                admin.execute(f"drop role if exists {name}".encode())


_FOUND = pytest.StashKey[list[str]]()


def _looked_at(url: str) -> str:
    target = Target.parse(url)
    with contextlib.closing(connect(target)) as admin:
        row = admin.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
        if not row or not row[0]:
            raise LookupError(f"{target.label}: the tests need a superuser")
        _make_roles(admin)
        return f"PostgreSQL {written(admin.info.server_version)}, {target.label}"


def _embedded() -> str:
    installation = binaries.embedded()
    if installation is None:
        raise LookupError("install dbsync[embedded], or name servers in DBSYNC_TEST_SERVERS (URLs of superusers)")
    return f"{installation.label}, one for each process"


def _make_roles(admin: Connection) -> None:
    for name in ROLES:
        if not admin.execute("select from pg_roles where rolname = %s", [name]).fetchall():
            admin.execute(f"create role {name}".encode())


def _label(url: str) -> str:
    """For the ids of tests, which must not hold a password."""
    if url == "embedded":
        return url
    parameters = Target.parse(url).parameters
    return "-".join(parameters[key].strip("/").replace("/", "_") for key in ("host", "port") if key in parameters)


@pytest.fixture
def programs(server: Server) -> Installation:
    """pg_dump and psql that fit the server."""
    at_hand = [one for one in (binaries.embedded(), *binaries.installations()) if one and one.major >= server.major]
    return min(at_hand, key=lambda one: one.major)

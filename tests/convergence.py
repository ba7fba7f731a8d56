"""Whether a database became what a schema says, looked at by other means than the plan's own."""

from typing import Any

import psycopg

from dbsync.compare import compare
from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change
from dbsync.pg.connect import Target, connect
from dbsync.planning.witness import difference, entries
from dbsync.scratch import tools
from dbsync.scratch.binaries import Installation
from dbsync.snapshot import snapshot
from tests.plugins.database import MakeDatabase
from tests.psql import restore

Connection = psycopg.Connection[Any]

EVERYTHING = "privileges,extensions,owners"


def filled(target: Target, *scripts: str) -> Connection:
    """A session in a database in which these scripts have run."""
    with psycopg.connect(target.conninfo(), autocommit=True) as connection:
        connection.execute("set client_min_messages = error")
        for script in scripts:
            if script:
                connection.execute(script.encode())
    return connect(target)


def assert_equal(live: Target, wanted: tuple[Target, Catalog], programs: Installation, make: MakeDatabase) -> None:
    """Catalogs and pg_dump's words are equal, where need be after one dump and reload of both."""
    left = difference_of((live, read(live)), wanted, programs)
    if any(left):
        one, other = reloaded(live, programs, make), reloaded(wanted[0], programs, make)
        left = difference_of((one, read(one)), (other, read(other)), programs)
    assert not any(left), left


def difference_of(
    one: tuple[Target, Catalog], other: tuple[Target, Catalog], programs: Installation
) -> tuple[tuple[Change, ...], list[str]]:
    said = [entries(tools.dump(programs, target, ["--exclude-schema=dbsync"])) for target, _ in (one, other)]
    return compare(one[1], other[1]), difference(*said)


def read(target: Target) -> Catalog:
    with connect(target) as connection:
        return snapshot(connection)


def reloaded(target: Target, programs: Installation, make: MakeDatabase) -> Target:
    fresh = make()
    restore(programs, fresh, tools.dump(programs, target, ["--exclude-schema=dbsync"]))
    return fresh

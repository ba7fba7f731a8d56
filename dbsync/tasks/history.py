"""What dbsync applied to live so far."""

import contextlib
from collections.abc import Iterator

import psycopg

from dbsync.apply.entry import entry
from dbsync.apply.preflight import Connection
from dbsync.config import Config
from dbsync.errors import ConnectionFailed
from dbsync.model.entry import Difference, Entry
from dbsync.model.outcome import Observer, Record
from dbsync.pg.connect import connect
from dbsync.pg.failures import Failure
from dbsync.pg.target import Target
from dbsync.planning.past import difference
from dbsync.tasks.live import live
from dbsync.tasks.past import known_records


def history(config: Config, observer: Observer) -> tuple[Record, ...]:
    """The history records, the newest first."""
    with live(config, observer) as target, reading(target) as (_, found):
        return found


def one(config: Config, number: int, observer: Observer) -> Entry:
    """One record, whole. UsageError where there is none of this number."""
    with live(config, observer) as target, reading(target) as (connection, found):
        return entry(connection, found, number)


def two(config: Config, first: int | None, second: int, observer: Observer) -> Difference:
    """What became of the schema from one record to another; without a first number, by the second one alone."""
    with live(config, observer) as target, reading(target) as (connection, found):
        later = entry(connection, found, second)
        number = first if first is not None else next((one.id for one in found if one.id < second), None)
        earlier = None if number is None else entry(connection, found, number)
    return difference(earlier, later, alone=first is None)


@contextlib.contextmanager
def reading(target: Target) -> Iterator[tuple[Connection, tuple[Record, ...]]]:
    """A connection for reading the history, and for nothing else, and its records, the newest first."""
    with contextlib.closing(connect(target, read_only=True)) as connection:
        try:
            yield connection, known_records(connection)
        except psycopg.Error as error:
            message = f"the history of {target.label} cannot be read: {Failure.of(error).message}"
            raise ConnectionFailed(message, hint="the role that applied the plans may read it") from None

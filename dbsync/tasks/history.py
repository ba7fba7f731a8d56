"""What dbsync applied to live so far."""

import contextlib

import psycopg

from dbsync.apply.history import records
from dbsync.config import Config
from dbsync.errors import ConnectionFailed
from dbsync.model.outcome import Observer, Record
from dbsync.pg.connect import connect
from dbsync.pg.failures import Failure
from dbsync.tasks.live import live


def history(config: Config, observer: Observer) -> tuple[Record, ...]:
    """The history records, the newest first."""
    with live(config, observer) as target, contextlib.closing(connect(target, read_only=True)) as connection:
        try:
            return records(connection)
        except psycopg.Error as error:
            message = f"the history of {target.label} cannot be read: {Failure.of(error).message}"
            raise ConnectionFailed(message, hint="the role that applied the plans may read it") from None

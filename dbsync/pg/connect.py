"""Opens connections whose settings are pinned, so that the same catalog is always printed the same way."""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from dbsync.errors import UsageError
from dbsync.pg import pooler
from dbsync.pg import version as versions
from dbsync.pg.failures import Failure
from dbsync.pg.refusals import refusal
from dbsync.pg.settings import PINNED, known
from dbsync.pg.target import Target
from dbsync.pg.time_limit import Limited, TimeLimit
from dbsync.pg.trace import cursor_factory

__all__ = ["Target", "connect", "pin"]

# A dead peer is noticed within two minutes; a URL that says otherwise wins.
_DEFAULTS = {"connect_timeout": "10", "keepalives_idle": "60", "keepalives_interval": "10", "keepalives_count": "6"}


def connect(
    target: Target,
    *,
    autocommit: bool = True,
    read_only: bool = False,
    settings: Mapping[str, str] = PINNED,
    application_name: str = "dbsync",
    statement_timeout: float | None = None,
    lock_timeout: float | None = None,
    limit: TimeLimit | None = None,
    each: bool = False,
) -> psycopg.Connection[Any]:
    """A connection with these settings; timeouts are in seconds, and None leaves them as `settings` has them. With a
    `limit` its statements have that much time in all, or (`each`) one by one.

    ConnectionFailed where there is none to be had, or where a pooler would carry the settings to other sessions.
    """
    if any("\0" in value for value in target.parameters.values()):
        raise UsageError("A connection parameter contains a NUL character")
    wanted = dict(settings)
    if statement_timeout is not None:
        wanted["statement_timeout"] = f"{round(statement_timeout * 1000)}ms"
    if lock_timeout is not None:
        wanted["lock_timeout"] = f"{round(lock_timeout * 1000)}ms"
    if read_only:
        wanted["default_transaction_read_only"] = "on"
    forced = {"application_name": application_name, "client_encoding": "UTF8"}
    parameters: dict[str, Any] = {**_DEFAULTS, **target.parameters, **forced}
    if factory := cursor_factory(target):
        parameters["cursor_factory"] = factory
    needs_password = False
    try:
        kind: type[psycopg.Connection[Any]] = Limited if limit else psycopg.Connection
        connection = kind.connect("", autocommit=True, **parameters)
    except psycopg.Error as error:
        # Raised outside of this block: libpq's own text may hold parts of a password, and must not hang on as a cause.
        failed = str(error)
        needs_password = bool(error.pgconn and error.pgconn.needs_password)
    else:
        failed = ""
        try:
            versions.check(connection.info.server_version, f"The server of {target.label}")
            _pin_safely(connection, wanted, target, lambda: psycopg.connect("", autocommit=True, **parameters))
            connection.autocommit = autocommit
            if isinstance(connection, Limited):
                connection.limit, connection.each = limit, each
        except psycopg.Error as error:
            connection.close()
            failed = Failure.of(error).message
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise refusal(target, failed, needs_password=needs_password)


def _pin_safely(
    connection: psycopg.Connection[Any],
    settings: Mapping[str, str],
    target: Target,
    another: Callable[[], psycopg.Connection[Any]],
) -> None:
    if pin(connection, settings, process=connection.info.backend_pid):
        return
    if pooler.shares(connection, another):
        raise pooler.refused(target)
    pin(connection, settings)


def pin(
    connection: psycopg.Connection[Any], settings: Mapping[str, str] = PINNED, *, process: int | None = None
) -> bool:
    """Gives the session these settings: by a query, because poolers refuse them in the start-up packet.

    Those that its server does not have are left out. Where another server `process` than this one answers, nothing is
    set, and the answer is False.
    """
    settings = known(settings, connection.info.server_version)
    calls = "".join(", pg_catalog.set_config(%s, %s, false)" for _ in settings)
    # Where the database or the role has a search path of its own, another = than PostgreSQL's may be the first.
    own = "pg_catalog.pg_backend_pid() operator(pg_catalog.=) coalesce(%s, pg_catalog.pg_backend_pid())"
    values = [process, *(text for pair in settings.items() for text in pair)]
    query = f"select case when {own} then pg_catalog.num_nonnulls(true{calls}) end"
    row = connection.execute(query.encode(), values).fetchone()
    return row is not None and row[0] is not None

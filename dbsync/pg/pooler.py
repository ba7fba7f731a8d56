"""Recognises a pooler that hands a session's server process to other sessions between transactions.

What dbsync sets for a session would then reach whoever comes next: PgBouncer in transaction mode gives an application
the empty search_path of the pg_dump before it. So such a way to a database is not taken at all.
"""

from collections.abc import Callable
from typing import Any

import psycopg

from dbsync.errors import ConnectionFailed
from dbsync.pg.target import Target

Connection = psycopg.Connection[Any]

# A pooler may use its server processes in turn: this many queries see more of them than it keeps waiting.
_LOOKS = 24


def shares(connection: Connection, another: Callable[[], Connection]) -> bool:
    """Whether two sessions that stand open at once get the same server process; nothing is set in either.

    It takes a second connection: ask only where the client was told of another server process than it has.
    """
    own = {_process(connection)}
    with another() as other:
        # In turns of unequal length, so that two processes used in turn do not look like one for each of us.
        for number in range(_LOOKS):
            if _process(other) in own:
                return True
            if number % 3 == 0:
                own.add(_process(connection))
            if len(own) > 1:
                return True
    return False


def refused(target: Target) -> ConnectionFailed:
    """The error for a target behind such a pooler, with the address to try instead where its kind is known."""
    direct = _direct(target)
    return ConnectionFailed(
        f"{target.label[:1].upper()}{target.label[1:]} is reached through a pooler in transaction mode,"
        " which dbsync must not use",
        detail="What dbsync sets for its session would reach your application's sessions. Nothing was read or changed.",
        hint=f"give dbsync the database's direct address{direct}, or the pooler's port for session mode, with"
        " --database or DBSYNC_DATABASE; DATABASE_URL can stay as the application has it",
    )


def _direct(target: Target) -> str:
    """The address that usually leads past the pooler, as a part of the hint."""
    host, port = target.parameters.get("host", ""), target.parameters.get("port", "")
    if "-pooler." in host:
        return f" ({host.replace('-pooler.', '.', 1)})"
    if port in ("6543", "6432"):
        return " (often port 5432)"
    return ""


def _process(connection: Connection) -> int:
    row = connection.execute("select pg_catalog.pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0

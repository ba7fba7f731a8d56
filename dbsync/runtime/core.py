"""What both databases, the synchronous one and the asynchronous one, do in the same way."""

import random
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from dbsync.errors import ConnectionFailed, DbsyncError, UsageError
from dbsync.pg.failures import Failure
from dbsync.pg.refusals import refusal
from dbsync.pg.target import Target
from dbsync.runtime import schema
from dbsync.runtime.observe import LOG
from dbsync.runtime.settings import Isolation, Settings
from dbsync.runtime.types import Adapting

PROCESS = "select pg_catalog.pg_backend_pid()"
_RETRIED = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
_LONGEST_PAUSE = 2.0


class Core:
    """Settings, and the words for what goes wrong."""

    def __init__(self, settings: Settings | None = None):
        self.settings = settings or Settings()
        self._adapting = Adapting(self.settings.types)
        self._target: Target | None = None
        self._lent: set[int] = set()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.target.label}>"

    @property
    def target(self) -> Target:
        """The database, found when it is first asked for."""
        if self._target is None:
            self._target = self.settings.target()
        return self._target

    def _conninfo(self) -> str:
        return make_conninfo("", **self.settings.parameters(self.target))

    def _refused(self, error: psycopg.Error) -> ConnectionFailed:
        needs_password = bool(error.pgconn and error.pgconn.needs_password)
        return refusal(self.target, str(error), needs_password=needs_password)

    def _none_free(self, timeout: float) -> ConnectionFailed:
        seconds, size = f"{timeout:g} s", self.settings.max_size
        if len(self._lent) >= size:
            return ConnectionFailed(
                f"No connection to {self.target.label} became free within {seconds}: all {size} are in use",
                hint="give connections back sooner (end transactions early), or raise max_size",
            )
        return ConnectionFailed(
            f"No connection to {self.target.label} could be had within {seconds}",
            detail="the server does not answer, or takes no more connections",
            hint="is PostgreSQL running there? The pool goes on trying.",
        )

    def _judge(self, found: str) -> None:
        """Refuse to start on another schema than the application's, or warn of it."""
        wanted = self.settings.fingerprint
        error = schema.mismatch(self.target.label, wanted, found) if wanted else None
        if error and self.settings.mismatch == "refuse":
            raise error
        if error:
            LOG.warning("%s: %s", error.message, error.detail)


def retried(error: psycopg.Error, *, working: bool) -> bool:
    """Whether the transaction may be run again: PostgreSQL says so, or the connection broke before its COMMIT."""
    if isinstance(error, _RETRIED):
        return True
    return working and isinstance(error, psycopg.OperationalError) and Failure.of(error).lost


def pause(attempt: int) -> float:
    """How long to wait before the next attempt: longer each time, and never the same for two."""
    return random.uniform(0.5, 1.0) * min(_LONGEST_PAUSE, 0.01 * 2.0**attempt)


def isolated(isolation: Isolation | None, *, read_only: bool, nested: bool) -> str | None:
    """The SET TRANSACTION that a transaction begins with."""
    if nested and (isolation or read_only):
        raise UsageError(
            "a nested transaction cannot have an isolation of its own", hint="say it of the outermost transaction"
        )
    if not isolation and not read_only:
        return None
    level = f" isolation level {isolation}" if isolation else ""
    return f"set transaction{level}{' read only' if read_only else ''}"


def problem(error: Exception, target: Target) -> str:
    """What is wrong, in a line without secrets."""
    if isinstance(error, DbsyncError):
        return " ".join(filter(None, (error.message, error.detail)))
    if isinstance(error, psycopg.Error):
        return target.mask(Failure.of(error).message)
    return type(error).__name__


def unprepared(connection: "psycopg.BaseConnection[Any]", process: tuple[Any, ...] | None) -> None:
    """Prepare no statements where a pooler stands between: it tells a made-up process, and may change the real one."""
    if process and process[0] != connection.info.backend_pid:
        connection.prepare_threshold = None


def closed() -> UsageError:
    """The error of what is used after its end."""
    return UsageError("the database was closed", hint="open() opens it again")


def server(connection: "psycopg.BaseConnection[Any]") -> str:
    """The server's version as people write it."""
    number = connection.info.server_version
    return f"PostgreSQL {number // 10000}.{number % 10000}"

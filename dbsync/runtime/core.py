"""What both databases, the synchronous one and the asynchronous one, do in the same way."""

import random
import threading
import time
from typing import Any, Generic, TypeVar

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from dbsync.errors import ConnectionFailed, DbsyncError, UsageError
from dbsync.pg.failures import Failure
from dbsync.pg.refusals import refusal
from dbsync.pg.target import Target
from dbsync.runtime import schema
from dbsync.runtime.blocks import Block, Blocks, RolledBack
from dbsync.runtime.lending import Lent
from dbsync.runtime.observe import LOG
from dbsync.runtime.settings import Isolation, Settings
from dbsync.runtime.types import Adapting

PROCESS = "select pg_catalog.pg_backend_pid()"
_RETRIED = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
_LONGEST_PAUSE = 2.0


C = TypeVar("C", bound=Lent)


class Core(Generic[C]):
    """Settings, the transactions that are open, and the words for what goes wrong."""

    def __init__(self, settings: Settings | None = None):
        self.settings = settings or Settings()
        self._adapting = Adapting(self.settings.types)
        self._target: Target | None = None
        self._lent: set[int] = set()
        self._waiting: set[object] = set()
        self._blocks: Blocks[C] = Blocks()
        self._drained = 0.0
        self._draining = threading.Lock()

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

    def _pooling(self) -> dict[str, Any]:
        """What both kinds of pool are told. Connections are checked when they are borrowed, not by the pool."""
        settings = self.settings
        return {
            "kwargs": {"autocommit": True, "row_factory": dict_row},
            "min_size": settings.min_size,
            "max_size": settings.max_size,
            "timeout": settings.timeout,
            "max_lifetime": settings.max_lifetime,
            "max_idle": settings.max_idle,
            "name": "dbsync.runtime",
            "open": False,
        }

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

    def _news(self, broken: Lent) -> bool:
        """Whether a broken connection tells of something new, so that those of its time have to be looked at, too.

        After a restart all that the pool keeps are broken. They are done with at once, by whoever finds the first.
        """
        with self._draining:
            new = broken.born > self._drained
            if new:
                self._drained = time.monotonic()
        return new

    def _judge(self, found: str) -> None:
        """Refuse to start on another schema than the application's, or warn of it."""
        wanted = self.settings.fingerprint
        error = schema.mismatch(self.target.label, wanted, found) if wanted else None
        if error and self.settings.mismatch == "refuse":
            raise error
        if error:
            LOG.warning("%s: %s", error.message, error.detail)


def retried(error: BaseException | None, *, working: bool) -> bool:
    """Whether the transaction may be run again: PostgreSQL says so, or the connection broke before its COMMIT."""
    if isinstance(error, RolledBack):
        return retried(error.__cause__, working=True)
    if isinstance(error, _RETRIED):
        return True
    return working and isinstance(error, psycopg.OperationalError) and Failure.of(error).lost


def whole(block: Block[C]) -> None:
    """Refuse to end a block as if all went well where PostgreSQL has rolled it back, or has none to commit.

    In a transaction that failed COMMIT does what ROLLBACK does, and is no error (PostgreSQL's manual, COMMIT).
    """
    if block.entangled:
        raise UsageError(
            "A transaction ended while a nested one in it was open, so that all of it is rolled back",
            detail="a generator entered the nested one and has not come to its end",
            hint="read the generator to its end, or close it with contextlib.closing(…) or aclosing(…)",
        )
    connection = block.connection
    status = connection.info.transaction_status
    if status == TransactionStatus.INERROR:
        raise RolledBack(
            "The transaction is rolled back: a statement in it failed, after which PostgreSQL commits nothing",
            detail=_named(connection.failure),
            hint="let the error out of the block, or run the statement that may fail in a block of its own, "
            "with db.transaction(): …, which is a savepoint",
        ) from connection.failure
    if status == TransactionStatus.UNKNOWN:
        raise RolledBack(
            "The transaction is rolled back: its connection broke",
            detail=_named(connection.failure),
            hint="let the error out of the block; run() does the work again",
        ) from connection.failure
    if status == TransactionStatus.IDLE:
        raise RolledBack(
            "The transaction was over before its block: a statement in it was COMMIT or ROLLBACK",
            detail="what ran after that was no part of it",
            hint="leave the block to commit, and raise psycopg.Rollback to roll back",
        )


def _named(error: psycopg.Error | None) -> str | None:
    """An error without the values that PostgreSQL quotes in it."""
    return f"the statement failed with {type(error).__name__} {error.sqlstate or ''}".rstrip() if error else None


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
        return ": ".join(" ".join(part.split()) for part in (error.message, error.detail) if part)
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

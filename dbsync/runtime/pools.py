"""The pools that connections are lent from: psycopg's, which try sooner to reach a server that is back."""

from typing import Any

import psycopg_pool
from psycopg_pool import pool as synchronous
from psycopg_pool import pool_async as asynchronous

from dbsync.runtime.lending import AsyncConnection, Connection

_SOONER = 8
_SOONEST, _LATEST = 0.125, 1.0


class Pool(psycopg_pool.ConnectionPool[Connection]):
    """A pool for threads."""

    def schedule_task(self, task: Any, delay: float) -> None:
        """Do a task in so many seconds, or sooner where it is another attempt to connect."""
        super().schedule_task(task, _soon(delay) if isinstance(task, synchronous.AddConnection) else delay)


class AsyncPool(psycopg_pool.AsyncConnectionPool[AsyncConnection]):
    """A pool for tasks."""

    async def schedule_task(self, task: Any, delay: float) -> None:
        """Do a task in so many seconds, or sooner where it is another attempt to connect."""
        await super().schedule_task(task, _soon(delay) if isinstance(task, asynchronous.AddConnection) else delay)


def _soon(delay: float) -> float:
    """Psycopg doubles the delay from a second to minutes, which is longer than most restarts take."""
    return min(delay, max(delay / _SOONER, _SOONEST), _LATEST)

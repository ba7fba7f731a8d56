"""Telling a pooler in transaction mode from one that keeps a session together."""

from types import SimpleNamespace
from typing import Any, Self, cast

import pytest

from dbsync.apply.preflight import Connection, check, milliseconds
from dbsync.errors import ApplyFailed


class Fake:
    """Answers the queries of the check: the server process changes as `processes` says."""

    def __init__(self, told: int, *processes: int, standby: bool = False):
        self.info = SimpleNamespace(backend_pid=told)
        self.processes = list(processes)
        self.standby = standby
        self.query = ""

    def execute(self, query: str) -> Self:
        self.query = query
        return self

    def fetchone(self) -> tuple[Any, ...]:
        process = self.processes.pop(0)
        return (self.standby, False, process) if "recovery" in self.query else (process,)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def run(connection: Fake, other: Fake | None = None) -> None:
    check(cast("Connection", connection), lambda: cast("Connection", other))


def test_direct() -> None:
    run(Fake(7, 7))


def test_pooler_that_keeps_the_session() -> None:
    run(Fake(99, 7, 7), Fake(98, 8))


@pytest.mark.parametrize(("own", "other"), [([7, 7], [7]), ([7, 9], [8])])
def test_pooler_that_does_not(own: list[int], other: list[int]) -> None:
    with pytest.raises(ApplyFailed, match="pooler in transaction mode"):
        run(Fake(99, *own), Fake(98, *other))


def test_standby() -> None:
    with pytest.raises(ApplyFailed, match="standby"):
        run(Fake(7, 7, standby=True))


@pytest.mark.parametrize(("seconds", "text"), [(2, "2000ms"), (0.0001, "1ms"), (0, "0ms")])
def test_milliseconds(seconds: float, text: str) -> None:
    assert milliseconds(seconds) == text

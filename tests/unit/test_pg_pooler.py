"""Telling a pooler in transaction mode from one that keeps a session together, and the address to try instead."""

import itertools
from typing import Self, cast

import pytest

from dbsync.pg.pooler import Connection, refused, shares
from dbsync.pg.target import Target


class Fake:
    """A session whose queries are answered by these server processes, one after the other and over again."""

    def __init__(self, *processes: int):
        self.processes = itertools.cycle(processes)

    def execute(self, _query: str) -> Self:
        return self

    def fetchone(self) -> tuple[int]:
        return (next(self.processes),)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def looked_at(connection: Fake, other: Fake) -> bool:
    return shares(cast("Connection", connection), lambda: cast("Connection", other))


def test_one_that_keeps_the_session() -> None:
    assert not looked_at(Fake(7), Fake(8))


@pytest.mark.parametrize(("own", "other"), [([7], [7]), ([7, 9], [8]), ([7], [8, 9, 7])])
def test_one_that_does_not(own: list[int], other: list[int]) -> None:
    assert looked_at(Fake(*own), Fake(*other))


@pytest.mark.parametrize(
    ("url", "instead"),
    [
        ("postgresql://app@ep-x-pooler.eu.aws.neon.tech/shop", "(ep-x.eu.aws.neon.tech)"),
        ("postgresql://app@aws-0.pooler.supabase.com:6543/shop", "(often port 5432)"),
        ("postgresql://app@db.example.com:5432/shop", "direct address, or"),
    ],
)
def test_the_address_to_try(url: str, instead: str) -> None:
    hint = refused(Target.parse(url, {})).hint
    assert hint
    assert instead in hint

"""What a transaction that waits for locks may do to others: it waits for so long in sum while it holds what they want,
lets go, and tries again."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from dbsync.apply import history
from dbsync.apply.session import Limits
from dbsync.errors import ApplyFailed
from dbsync.pg.connect import Target, connect
from tests.by_hand import Told, holding, plan, run, waits

Connection = psycopg.Connection[Any]

LIMITS = Limits(
    lock_timeout=20, lock_budget=2, first_pause=0.1, longest_pause=0.2, attempts=3, patience=60, reconnect=5
)
WAITING = "select true from pg_locks where pid = %s and clock_timestamp() - waitstart > make_interval(secs => %s)"


@pytest.fixture(autouse=True)
def tables(live: Connection) -> None:
    """Four of them."""
    live.execute(
        "create table public.a (); create table public.b (); create table public.c (); create table public.d ()"
    )


@pytest.fixture
def beside() -> Iterator[Callable[..., Future[Any]]]:
    """Runs a function beside."""
    with ThreadPoolExecutor(2) as pool:
        yield pool.submit


def grow(*names: str) -> tuple[str, ...]:
    return tuple(f"alter table public.{name} add x int" for name in names)


def waited(live: Connection, statement: str, seconds: float) -> None:
    """Wait until an apply has waited for so long with a statement that begins so."""
    process, end = waits(live, statement), time.monotonic() + 60
    while not live.execute(WAITING, [process, seconds]).fetchone():
        assert time.monotonic() < end
        time.sleep(0.02)


class Opens(Told):
    """Ends a transaction of somebody else when the apply lets go for the first time."""

    def __init__(self, *gates: Connection):
        super().__init__()
        self.gates = gates

    def say(self, text: str) -> None:
        super().say(text)
        for gate in self.gates:
            gate.rollback()


def test_waits_add_up(database: Target, live: Connection, beside: Callable[..., Future[Any]]) -> None:
    """No wait is as long as lock_timeout, nor as the budget; a reader of the first table goes on all the same."""
    with (
        holding(database, "lock public.b") as b,
        holding(database, "lock public.c") as c,
        holding(database, "lock public.d") as d,
    ):

        def one_after_the_other() -> float:
            waited(live, "alter table public.b", 0.6)
            with connect(database, application_name="reader") as reader:
                began = time.monotonic()
                query = beside(reader.execute, "select from public.a")
                b.rollback()
                query.result(timeout=60)
                return time.monotonic() - began

        took = beside(one_after_the_other)
        told = Opens(c, d)
        run(database, plan(grow("a", "b", "c", "d")), observer=told, limits=LIMITS)
    # Locks of less than 20 s each would have kept it waiting for a minute.
    assert took.result() < 10
    assert len(told.said) == 1
    assert told.said[0].startswith(
        "step 3: it waited for locks for more than 2 s in sum, while others may have waited for those it held,"
        " held by process"
    )
    assert "rolled back, trying again in 0.1 s (attempt 2 of 3)" in told.said[0]
    assert live.execute("select count(*) from pg_attribute where attname = 'x' and attrelid > 16383").fetchone() == (4,)
    assert [one.outcome for one in history.records(live)] == ["applied"]


def test_several_locks_of_one_statement(database: Target, live: Connection) -> None:
    with holding(database, "lock public.b") as b:
        told = Opens(b)
        run(database, plan(("lock public.a, public.b",)), observer=told, limits=LIMITS)
    assert told.said[0].startswith("step 1: it waited for locks for more than 2 s in sum")


def test_who_holds_nothing_waits_on(database: Target, live: Connection, beside: Callable[..., Future[Any]]) -> None:
    """Neither does what it has made itself keep anybody waiting."""
    with holding(database, "lock public.b") as b:

        def later() -> None:
            waited(live, "alter table public.b", 2.6)
            b.rollback()

        done, told = beside(later), Told()
        run(database, plan(("create table public.new ()", *grow("b", "a"))), observer=told, limits=LIMITS)
        done.result()
    assert told.said == []


def test_it_gives_up(database: Target, live: Connection) -> None:
    limits = Limits(lock_timeout=5, lock_budget=0.3, first_pause=0.1, attempts=2, reconnect=5)
    with holding(database, "lock public.b") as b:
        holder = b.info.backend_pid
        with pytest.raises(ApplyFailed) as caught:
            run(database, plan(grow("a", "b")), limits=limits)
    said = str(caught.value)
    assert caught.value.message == (
        "step 2 of 2 failed: it waited for locks for more than 0.3 s in sum, while others may have waited for those it"
        " held"
    )
    assert f"It waited for process {holder} of role" in said
    assert "(holder), idle in transaction, in a transaction since 20" in said
    assert "lock public.b" not in said, "what others run is nobody's business"
    assert "It was tried 2 times, for " in said
    assert [one.outcome for one in history.records(live)] == ["failed"]


def test_patience_ends(database: Target, live: Connection) -> None:
    limits = Limits(lock_timeout=0.1, first_pause=0.05, longest_pause=0.05, patience=1, attempts=1000, reconnect=5)
    with holding(database, "lock public.b"):
        began = time.monotonic()
        with pytest.raises(ApplyFailed, match="canceling statement due to lock timeout"):
            run(database, plan(grow("a", "b")), limits=limits)
    assert 1 <= time.monotonic() - began < 5

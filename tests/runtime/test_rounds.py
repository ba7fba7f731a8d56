# ruff: noqa: PT012, ASYNC
"""Transactions ended in every way, by many at once: each row that was committed is there, and no other one.

`DBSYNC_ROUNDS=10000 pytest --log-cli-level=INFO tests/runtime/test_rounds.py` takes some minutes and tells the numbers;
DBSYNC_SEED chooses other rounds.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import random
import threading
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from dbsync.errors import UsageError
from dbsync.pg.connect import Target
from dbsync.runtime import AsyncDatabase, Database, RolledBack, Settings

ROUNDS = int(os.environ.get("DBSYNC_ROUNDS", "400"))
SEED = os.environ.get("DBSYNC_SEED", "1")
MANY = 64
LOG = logging.getLogger(__name__)
INSERT = "insert into t values (%s)"
TWO = 8
"""Rounds at a time that hold a connection while they ask for another: all of the pool's would wait for each other."""
HOLDING = frozenset({"abandoned", "read_by_tasks", "read_by_threads", "left_elsewhere", "dropped"})


class Failure(Exception):
    """What a round raises inside a block."""


class Expected:
    """What becomes of the rows; `doubtful` are those whose COMMIT was interrupted."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self.there: set[int] = set()
        self.gone: set[int] = set()
        self.doubtful: set[int] = set()

    def tell(self) -> None:
        counted = (ROUNDS, len(self.there), len(self.gone), len(self.doubtful))
        LOG.info("%d rounds: %d rows committed, %d rolled back, %d interrupted in COMMIT", *counted)

    def new(self) -> int:
        return next(self._ids)

    def differences(self, found: set[int]) -> dict[str, set[int]]:
        unknown = found - self.there - self.gone - self.doubtful
        wrong = {"lost": self.there - found, "not rolled back": self.gone & found, "unknown": unknown}
        return {name: ids for name, ids in wrong.items() if ids}


class Tasks:
    """The ways of one round, for tasks."""

    def __init__(self, db: AsyncDatabase, expected: Expected, chance: random.Random):
        self.db, self.expected, self.chance = db, expected, chance

    async def insert(self, *known: int) -> int:
        one = known[0] if known else self.expected.new()
        await self.db.execute(INSERT, [one])
        return one

    async def pause(self) -> None:
        await asyncio.sleep(self.chance.choice((0, 0, 0.001, 0.003)))

    async def outside(self) -> None:
        self.expected.there.add(await self.insert())

    async def stream(self, ids: list[int]) -> AsyncIterator[int]:
        async with self.db.transaction():
            for one in ids:
                await self.insert(one)
                yield one

    def ids(self, many: int = 3) -> list[int]:
        return [self.expected.new() for _ in range(many)]

    async def committed(self) -> None:
        async with self.db.transaction():
            first = await self.insert()
            await self.pause()
            second = await self.insert()
        self.expected.there |= {first, second}

    async def failing(self) -> None:
        with contextlib.suppress(Failure):
            async with self.db.transaction():
                self.expected.gone.add(await self.insert())
                await self.pause()
                raise Failure

    async def nested(self) -> None:
        async with self.db.transaction():
            one = await self.insert()
            with contextlib.suppress(Failure):
                async with self.db.transaction():
                    self.expected.gone.add(await self.insert())
                    raise Failure
            async with self.db.transaction():
                two = await self.insert()
        self.expected.there |= {one, two}

    async def caught(self) -> None:
        with pytest.raises(RolledBack):
            async with self.db.transaction():
                self.expected.gone.add(await self.insert())
                with contextlib.suppress(psycopg.Error):
                    await self.db.execute("select 1/0")

    async def cancelled(self) -> None:
        one, done = self.expected.new(), []

        async def work() -> None:
            async with self.db.transaction():
                await self.insert(one)
                await self.pause()
                done.append(True)

        task = asyncio.create_task(work())
        await asyncio.sleep(self.chance.uniform(0, 0.02))
        for _ in range(self.chance.randint(1, 3)):
            task.cancel()
            await asyncio.sleep(0)
        try:
            await task
        except asyncio.CancelledError:
            (self.expected.doubtful if done else self.expected.gone).add(one)
        else:
            self.expected.there.add(one)

    async def abandoned(self) -> None:
        ids = self.ids()
        async for _ in self.stream(ids):
            break
        self.expected.gone |= set(ids)
        await self.outside()

    async def read_by_tasks(self) -> None:
        ids = self.ids()
        source = self.stream(ids)

        async def step() -> int | None:
            return await anext(source, None)

        for _ in range(stop := self.chance.randint(1, len(ids) + 1)):
            await asyncio.create_task(step())
            await self.outside()
        if stop <= len(ids):
            await asyncio.create_task(source.aclose())  # type: ignore[attr-defined]
        (self.expected.there if stop > len(ids) else self.expected.gone).update(ids)
        await self.outside()

    async def left_elsewhere(self) -> None:
        block, well = self.db.transaction(), self.chance.random() < 0.5

        async def enter() -> None:
            await block.__aenter__()
            (self.expected.there if well else self.expected.gone).add(await self.insert())

        async def leave() -> None:
            error = None if well else Failure()
            with contextlib.suppress(Failure):
                await block.__aexit__(type(error) if error else None, error, None)

        await asyncio.create_task(enter())
        await self.outside()
        await asyncio.create_task(leave())
        await self.outside()

    async def dropped(self) -> None:
        block = self.db.transaction()
        await block.__aenter__()
        self.expected.gone.add(await self.insert())
        del block
        await self.outside()

    async def borrowed(self) -> None:
        async with self.db.connection() as connection:
            await connection.set_autocommit(False)
            one = self.expected.new()
            await connection.execute(INSERT, [one])
            await connection.commit()
            self.expected.there.add(one)
        with pytest.raises(UsageError):
            async with self.db.connection() as connection:
                await connection.execute(b"begin; set search_path = nowhere")


class Threads:
    """The ways of one round, for threads."""

    def __init__(self, db: Database, expected: Expected, chance: random.Random):
        self.db, self.expected, self.chance = db, expected, chance

    def insert(self, *known: int) -> int:
        one = known[0] if known else self.expected.new()
        self.db.execute(INSERT, [one])
        return one

    def outside(self) -> None:
        self.expected.there.add(self.insert())

    def rows(self, ids: list[int]) -> Iterator[int]:
        with self.db.transaction():
            for one in ids:
                self.insert(one)
                yield one

    def ids(self, many: int = 3) -> list[int]:
        return [self.expected.new() for _ in range(many)]

    def committed(self) -> None:
        with self.db.transaction():
            first, second = self.insert(), self.insert()
        self.expected.there |= {first, second}

    def failing(self) -> None:
        with contextlib.suppress(Failure), self.db.transaction():
            self.expected.gone.add(self.insert())
            raise Failure

    def nested(self) -> None:
        with self.db.transaction():
            one = self.insert()
            with contextlib.suppress(Failure), self.db.transaction():
                self.expected.gone.add(self.insert())
                raise Failure
            with self.db.transaction():
                two = self.insert()
        self.expected.there |= {one, two}

    def caught(self) -> None:
        with pytest.raises(RolledBack), self.db.transaction():
            self.expected.gone.add(self.insert())
            with contextlib.suppress(psycopg.Error):
                self.db.execute("select 1/0")

    def cancelled(self) -> None:
        with contextlib.suppress(psycopg.errors.QueryCanceled), self.db.transaction():
            self.expected.gone.add(self.insert())
            self.db.execute("set statement_timeout = 1")
            self.db.execute("select pg_sleep(1)")
        self.outside()

    def abandoned(self) -> None:
        ids = self.ids()
        source = self.rows(ids)
        next(source)
        self.outside()
        self.expected.gone |= set(ids)
        del source
        self.outside()

    def read_by_threads(self) -> None:
        ids = self.ids()
        source = self.rows(ids)
        for _ in range(stop := self.chance.randint(1, len(ids) + 1)):
            elsewhere(lambda: next(source, None))
            self.outside()
        if stop <= len(ids):
            elsewhere(source.close)  # type: ignore[attr-defined]
        (self.expected.there if stop > len(ids) else self.expected.gone).update(ids)
        self.outside()

    def left_elsewhere(self) -> None:
        block, well = self.db.transaction(), self.chance.random() < 0.5
        error = None if well else Failure()

        def enter() -> None:
            block.__enter__()
            (self.expected.there if well else self.expected.gone).add(self.insert())

        def leave() -> None:
            with contextlib.suppress(Failure):
                block.__exit__(type(error) if error else None, error, None)

        elsewhere(enter)
        self.outside()
        elsewhere(leave)
        self.outside()

    def borrowed(self) -> None:
        with self.db.connection() as connection:
            connection.set_autocommit(False)
            one = self.expected.new()
            connection.execute(INSERT, [one])
            connection.commit()
            self.expected.there.add(one)
        with pytest.raises(UsageError), self.db.connection() as connection:
            connection.execute(b"begin; set search_path = nowhere")


def elsewhere(work: object) -> None:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]
    thread.start()
    thread.join()


def ways(cls: type[object]) -> list[str]:
    return [name for name in vars(cls) if not name.startswith("_") and name not in HELPERS]


HELPERS = frozenset({"insert", "pause", "outside", "stream", "rows", "ids"})


@pytest.mark.timeout(1800)
def test_tasks(database: Target) -> None:
    expected, rounds = Expected(), iter(range(ROUNDS))

    async def main() -> set[int]:
        async with AsyncDatabase(Settings(url=database.conninfo(), timeout=60, slow=None)) as db:
            await db.execute("create table t (id int primary key)")

            two = asyncio.Semaphore(TWO)

            async def work() -> None:
                for number in rounds:
                    chance = random.Random(f"{SEED} {number}")
                    way = chance.choice(ways(Tasks))
                    async with two if way in HOLDING else contextlib.nullcontext():
                        await getattr(Tasks(db, expected, chance), way)()

            await asyncio.gather(*(work() for _ in range(MANY)))
            for _ in range(200):
                if not db._lent:
                    break
                await asyncio.sleep(0.05)
            assert (len(db._lent), len(db._waiting)) == (0, 0)
            return {row["id"] for row in await db.query("select id from t")}

    found = asyncio.run(main())
    expected.tell()
    assert expected.differences(found) == {}, f"DBSYNC_SEED={SEED}"


@pytest.mark.timeout(1800)
def test_threads(database: Target) -> None:
    expected, rounds, errors = Expected(), iter(range(ROUNDS)), list[BaseException]()
    with Database(Settings(url=database.conninfo(), timeout=60, slow=None)) as db:
        db.execute("create table t (id int primary key)")

        two = threading.Semaphore(TWO)

        def work() -> None:
            for number in rounds:
                chance = random.Random(f"{SEED} {number}")
                way = chance.choice(ways(Threads))
                try:
                    with two if way in HOLDING else contextlib.nullcontext():
                        getattr(Threads(db, expected, chance), way)()
                except BaseException as error:  # noqa: BLE001
                    errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(MANY)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = {row["id"] for row in db.query("select id from t")}
        assert (len(db._lent), len(db._waiting)) == (0, 0)
    expected.tell()
    assert errors == []
    assert expected.differences(found) == {}, f"DBSYNC_SEED={SEED}"

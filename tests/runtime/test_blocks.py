# ruff: noqa: PT012, ASYNC
"""Which transaction a statement is in, with blocks that are abandoned, or entered and left in different places."""

import asyncio
import contextlib
import gc
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import psycopg
import pytest

from dbsync.errors import UsageError
from dbsync.pg.connect import Target
from dbsync.runtime import AsyncDatabase, Database, RolledBack, Settings
from dbsync.runtime.asynchronous import Connection as AsyncConnection
from dbsync.runtime.synchronous import Connection

INSERT = "insert into t values (%s)"


@pytest.fixture
def db(database: Target) -> Iterator[Database]:
    with Database(Settings(url=database.conninfo(), max_size=4, timeout=5)) as opened:
        opened.execute("create table t (id int primary key)")
        yield opened


def run(database: Target, test: Callable[[AsyncDatabase], Awaitable[None]]) -> None:
    async def main() -> None:
        async with AsyncDatabase(Settings(url=database.conninfo(), max_size=4, timeout=5)) as db:
            await db.execute("create table t (id int primary key)")
            await test(db)
            for _ in range(100):
                if not db._lent:
                    break
                await asyncio.sleep(0.01)
            assert not db._lent

    asyncio.run(main())


def ids(db: Database) -> list[int]:
    return [row["id"] for row in db.query("select id from t order by id")]


async def async_ids(db: AsyncDatabase) -> list[int]:
    return [row["id"] for row in await db.query("select id from t order by id")]


async def stream(db: AsyncDatabase, first: int, second: int) -> AsyncIterator[int]:
    async with db.transaction():
        await db.execute(INSERT, [first])
        yield first
        await db.execute(INSERT, [second])
        yield second


def rows(db: Database, first: int, second: int) -> Iterator[int]:
    with db.transaction():
        db.execute(INSERT, [first])
        yield first
        db.execute(INSERT, [second])
        yield second


def test_a_stream_that_is_abandoned(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        async for _ in stream(db, 1, 2):
            break
        # Its end comes later, in a task of the loop's.
        await db.execute(INSERT, [3])
        async with db.transaction():
            await db.execute(INSERT, [4])
        await asyncio.sleep(0.05)
        assert await async_ids(db) == [3, 4]

    run(database, test)


def test_a_stream_that_is_read_by_another_function(database: Target) -> None:
    async def first(source: AsyncIterator[int]) -> int:
        return await anext(source)

    async def test(db: AsyncDatabase) -> None:
        await first(stream(db, 1, 2))
        await db.execute(INSERT, [3])
        kept = stream(db, 4, 5)
        await first(kept)
        await db.execute(INSERT, [6])
        del kept
        gc.collect()
        await asyncio.sleep(0.05)
        assert await async_ids(db) == [3, 6]

    run(database, test)


def test_what_a_reader_does_is_no_part_of_the_stream(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        async for number in stream(db, 1, 2):
            await db.execute(INSERT, [number + 10])
            assert await async_ids(db) == list(range(11, number + 11))
        assert await async_ids(db) == [1, 2, 11, 12]

    run(database, test)


def test_a_stream_that_goes_through_many_tasks(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        async def step(source: AsyncIterator[int]) -> int | None:
            return await anext(source, None)

        for end, there in (("closed", []), ("read", [1, 2])):
            source = stream(db, 1, 2)
            assert await asyncio.create_task(step(source)) == 1
            assert await async_ids(db) == []
            assert await asyncio.create_task(step(source)) == 2
            if end == "closed":
                await asyncio.create_task(source.aclose())  # type: ignore[attr-defined]
            else:
                assert await asyncio.create_task(step(source)) is None
            assert await async_ids(db) == there

    run(database, test)


def test_a_block_that_another_task_leaves(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        block = db.transaction()
        await block.__aenter__()
        await db.execute(INSERT, [1])
        assert await asyncio.create_task(async_ids(db)) == []

        async def leave() -> None:
            await block.__aexit__(None, None, None)

        await asyncio.create_task(leave())
        assert await async_ids(db) == [1]
        with pytest.raises(RuntimeError):
            async with db.transaction():
                await db.execute(INSERT, [2])
                raise RuntimeError
        assert await async_ids(db) == [1]

    run(database, test)


def test_a_context_manager_is_for_who_uses_it(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        @contextlib.asynccontextmanager
        async def work() -> AsyncIterator[None]:
            async with db.transaction():
                yield

        with pytest.raises(RuntimeError):
            async with work():
                await db.execute(INSERT, [1])
                raise RuntimeError
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(work())
            await db.execute(INSERT, [2])
            assert await asyncio.create_task(async_ids(db)) == []
        assert await async_ids(db) == [2]

        abandoned = work()
        await abandoned.__aenter__()
        await db.execute(INSERT, [3])
        del abandoned
        await db.execute(INSERT, [4])
        bare = db.transaction()
        await bare.__aenter__()
        await db.execute(INSERT, [5])
        del bare
        await db.execute(INSERT, [6])
        await asyncio.sleep(0.05)
        assert await async_ids(db) == [2, 4, 6]

    run(database, test)


def test_a_savepoint_of_a_stream_that_is_left_open_is_an_error(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        with pytest.raises(UsageError, match="nested transaction of this one is still open"):
            async with db.transaction():
                source = stream(db, 1, 2)
                await anext(source)
                await db.execute(INSERT, [3])
        await source.aclose()  # type: ignore[attr-defined]
        with pytest.raises(UsageError, match="ended while a nested one in it was open"):
            async with db.transaction():
                await db.execute(INSERT, [4])
                source = stream(db, 1, 2)
                await anext(source)
        await source.aclose()  # type: ignore[attr-defined]
        assert await async_ids(db) == []
        async with db.transaction():
            async with contextlib.aclosing(stream(db, 5, 6)) as source:  # type: ignore[type-var]
                await anext(source)
            await db.execute(INSERT, [7])
            assert [number async for number in stream(db, 8, 9)] == [8, 9]
        assert await async_ids(db) == [7, 8, 9]

    run(database, test)


def test_a_cancelled_task_loses_no_connection(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        async def work(number: int) -> None:
            async with db.transaction():
                await db.execute(INSERT, [number])
                await asyncio.sleep(10)

        for turn in range(1, 30):
            task = asyncio.create_task(work(turn))
            await asyncio.sleep(0.001 * (turn % 10))
            # Cancelled again while it gives the connection back.
            for _ in range(5):
                task.cancel()
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await task
        await asyncio.gather(*(db.query("select pg_sleep(0.05)") for _ in range(8)))
        assert await async_ids(db) == []

    run(database, test)


def test_a_generator_of_threads(db: Database) -> None:
    def step(source: Iterator[int], found: list[int | None]) -> None:
        found.append(next(source, None))

    found: list[int | None] = []
    for turn, there in ((1, []), (2, [1, 2])):
        source = rows(db, 1, 2)
        found.clear()
        for _ in range(turn * 2 - 1):
            thread = threading.Thread(target=step, args=(source, found))
            thread.start()
            thread.join()
            assert ids(db) == (there if None in found else [])
        source.close()  # type: ignore[attr-defined]
        assert ids(db) == there
    assert found == [1, 2, None]


def test_a_generator_that_is_held(db: Database) -> None:
    source = rows(db, 1, 2)
    assert next(source) == 1
    db.execute(INSERT, [3])
    del source
    gc.collect()
    assert ids(db) == [3]
    for number in rows(db, 4, 5):
        db.execute(INSERT, [number + 10])
        break
    assert ids(db) == [3, 14]
    with pytest.raises(UsageError, match="still open"), db.transaction():
        source = rows(db, 1, 2)
        next(source)
        db.execute(INSERT, [6])
    source.close()  # type: ignore[attr-defined]
    with db.transaction(), contextlib.closing(rows(db, 7, 8)) as closed:  # type: ignore[type-var]
        next(closed)
    assert ids(db) == [3, 14]
    assert not db._lent


def test_tasks_share_a_synchronous_database(db: Database) -> None:
    async def inside() -> None:
        with db.transaction():
            db.execute(INSERT, [1])
            await asyncio.sleep(0.02)
            raise RuntimeError

    async def main() -> None:
        task = asyncio.create_task(inside())
        await asyncio.sleep(0.01)
        db.execute(INSERT, [2])
        with pytest.raises(RuntimeError):
            await task

    asyncio.run(main())
    assert ids(db) == [2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="os.fork")
@pytest.mark.parametrize("leaving", ["os._exit(0)", "pass", "raise SystemExit(0)"])
def test_fork_inside_a_transaction(db: Database, leaving: str) -> None:
    program = f"""
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from dbsync.runtime import Database, Settings
db = Database(Settings(url=sys.argv[1]))
with db.transaction():
    db.execute("insert into t values (1)")
    child = os.fork()
    if child == 0:
        db.execute("insert into t values (2)")
        {leaving}
    else:
        assert os.waitpid(child, 0)[1] == 0
        assert [r["id"] for r in db.query("select id from t order by id")] == [1, 2]
        db.execute("insert into t values (3)")
db.close()
"""
    subprocess.run([sys.executable, "-c", program, db.settings.url or ""], check=True, timeout=30)
    assert ids(db) == [1, 2, 3]


def test_fixtures_are_for_the_test(pytester: pytest.Pytester, db: Database) -> None:
    pytester.makepyfile(f"""
        import psycopg
        import pytest
        from dbsync.runtime import Database, Settings

        @pytest.fixture
        def db():
            with Database(Settings(url={db.settings.url!r})) as opened, opened.transaction():
                yield opened
                raise psycopg.Rollback

        @pytest.mark.parametrize("turn", [1, 2])
        def test_one(db, turn):
            db.execute("insert into t values (1)")
    """)
    pytester.runpytest_inprocess("-p", "no:dbsync").assert_outcomes(passed=2)
    assert ids(db) == []


def fails(connection: Connection) -> None:
    connection.execute(INSERT, [1])
    with contextlib.suppress(psycopg.Error):
        connection.execute("select 1/0")


def test_an_error_that_is_caught_inside_is_told_at_the_end(db: Database) -> None:
    with pytest.raises(RolledBack, match="a statement in it failed") as caught, db.transaction() as connection:
        fails(connection)
    assert "DivisionByZero 22012" in str(caught.value)
    assert isinstance(caught.value.__cause__, psycopg.errors.DivisionByZero)
    with pytest.raises(RolledBack):
        db.run(fails)
    with db.transaction():
        db.execute(INSERT, [2])
        with pytest.raises(RolledBack), db.transaction() as connection:
            fails(connection)
        db.execute(INSERT, [3])
    assert ids(db) == [2, 3]
    for statement in ("rollback", "commit"):
        with pytest.raises(RolledBack, match="was over before its block"), db.transaction():
            db.execute(statement)
    with pytest.raises(RolledBack, match="its connection broke"), db.transaction():
        db.execute(INSERT, [4])
        with contextlib.suppress(psycopg.Error):
            db.execute("select pg_terminate_backend(pg_backend_pid())")
    assert ids(db) == [2, 3]


def test_what_is_caught_is_tried_again_too(db: Database) -> None:
    tried = []

    def work(connection: Connection) -> int:
        tried.append(1)
        if len(tried) < 3:
            with contextlib.suppress(psycopg.Error):
                connection.execute(
                    "do $$ begin raise serialization_failure; end $$"
                    if len(tried) < 2
                    else "select pg_terminate_backend(pg_backend_pid())"
                )
        return len(tried)

    assert db.run(work) == 3


def test_an_error_that_is_caught_in_a_task(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(INSERT, [1])
            with contextlib.suppress(psycopg.Error):
                await connection.execute("select 1/0")

        with pytest.raises(RolledBack, match="a statement in it failed"):
            await db.run(work)
        async with db.transaction():
            await db.execute(INSERT, [2])
            with pytest.raises(RolledBack):
                async with db.transaction() as connection:
                    await work(connection)
        assert await async_ids(db) == [2]

    run(database, test)

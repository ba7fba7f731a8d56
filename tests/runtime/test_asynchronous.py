# ruff: noqa: PT012
"""The asynchronous database, on a real one."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import pytest

from dbsync.errors import ConnectionFailed, UsageError
from dbsync.pg.connect import Target
from dbsync.runtime import AsyncDatabase, Settings, WrongSchema
from dbsync.runtime.asynchronous import Connection


def run(database: Target, test: Callable[[AsyncDatabase], Awaitable[None]], **more: object) -> None:
    async def main() -> None:
        async with AsyncDatabase(Settings(url=database.conninfo(), **more)) as db:  # type: ignore[arg-type]
            await db.execute("create table t (id int primary key, word text)")
            await test(db)

    asyncio.run(main())


async def words(db: AsyncDatabase) -> list[str]:
    return [row["word"] for row in await db.query("select word from t order by id")]


def test_nested(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        async with db.transaction():
            await db.execute("insert into t values (1, 'one')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                async with db.transaction():
                    await db.execute("insert into t values (1, 'again')")
            async with db.transaction():
                await db.execute("insert into t values (2, 'two')")
        with pytest.raises(RuntimeError):
            async with db.transaction():
                await db.execute("insert into t values (3, 'three')")
                raise RuntimeError
        assert await words(db) == ["one", "two"]

    run(database, test)


def test_a_task_started_inside_is_not_in_the_transaction(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        async with db.transaction():
            await db.execute("insert into t values (1, 'one')")
            assert await asyncio.create_task(words(db)) == []
            assert await words(db) == ["one"]

    run(database, test)


def test_many_tasks(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        async def work(number: int) -> None:
            async with db.transaction():
                await db.execute("insert into t values (%s, 'x')", [number])
                assert len(db._lent) <= 20

        await asyncio.gather(*(work(number) for number in range(200)))
        assert len(await words(db)) == 200

    run(database, test)


def test_retries(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        tried = []

        async def work(connection: Connection) -> int:
            tried.append(1)
            if len(tried) < 3:
                await connection.execute("do $$ begin raise deadlock_detected; end $$")
            return len(tried)

        assert await db.run(work) == 3

    run(database, test)


def test_cancelled_tasks_give_their_connections_back(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        for _ in range(5):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05), db.transaction():
                    await db.execute("insert into t values (1, 'one')")
                    await db.query("select pg_sleep(10)")
        assert await words(db) == []
        assert not db._lent

    run(database, test, max_size=2, timeout=5.0)


def test_exhausted_and_closed(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        async with db.connection():
            with pytest.raises(ConnectionFailed, match="all 1 are in use"):
                await db.query("select 1")
        assert (await db.health()).ok
        await db.close()
        with pytest.raises(UsageError, match="closed"):
            await db.query("select 1")

    run(database, test, max_size=1, timeout=0.2)


def test_the_log_holds_no_values(database: Target, caplog: pytest.LogCaptureFixture) -> None:
    async def test(db: AsyncDatabase) -> None:
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            await db.query("select %s::int, 'secret'", ["secret"])
        await db.query("select pg_sleep(0.1), 'secret'")

    run(database, test, slow=0.05)
    assert "slow: 1" in caplog.text
    assert "InvalidTextRepresentation" in caplog.text
    assert "secret" not in caplog.text


def test_another_schema(database: Target) -> None:
    async def test(db: AsyncDatabase) -> None:
        other = AsyncDatabase(Settings(url=database.conninfo(), fingerprint="public:1234"))
        with pytest.raises(WrongSchema):
            await other.query("select 1")

    run(database, test)

# ruff: noqa: PT012
"""What a borrower does to a connection ends with the loan; a connection that broke is no news to the next one."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.rows import tuple_row
from psycopg.types.string import StrDumper

from dbsync.errors import ConnectionFailed, UsageError
from dbsync.pg.connect import Target
from dbsync.runtime import AsyncDatabase, Database, Settings
from dbsync.runtime.synchronous import Connection


class Shouting(StrDumper):
    def dump(self, obj: str) -> bytes:
        return obj.upper().encode()


SETS: dict[str, Callable[[Connection], object]] = {
    "autocommit": lambda one: one.set_autocommit(False),
    "isolation": lambda one: one.set_isolation_level(psycopg.IsolationLevel.SERIALIZABLE),
    "read only": lambda one: one.set_read_only(True),
    "rows": lambda one: setattr(one, "row_factory", tuple_row),
    "cursors": lambda one: setattr(one, "cursor_factory", psycopg.ClientCursor),
    "threshold": lambda one: setattr(one, "prepare_threshold", 0),
    "types": lambda one: one.adapters.register_dumper(str, Shouting),
    "notices": lambda one: one.add_notice_handler(print),
    "search_path": lambda one: one.execute("set search_path = other"),
    "a function's setting": lambda one: one.execute("select set_config('app.user', 'alice', false)"),
    "timeout": lambda one: one.execute("set statement_timeout = '5min'"),
    "role": lambda one: one.execute("set role pg_monitor"),
    "session": lambda one: one.execute("set session authorization pg_monitor"),
    "prepared": lambda one: one.execute("prepare mine as select 1"),
    "temporary": lambda one: one.execute("create temporary table mine ()"),
    "held cursor": lambda one: one.execute("declare mine cursor with hold for select 1"),
    "listens": lambda one: one.execute("listen mine"),
    "lock": lambda one: one.execute("select pg_advisory_lock(7)"),
    "transaction": lambda one: (one.execute("begin"), one.execute("set statement_timeout = 7"), one.execute("commit")),
    "with a statement of ours": lambda one: [one.execute("select 1 as one") for _ in range(10)],
}

LOOK = """
    select current_setting('search_path') as path, nullif(current_setting('app.user', true), '') as app,
        current_setting('statement_timeout') as timeout, current_user::text as role, session_user::text as session,
        (select count(*) from pg_prepared_statements where name = 'mine') as prepared,
        to_regclass('mine')::text as temporary, (select count(*) from pg_cursors where name = 'mine') as cursors,
        (select count(*) from pg_listening_channels()) as channels,
        (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
        %s::text as word
"""


def state(connection: Connection) -> object:
    names = ("autocommit", "isolation_level", "read_only", "row_factory", "cursor_factory", "prepare_threshold")
    rows = connection.execute(LOOK, ["quiet"]).fetchall()
    return [getattr(connection, name) for name in names], list(connection._notice_handlers), rows


@pytest.fixture
def db(database: Target) -> Iterator[Database]:
    with Database(Settings(url=database.conninfo(), max_size=1, timeout=2)) as opened:
        yield opened


@pytest.mark.parametrize("what", SETS)
def test_a_connection_comes_back_as_it_went_out(db: Database, what: str) -> None:
    with db.connection() as connection:
        before, process = state(connection), connection.info.backend_pid
    with db.connection() as connection:
        SETS[what](connection)
    with db.connection() as connection:
        assert state(connection) == before
        assert connection.info.backend_pid == process


def test_what_is_set_ends_also_with_an_error(db: Database) -> None:
    with pytest.raises(RuntimeError), db.connection() as connection:
        connection.set_autocommit(False)
        connection.execute("set search_path = other")
        raise RuntimeError
    assert db.query("show search_path") == [{"search_path": '"$user", public'}]
    db.execute("create table t (id int)")
    with db.transaction():
        db.execute("set statement_timeout = 7")
    assert db.query("select to_regclass('t')::text as t, current_setting('statement_timeout') as ms") == [
        {"t": "t", "ms": "0"}
    ]


def test_the_roles_own_settings_stay(database: Target) -> None:
    parameters = {"options": "-c statement_timeout=9min -c role=pg_monitor", "application_name": "shop"}
    url = Target({**database.parameters, **parameters}).conninfo()
    look = (
        "select current_setting('statement_timeout') as ms, current_setting('role') as role, current_user::text as me"
    )
    with Database(Settings(url=url, max_size=1, timeout=2)) as db:
        for _ in range(2):
            assert db.query(look) == [{"ms": "9min", "role": "pg_monitor", "me": "pg_monitor"}]
            assert db.query("show application_name") == [{"application_name": "shop"}]
            with db.connection() as connection:
                connection.execute("reset role; set role none; set statement_timeout = 3; set application_name = 'x'")


def test_statements_stay_prepared(db: Database) -> None:
    for _ in range(7):
        db.query("select 1 as one where 1 = %s", [1])
    assert db.query("select count(*) from pg_prepared_statements where statement like 'select 1 as one%'") == [
        {"count": 1}
    ]


def test_a_transaction_that_is_left_open_is_an_error(db: Database) -> None:
    db.execute("create table t (id int)")
    with pytest.raises(UsageError, match="in the middle of a transaction"), db.connection() as connection:
        connection.set_autocommit(False)
        connection.execute("insert into t values (1)")
    with pytest.raises(UsageError, match="in the middle of a transaction"), db.connection() as connection:
        connection.execute("begin; insert into t values (2)")
    with db.connection() as connection:
        connection.set_autocommit(False)
        connection.execute("insert into t values (3)")
        connection.commit()
    db.execute("insert into t values (4)")
    assert db.query("select id from t order by id") == [{"id": 3}, {"id": 4}]


def test_tasks_borrow_it_as_it_was(database: Target) -> None:
    async def main() -> None:
        async with AsyncDatabase(Settings(url=database.conninfo(), max_size=1, timeout=2)) as db:
            await db.execute("create table t (id int)")
            async with db.connection() as connection:
                await connection.set_autocommit(False)
                await connection.execute("set search_path = other; prepare mine as select 1")
                await connection.commit()
            assert await db.query("show search_path") == [{"search_path": '"$user", public'}]
            assert await db.query("select from pg_prepared_statements") == []
            await db.execute("insert into t values (1)")
            with pytest.raises(UsageError, match="in the middle of a transaction"):
                async with db.connection() as connection:
                    await connection.execute("begin; insert into t values (2)")
            assert await db.query("select id from t") == [{"id": 1}]

    asyncio.run(main())


def end_all(database: Target) -> None:
    with psycopg.connect(database.conninfo(), autocommit=True) as admin:
        query = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database()"
        admin.execute(f"{query} and pid <> pg_backend_pid()".encode())


@pytest.mark.parametrize("many", [1, 3, 10])
@pytest.mark.parametrize("rested", [False, True])
def test_broken_connections_hold_nobody_up(
    database: Target, many: int, rested: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with Database(Settings(url=database.conninfo(), slow=0.0)) as db:
        together = threading.Barrier(many)

        def work() -> None:
            with db.connection():
                together.wait(20)

        spread(many, work)
        end_all(database)
        if rested:
            time.sleep(1.1)
        caplog.clear()
        began = time.monotonic()
        assert db.query("select 1 as one") == [{"one": 1}]
        assert time.monotonic() - began < 1.0
        spread(many, work)
        own = [record for record in caplog.records if record.name == "dbsync.runtime"]
        assert [record.getMessage().partition(" ms: ")[2] for record in own] == ["select ? as one"]
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("many", [1, 10])
def test_broken_connections_hold_no_task_up(database: Target, many: int) -> None:
    async def main() -> None:
        async with AsyncDatabase(Settings(url=database.conninfo())) as db:
            together = asyncio.Barrier(many)

            async def work() -> None:
                async with db.connection():
                    await together.wait()

            await asyncio.gather(*(work() for _ in range(many)))
            await asyncio.to_thread(end_all, database)
            began = time.monotonic()
            assert await db.query("select 1 as one") == [{"one": 1}]
            assert time.monotonic() - began < 1.0
            await asyncio.gather(*(work() for _ in range(many)))

    asyncio.run(main())


def spread(many: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_who_has_given_up_does_not_wait(database: Target) -> None:
    with Database(Settings(url=database.conninfo(), max_size=1, timeout=0.05)) as db:

        def wait() -> None:
            with db.connection(5):
                pass

        with db.connection(5):
            for _ in range(3):
                with pytest.raises(ConnectionFailed):
                    db.query("select 1")
            assert db.health(0.01).waiting == 0
            waiter = threading.Thread(target=wait)
            waiter.start()
            time.sleep(0.1)
            found = db.health(0.01)
            assert (found.waiting, found.used, found.ok) == (1, 1, False)
            assert found.problem is not None
            assert ": all 1 are in use" in found.problem
        waiter.join()


def test_a_problem_is_one_sentence(tmp_path: object) -> None:
    found = Database(Settings(url=f"postgresql://app@/shop?host={tmp_path}", timeout=0.2)).health()
    assert found.problem is not None
    assert "\n" not in found.problem
    assert found.problem.startswith("Cannot connect to database shop")
    first, colon, _ = found.problem.partition(": ")
    assert colon, first

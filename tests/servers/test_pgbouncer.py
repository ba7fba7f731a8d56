"""Behind PgBouncer: dbsync keeps away from transaction mode and leaves no trace there; the runtime works with it."""

import asyncio
import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbsync import cli
from dbsync.pg.connect import connect
from dbsync.runtime import AsyncDatabase, Database, Settings
from dbsync.scratch import account
from tests.plugins.own_server import OwnServer, free_port

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
pytestmark = pytest.mark.skipif(not PROGRAM, reason="no pgbouncer on this machine: apt install pgbouncer")

_CONFIGURATION = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = 3
server_round_robin = {turns}
logfile = {folder}/log
"""


@contextlib.contextmanager
def pgbouncer(server: OwnServer, folder: Path, mode: str, *, turns: bool = False) -> Iterator[str]:
    """A pooler in front of the server; the URL of the shop through it."""
    own, who = free_port(), account.choose()
    words = {
        "host": server.folder,
        "port": server.port,
        "own": own,
        "folder": folder,
        "mode": mode,
        "turns": int(turns),
    }
    (folder / "users").write_text('"app" ""\n')
    (folder / "ini").write_text(_CONFIGURATION.format(**words))
    assert PROGRAM
    process = subprocess.Popen(
        [PROGRAM, folder / "ini"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who.popen()
    )
    url = f"postgresql://app@127.0.0.1:{own}/shop"
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                psycopg.connect(url).close()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def pooler_folder(own_server: OwnServer) -> Iterator[Path]:
    folder = own_server.folder / "pooler"
    folder.mkdir()
    account.choose().own(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("turns", [False, True])
def test_transaction_mode(
    own_server: OwnServer, pooler_folder: Path, project: Path, capsys: pytest.CaptureFixture[str], turns: bool
) -> None:
    with pgbouncer(own_server, pooler_folder, "transaction", turns=turns) as url:
        # An application has used several server processes before us, and they are what it uses afterwards.
        application = [psycopg.connect(url) for _ in range(3)]
        settings = (
            "select current_setting('search_path'), current_setting('default_transaction_read_only'), pg_backend_pid()"
        )
        before = {session.execute(settings).fetchone() for session in application}
        assert len(before) == 3
        for session in application:
            session.commit()
        for command in (["plan"], ["apply", "--yes"], ["history"]):
            assert cli.main([*command, "--database", url]) == 4
            said = capsys.readouterr().err
            assert "is reached through a pooler in transaction mode" in said
            assert "direct address" in said
        assert {session.execute(settings).fetchone() for session in application} == before
        for session in application:
            session.close()


def test_session_mode(own_server: OwnServer, pooler_folder: Path, project: Path) -> None:
    with pgbouncer(own_server, pooler_folder, "session") as url:
        assert cli.main(["apply", "--yes", "--database", url]) == 0
        assert cli.main(["plan", "--exit-code", "--database", url]) == 0
        with psycopg.connect(url) as session:
            assert session.execute("show search_path").fetchone() == ('"$user", public',)
    with connect(own_server.target()) as session:
        session.execute("drop table public.plans; drop schema dbsync cascade")


def test_runtime(own_server: OwnServer, pooler_folder: Path) -> None:
    with (
        pgbouncer(own_server, pooler_folder, "transaction", turns=True) as url,
        Database(Settings(url=url, max_size=4)) as one,
        Database(Settings(url=url, max_size=4)) as other,
    ):
        for number in range(12):
            for database in (one, other):
                assert database.query("select %s::int as n", [number]) == [{"n": number}]
            with one.transaction(isolation="repeatable read"):
                assert one.query("show transaction_isolation") == [{"transaction_isolation": "repeatable read"}]
        assert one.health().ok


async def _ask(url: str) -> None:
    async with AsyncDatabase(Settings(url=url)) as one, AsyncDatabase(Settings(url=url)) as other:
        for number in range(12):
            for database in (one, other):
                assert await database.query("select %s::int as n", [number]) == [{"n": number}]


def test_asynchronous_runtime(own_server: OwnServer, pooler_folder: Path) -> None:
    with pgbouncer(own_server, pooler_folder, "transaction", turns=True) as url:
        asyncio.run(_ask(url))


def test_direct_statements_are_prepared(own_server: OwnServer) -> None:
    with Database(Settings(url=own_server.url(), min_size=1, max_size=1)) as database:
        for _ in range(12):
            database.query("select %s::int as n", [1])
        assert database.query("select count(*) as n from pg_prepared_statements")[0]["n"] > 0

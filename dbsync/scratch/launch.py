"""Starts a private PostgreSQL server in a run's folder, and stops it."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from dbsync.errors import ScratchError
from dbsync.pg.target import Target
from dbsync.scratch import account as accounts
from dbsync.scratch import cache, cluster, run
from dbsync.scratch.account import Account
from dbsync.scratch.binaries import Installation
from dbsync.scratch.fence import limits, machine, paths
from dbsync.scratch.fence.machine import Means
from dbsync.scratch.fence.record import Connects
from dbsync.scratch.fence.start import start
from dbsync.scratch.fence.watch import Excess, watched

_PATIENCE = 60.0
_POLL = 0.003

# What is in a scratch server is never needed again: nothing has to survive a crash.
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_worker_processes": "2",
    "autovacuum": "off",
    "autovacuum_max_workers": "1",
    "max_connections": "30",
    "max_prepared_transactions": "0",
    # Every lock's place is written to when the server starts: 3000 hold 100,000 locks in 35 MB, and cost 25 ms.
    "max_locks_per_transaction": "3000",
    "shared_buffers": "64MB",
    # In the data directory, which is removed whatever happens to the server.
    "dynamic_shared_memory_type": "mmap",
    "huge_pages": "off",
    "checkpoint_timeout": "1h",
    "bgwriter_lru_maxpages": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
}
_SINCE_18: Mapping[str, str] = {"io_method": "sync", "autovacuum_worker_slots": "1"}


@dataclass(frozen=True, kw_only=True)
class Fencing:
    """How a private server is fenced in."""

    connects: Connects = "nowhere"
    bounded: bool = True
    """Whether it may use only so much memory, disk and time."""


@dataclass(frozen=True)
class Running:
    """A private server that runs."""

    installation: Installation
    sockets: Path
    log: Path
    fence: Means | None
    """What it is fenced in with; None where nobody asked for that."""
    excess: Excess = field(default_factory=Excess)

    def target(self, database: str = "postgres", user: str = cluster.SUPERUSER) -> Target:
        """A database of it, as one of its roles."""
        return Target({"host": str(self.sockets), "port": "5432", "dbname": database, "user": user})

    def last_words(self, lines: int = 15) -> str:
        """The end of the server's log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.log.with_name("data")

    @property
    def room(self) -> int:
        """How many bytes are free where its data is."""
        return shutil.disk_usage(self.log.parent).free


@contextlib.contextmanager
def launched(
    installation: Installation,
    environ: Mapping[str, str] = os.environ,
    *,
    settings: Mapping[str, str] = MappingProxyType({}),
    locked: bool = False,
    fencing: Fencing | None = Fencing(),
) -> Iterator[Running]:
    """A fresh server, gone with everything in it at the end; `settings` are other ones than a scratch server's.

    `locked` has it ask its superuser for a password.
    """
    account = accounts.choose()
    home = cache.folder(environ)
    if not account.reaches(home):
        raise ScratchError(
            f"The account {account.name}, which runs the scratch server for root, cannot go to {home}",
            hint="name another folder with DBSYNC_CACHE",
        )
    local = cluster.reachable(installation, account, home)
    source = cluster.template(local, account, home, cluster.RESERVED if locked else cluster.SUPERUSER)
    with run.folder(account, environ) as place:
        cluster.copy_template(source, place.data, account, cluster.environment())
        if locked:
            (place.data / "pg_hba.conf").write_text(cluster.LOCKED)
        server = Running(local, place.sockets, place.log, machine.means() if fencing else None)
        with _started(server, place, account, settings, fencing):
            yield server


@contextlib.contextmanager
def _started(
    server: Running, place: run.Run, account: Account, settings: Mapping[str, str], fencing: Fencing | None
) -> Iterator[None]:
    settings = {**scratch_settings(server.installation.major), **settings}
    fence = None
    if fencing:
        fence = paths.server(server.installation, place.data, place.sockets, connects=fencing.connects)
    bounds = limits.usual(server.room) if fencing and fencing.bounded else None
    place.started.touch()
    with place.log.open("xb") as log:
        process = start(
            command(server.installation, place.data, place.sockets, settings),
            fence,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=place.path,
            env=cluster.environment(),
            # The terminal's Ctrl-C is for us alone.
            start_new_session=True,
            **account.popen(),
        )
    try:
        limits.bound(process.pid, account, bounds, place.tag)
        _await(server, place.data / "postmaster.pid", process)
        if bounds:
            with watched(place.path, account, place.tag, bounds, server.excess, place.end):
                yield
        else:
            yield
    finally:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        place.started.unlink(missing_ok=True)


def _await(server: Running, pidfile: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ScratchError(
                f"{server.installation.label} did not start",
                detail=server.last_words(),
                hint="the log above says why; --scratch or DBSYNC_PG_BIN name other binaries",
            )
        if ready(pidfile):
            return
        time.sleep(_POLL)
    raise ScratchError(
        f"{server.installation.label} was not ready after {_PATIENCE:.0f} seconds", detail=server.last_words()
    )


def ready(pidfile: Path) -> bool:
    """Whether the server that wrote this file takes connections."""
    try:
        lines = pidfile.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def command(installation: Installation, data: Path, sockets: Path, settings: Mapping[str, str]) -> list[str]:
    """The command line of a server on a Unix socket alone."""
    every = {**settings, "unix_socket_directories": f'"{sockets}"'}
    options = [word for name, value in every.items() for word in ("-c", f"{name}={value}")]
    return [str(installation.bin / "postgres"), f"-D{data}", "-p", "5432", *options]


def scratch_settings(major: int) -> Mapping[str, str]:
    """The settings of a scratch server of this major version."""
    return {**_SETTINGS, **_SINCE_18} if major >= 18 else _SETTINGS

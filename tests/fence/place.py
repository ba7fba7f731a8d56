"""What lies outside of a fence: files, sockets, a process, another server; and how code gets into a server."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync.pg.connect import connect
from dbsync.scratch import account, binaries
from dbsync.scratch.binaries import Installation
from dbsync.scratch.launch import Running, launched

Connection = psycopg.Connection[Any]

SECRET = "the word that nobody outside knows"
INSTALLATIONS = tuple(one for one in (binaries.embedded(), *binaries.installations()) if one)

linux = pytest.mark.skipif(sys.platform != "linux" or not INSTALLATIONS, reason="for Linux, with PostgreSQL")


@dataclass(frozen=True)
class Outside:
    """What a server could reach without a fence: its account may open all of it."""

    folder: Path
    """A folder in which everybody may write; `secret` and `stream`, `datagram` (sockets) lie there."""
    tcp: int
    udp: int
    victim: int
    """A process of the server's own account."""
    other: Running
    """Another server, which trusts whoever can connect."""

    @property
    def secret(self) -> Path:
        """A file with a secret."""
        return self.folder / "secret"

    @property
    def marker(self) -> Path:
        """A file that is not there."""
        return self.folder / "marker"

    def reset(self) -> None:
        """Make it as it was before an attack."""
        for path in self.folder.glob("marker*"):
            path.rmdir() if path.is_dir() else path.unlink()
        # It belongs to the server's account, so that it may do to it what an owner may.
        self.secret.unlink(missing_ok=True)
        self.secret.write_text(SECRET)
        self.secret.chmod(0o644)
        account.choose().own(self.secret)


@contextlib.contextmanager
def outside() -> Iterator[Outside]:
    """All of it, gone at the end."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outside-")))
        folder.chmod(0o777)
        ports: list[int] = []
        for kind, name in ((socket.SOCK_STREAM, "stream"), (socket.SOCK_DGRAM, "datagram")):
            one = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
            one.bind(str(folder / name))
            (folder / name).chmod(0o777)
            hidden = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
            hidden.bind(f"\0{folder}/{name}")
            internet = stack.enter_context(socket.socket(socket.AF_INET, kind))
            internet.bind(("127.0.0.1", 0))
            ports.append(internet.getsockname()[1])
            for each in (one, hidden, internet):
                if kind == socket.SOCK_STREAM:
                    each.listen(50)
        victim = subprocess.Popen(
            ["/bin/sh", "-c", 'trap "" USR1; exec sleep 600'],
            cwd="/",
            **account.choose().popen(),
        )
        stack.callback(victim.wait)
        stack.callback(victim.send_signal, signal.SIGKILL)
        other = stack.enter_context(launched(INSTALLATIONS[-1], fencing=None))
        yield Outside(folder, ports[0], ports[1], victim.pid, other)


@dataclass(frozen=True)
class Inside:
    """A server, of which an attacker is the superuser."""

    running: Running
    library: Path | None

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.running.installation.major

    @contextlib.contextmanager
    def session(self) -> Iterator[Connection]:
        """A session as superuser."""
        with contextlib.closing(connect(self.running.target())) as session:
            session.execute("set search_path = public")
            yield session

    def attack(self, name: str, first: object = "", second: object = "") -> int:
        """What one attack of attack.c came to: 0, or the number of an error. Its code comes through the server."""
        if self.library is None:
            pytest.skip("no C compiler")
        with self.session() as session:
            self._write(session, "attack.so", self.library.read_bytes())
            self._write(session, "attack", f"{name}\n{first}\n{second}\n".encode())
            self._write(session, "outcome", b"-2")
            with pytest.raises(psycopg.Error, match=r"magic block|closed the connection"):
                session.execute(f"load '{self.running.data}/attack.so'".encode())
        with self.session() as session:
            row = session.execute("select pg_read_file('outcome')").fetchone()
            assert row
            return int(row[0])

    def _write(self, session: Connection, name: str, data: bytes) -> None:
        path = self.running.data / name
        session.execute("select lo_unlink(oid) from pg_largeobject_metadata")
        session.execute("select lo_from_bytea(77, %s)", [data])
        session.execute("select lo_export(77, %s)", [str(path)])


@contextlib.contextmanager
def inside(installation: Installation, *, fenced: bool, settings: dict[str, str] | None = None) -> Iterator[Inside]:
    """A private server with or without a fence, and a library with attacks for it, if there is a compiler."""
    with contextlib.ExitStack() as stack:
        library = None
        if compiler := shutil.which("cc"):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            library = folder / "attack.so"
            source = Path(__file__).with_name("attack.c")
            subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
        arguments: dict[str, Any] = {} if fenced else {"fencing": None}
        running = stack.enter_context(launched(installation, settings=settings or {}, **arguments))
        yield Inside(running, library)


def gone(pid: int, within: float = 5) -> bool:
    """Whether a process ends within so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                os.sched_yield()
                continue
        return True
    return False

"""What the benchmarks share: a server of their own, what a command costs, and tables of ratios against a floor.

This module measures nothing by itself; run plan.py or scale.py.
"""

import contextlib
import dataclasses
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dbsync.pg.connect import connect
from dbsync.pg.target import Target
from dbsync.scratch import binaries
from dbsync.scratch.launch import Running, launched

HERE = Path(__file__).parent
ROLE = "app"

_SETTLE = 0.2
"""Seconds in which a server has seen the end of its sessions."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """Seconds on the clock, seconds of CPU (the server's too), and the memory of the largest process in MB."""

    wall: float
    cpu: float
    memory: float


@dataclasses.dataclass(frozen=True)
class Server:
    """A server for the databases that stand for live; fsync is off, which is to the advantage of all."""

    running: Running

    def url(self, database: str, scheme: str = "postgresql") -> str:
        """How a program gets to a database."""
        return f"{scheme}://{ROLE}@/{database}?host={self.running.sockets}"

    def target(self, database: str = "postgres", role: str = ROLE) -> Target:
        """A database, for dbsync's own functions."""
        return self.running.target(database, role)

    def program(self, name: str, *arguments: str) -> list[str]:
        """The command line of one of PostgreSQL's programs."""
        return [str(self.running.installation.bin / name), "-h", str(self.running.sockets), "-U", ROLE, *arguments]

    def cpu(self) -> float:
        """What the server has used so far, as Linux counts it for sessions that ended; else 0."""
        try:
            pid = (self.running.data / "postmaster.pid").read_text().split()[0]
        except OSError:
            return 0.0
        return of_process(int(pid), children=True)

    def run(
        self, command: Sequence[str | Path], environ: Mapping[str, str] | None = None, accept: Sequence[int] = (0,)
    ) -> Cost:
        """Run a command to its end, and say what it cost. What Python compiles is kept, as pip keeps it."""
        environ = {key: value for key, value in (environ or os.environ).items() if key != "PYTHONDONTWRITEBYTECODE"}
        before = self.cpu()
        with tempfile.TemporaryFile() as said:
            began = time.monotonic()
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, env=environ
            )
            _, status, used = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode not in accept:
                said.seek(0)
                sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}\n{said.read().decode()}")
        time.sleep(_SETTLE)
        memory = used.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
        return Cost(wall, used.ru_utime + used.ru_stime + self.cpu() - before, memory)

    def load(self, database: str, file: Path) -> Cost:
        """A new database, loaded by psql."""
        made = self.run(self.program("createdb", database))
        loaded = self.run(self.program("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", str(file)))
        return Cost(made.wall + loaded.wall, made.cpu + loaded.cpu, loaded.memory)

    def drop(self, database: str) -> None:
        """Drop a database."""
        self.run(self.program("dropdb", "--if-exists", database))

    def migra(self, live: str, wanted: str) -> Cost:
        """What migra says of two databases, as its command line does; it exits with 2 where they differ."""
        urls = [self.url(name, "postgresql+psycopg") for name in (live, wanted)]
        program = Path(sys.executable).with_name("migra")
        return self.run(
            [sys.executable, "-W", "ignore", program, "--unsafe", "--with-privileges", *urls], accept=(0, 2)
        )


def of_process(pid: int, *, children: bool = False) -> float:
    """The CPU time of another process, with that of its children that have ended, as Linux counts it; else 0."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11 : 15 if children else 13])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A server of our own from the embedded binaries, gone at the end."""
    installation = binaries.embedded()
    if installation is None:
        sys.exit("the benchmarks need dbsync[embedded]")
    # It stands for live servers, which no fence of ours is around.
    with launched(installation, fencing=None) as running:
        with contextlib.closing(connect(running.target())) as admin:
            # pg_dump and dbsync go there as an ordinary role, as on most servers.
            admin.execute(f"create role {ROLE} login createdb".encode())
        yield Server(running)


def least(costs: Sequence[Cost]) -> Cost:
    """The best of several runs: what is above it is the machine's other work."""
    return Cost(min(c.wall for c in costs), min(c.cpu for c in costs), max(c.memory for c in costs))


def table(costs: Mapping[str, Sequence[Cost]], floors: Sequence[str]) -> str:
    """Every row with its least and its median times, and what its least CPU time is of the floors'."""
    width = max(map(len, costs))
    head = f"{'':{width}}  {'wall':>7} {'median':>7}  {'CPU':>7} {'median':>7}  {'MB':>5}"
    lines = [head + "".join(f"  {f'of {floor}':>12}" for floor in floors)]
    for name, runs in costs.items():
        if not runs:
            continue
        best = least(runs)
        wall, cpu = (statistics.median(getattr(run, part) for run in runs) for part in ("wall", "cpu"))
        line = f"{name:{width}}  {best.wall:7.2f} {wall:7.2f}  {best.cpu:7.2f} {cpu:7.2f}  {best.memory:5.0f}"
        for floor in floors:
            line += f"  {best.wall / least(costs[floor]).wall:6.2f}{best.cpu / max(least(costs[floor]).cpu, 0.01):6.2f}"
        lines.append(line)
    return "\n".join(lines)

"""How much a server may use, and that nothing which it started outlives it."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dbsync.errors import ScratchError
from dbsync.scratch import account
from dbsync.scratch.binaries import Installation
from dbsync.scratch.fence import limits
from dbsync.scratch.fence.limits import Limits
from dbsync.scratch.provider import Needs, open_scratch
from tests.fence.place import INSTALLATIONS, Connection, Inside, inside, linux

pytestmark = linux

MB = 1_000_000
PLENTY = Limits(memory=2000 * MB, disk=2000 * MB)
HERE = Path(__file__).resolve().parents[2]

Bound = Callable[..., None]


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> Bound:
    """Gives the servers of this test other limits."""

    def set_limits(**values: int) -> None:
        monkeypatch.setattr(limits, "usual", lambda _free: dataclasses.replace(PLENTY, **values))

    return set_limits


def over(server: Inside, within: float = 20) -> str:
    """What it used too much of, once its processes and its folder are gone."""
    deadline = time.monotonic() + within
    place = server.running.log.parent
    while time.monotonic() < deadline and (server.running.excess.what is None or place.exists()):
        time.sleep(0.05)
    assert not place.exists()
    return server.running.excess.what or "nothing"


def fill(session: Connection) -> None:
    """Write until somebody stops it."""
    for number in range(100):
        query = "select n, md5(n::text) from generate_series(1, 200000) n"
        session.execute(f"create table public.t{number} as {query}".encode())


def test_one_query_gets_so_much_memory(bound: Bound, installation: Installation) -> None:
    bound(memory=600 * MB)
    with inside(installation, fenced=True) as server, server.session() as session:
        with pytest.raises(psycopg.errors.OutOfMemory):
            session.execute("select array_agg(repeat(n::text || md5(n::text), 1000000)) from generate_series(1, 100) n")
        assert session.execute("select 1").fetchone() == (1,)
    assert server.running.excess.what is None


def test_all_processes_together_get_so_much_memory(bound: Bound) -> None:
    bound(memory=600 * MB)
    with inside(INSTALLATIONS[0], fenced=True) as server:
        server.attack("devours", 250)
        assert over(server) == "more than 600 MB of memory"


def test_a_file_has_an_end(bound: Bound, installation: Installation) -> None:
    bound(file=20 * MB)
    with inside(installation, fenced=True) as server, server.session() as session:
        # Both say that the file cannot be extended, each in its way.
        with pytest.raises(psycopg.Error, match="could not extend file"):
            session.execute("create table t as select repeat(md5(n::text), 100) from generate_series(1, 200000) n")
        session.execute("create table small as select 1")


def test_all_files_together_have_an_end(bound: Bound, installation: Installation) -> None:
    bound(disk=150 * MB)
    with inside(installation, fenced=True) as server:
        with pytest.raises(psycopg.OperationalError), server.session() as session:
            fill(session)
        assert over(server) == "more than 150 MB of disk space"


def test_a_process_gets_so_much_time(bound: Bound, installation: Installation) -> None:
    bound(seconds=1)
    began = time.monotonic()
    with inside(installation, fenced=True) as server, server.session() as session:
        with pytest.raises(psycopg.OperationalError):
            session.execute("do $$ begin loop end loop; end $$")
        assert time.monotonic() - began < 30


def test_a_bomb_of_processes_ends(bound: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(processes=64)
    monkeypatch.setattr(limits, "_ALL_ACCOUNTS", 300)
    with inside(INSTALLATIONS[0], fenced=True) as server:
        name = tag(server)
        server.attack("bomb")
        # It takes all processors meanwhile.
        assert over(server, within=120) == "more than 64 processes"
    assert not list(limits.tagged(account.choose(), name))


def tag(server: Inside) -> str:
    """The name of a server's processes; the first of them tells, while it runs."""
    with server.running.log.with_name("tag").open() as file:
        return file.read().strip()


def test_what_leaves_the_server_ends_with_it(installation: Installation) -> None:
    with inside(installation, fenced=True) as server:
        name = tag(server)
        before = {path.name for path in limits.tagged(account.choose(), name)}
        server.attack("escapes")
        assert {path.name for path in limits.tagged(account.choose(), name)} - before
    assert not list(limits.tagged(account.choose(), name))


_HOLDER = """
import sys, time
from pathlib import Path
from tests.fence.place import INSTALLATIONS, inside
with inside(INSTALLATIONS[0], fenced=True) as server:
    server.attack("escapes")
    print(server.running.log.with_name("tag").read_text().strip(), flush=True)
    time.sleep(60)
"""


def test_what_leaves_the_server_ends_also_when_we_are_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _HOLDER], stdout=subprocess.PIPE, text=True, cwd=HERE) as holder:
        assert holder.stdout
        name = holder.stdout.readline().strip()
        assert list(limits.tagged(account.choose(), name))
        holder.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and list(limits.tagged(account.choose(), name)):
        time.sleep(0.05)
    assert not list(limits.tagged(account.choose(), name))


def test_a_plan_says_what_was_too_much(bound: Bound) -> None:
    bound(disk=100 * MB)

    def use_too_much() -> None:
        with open_scratch("auto", Needs(major=INSTALLATIONS[0].major)) as scratch:
            scratch.create("one")
            with scratch.connect("one") as session:
                fill(session)

    with pytest.raises(ScratchError, match="more than 100 MB of disk space, and was stopped; live was only") as caught:
        use_too_much()
    assert "--scratch" in (caught.value.hint or "")


def test_the_kernel_takes_memory_from_the_server_first(installation: Installation) -> None:
    with inside(installation, fenced=True) as server:
        pid = (server.running.data / "postmaster.pid").read_text().split()[0]
        assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) > int(Path("/proc/self/oom_score_adj").read_text())


def test_the_usual_limits_leave_room() -> None:
    assert limits.usual(10**12).disk == 8000 * MB
    assert limits.usual(300 * MB).disk == 270 * MB
    assert 1000 * MB <= limits.usual(10**12).memory <= 4000 * MB
    assert os.sysconf("SC_PHYS_PAGES") > 0

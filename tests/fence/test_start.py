"""That a fence is around the program alone, on every kernel, and what is said where there is none."""

import os
import re
import socket
import subprocess
import threading
from pathlib import Path

import psycopg
import pytest

from dbsync import cli
from dbsync.errors import ScratchError
from dbsync.pg.connect import Target
from dbsync.scratch import cluster, tools
from dbsync.scratch.binaries import Installation
from dbsync.scratch.fence import kernel, machine, paths, sandbox, seccomp, start
from dbsync.scratch.fence.machine import Means
from dbsync.scratch.fence.record import Fence
from dbsync.scratch.provider import Needs, open_scratch
from tests.fence.place import INSTALLATIONS, SECRET, Outside, inside, linux

Captured = pytest.CaptureFixture[str]


def status(task: Path) -> list[str]:
    return [line for line in (task / "status").read_text().splitlines() if line.startswith(("NoNewPrivs", "Seccomp:"))]


@linux
def test_nothing_of_this_process_is_behind_the_fence(outside: Outside) -> None:
    before = status(Path("/proc/self"))
    results: list[bytes] = []
    with inside(INSTALLATIONS[0], fenced=True):
        assert all(status(task) == before for task in Path("/proc/self/task").iterdir())
        assert outside.secret.read_text() == SECRET
        outside.marker.write_text("x")
        socket.create_connection(("127.0.0.1", outside.tcp)).close()
        later = threading.Thread(target=lambda: results.append(subprocess.check_output(["/bin/cat", outside.secret])))
        later.start()
        later.join()
    assert results == [SECRET.encode()]


@linux
def test_an_error_of_the_thread_is_raised_here() -> None:
    with pytest.raises(FileNotFoundError):
        start.start(["/no/such/program"], Fence(readable=(), executable=()))


@linux
def test_a_fence_that_cannot_be_put_up_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(ruleset: int) -> None:
        raise OSError(1, "Operation not permitted", "landlock_restrict_self")

    monkeypatch.setattr(kernel, "landlock_restrict_self", refused)
    with pytest.raises(ScratchError, match="could not be fenced in"), inside(INSTALLATIONS[0], fenced=True):
        pass


@linux
@pytest.mark.parametrize("abi", range(1, 7))
def test_older_kernels_fence_what_they_can(monkeypatch: pytest.MonkeyPatch, outside: Outside, abi: int) -> None:
    """Rules of an older version of Landlock's interface are rules that a newer kernel takes, too."""
    if machine.means().landlock < abi:
        pytest.skip(f"this kernel has no version {abi}")
    monkeypatch.setattr(machine, "means", lambda: Means(label="older", landlock=abi))
    for installation in INSTALLATIONS:
        with inside(installation, fenced=True) as server:
            with server.session() as session:
                session.execute("create table t as select n from generate_series(1, 10000) n; create index on t (n)")
                session.execute("select pg_switch_wal(); checkpoint; drop table t")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute("select pg_read_file(%s)", [str(outside.secret)])
            assert server.attack("tcp", outside.tcp) != 0
            assert server.attack("connects", outside.folder / "stream") != 0
            assert server.attack("shell", f"touch {outside.marker}") != 0


@pytest.mark.parametrize("column", [0, 1])
def test_the_numbers_of_system_calls(column: int) -> None:
    header = Path(("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm-generic/unistd.h")[column])
    if not header.exists():
        pytest.skip(f"no {header}")
    numbers = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", header.read_text())}
    ours = {
        **seccomp.REFUSED,
        "connect": seccomp.CONNECT,
        "socket": seccomp.SOCKET,
        "socketpair": seccomp.SOCKET_PAIR,
        "clone": seccomp.CLONE,
        "clone3": seccomp.CLONE3,
        "chmod": seccomp.CHMOD,
        "fchmodat": seccomp.FCHMODAT,
        "prlimit64": seccomp.PRLIMIT,
    }
    assert {name: pair[column] for name, pair in ours.items()} == {name: numbers.get(name) for name in ours}
    assert not [name for name, number in numbers.items() if number >= seccomp.UNKNOWN]


@linux
def test_the_filter_jumps_to_instructions_that_are_there() -> None:
    for connects in ("nowhere", "sockets", "anywhere"):
        codes = list(seccomp._codes(connects))
        for number, (operation, true, false, _) in enumerate(codes):
            if operation & 0x07 == 0x05:
                assert number + 1 + max(true, false) < len(codes)
        assert codes[-1][0] == 0x06


NONE = Means(label="", gap="the kernel's Landlock is missing")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no fence."""
    monkeypatch.setattr(machine, "means", lambda: NONE)


@pytest.mark.usefixtures("without")
def test_without_a_fence_there_is_a_server_and_a_note() -> None:
    with open_scratch("auto", Needs(major=INSTALLATIONS[0].major)) as scratch:
        assert "No fence of the operating system is around the scratch server: the kernel's Landlock is missing" in (
            scratch.notes
        )


def test_with_a_fence_there_is_no_note() -> None:
    if machine.means().gap:
        pytest.skip("this machine has no fence")
    machine.require("auto")
    with open_scratch("auto", Needs(major=INSTALLATIONS[0].major)) as scratch:
        assert not [note for note in scratch.notes if "fence" in note]


@pytest.mark.usefixtures("without")
def test_a_fence_that_is_required_and_missing() -> None:
    with pytest.raises(ScratchError, match="wants one: the kernel's Landlock is missing"):
        machine.require("auto")


@pytest.mark.parametrize("choice", ["server", "postgresql://other/db", "host=other"])
def test_a_server_of_others_has_no_fence(choice: str) -> None:
    with pytest.raises(ScratchError, match="a server that dbsync did not start") as caught:
        machine.require(choice)
    assert "--scratch auto" in (caught.value.hint or "")


@pytest.fixture
def project(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    monkeypatch.setenv("DBSYNC_CACHE", str(tmp_path / "cache"))
    if os.geteuid() == 0:
        monkeypatch.delenv("DBSYNC_CACHE")
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text(f"-- {tmp_path}\ncreate table t (id integer);\n")
    return tmp_path


@pytest.mark.usefixtures("without", "project")
def test_plan_and_check_say_that_there_is_none(capsys: Captured) -> None:
    assert cli.main(["plan"]) == 0
    assert "No fence of the operating system is around the scratch server" in " ".join(capsys.readouterr().out.split())
    cli.main(["check"])
    assert "no fence of the operating system is around the scratch server" in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("without", "project")
@pytest.mark.parametrize("command", ["plan", "check", "apply", "models", "diagram"])
def test_require_fence_refuses(capsys: Captured, command: str) -> None:
    assert cli.main([command, "--require-fence"]) == 5
    assert "There is no fence around the scratch server" in capsys.readouterr().err


@pytest.mark.usefixtures("without")
def test_require_fence_in_the_configuration(project: Path, capsys: Captured) -> None:
    (project / "dbsync.toml").write_text("require_fence = true\n")
    assert cli.main(["plan"]) == 5
    assert "There is no fence" in capsys.readouterr().err


@pytest.mark.usefixtures("without")
def test_the_version_says_that_there_is_none(capsys: Captured) -> None:
    assert cli.main(["--version"]) == 0
    assert "fence: none (the kernel's Landlock is missing)\n" in capsys.readouterr().out


@linux
def test_the_version_says_which_fence_there_is(capsys: Captured) -> None:
    if machine.means().gap:
        pytest.skip("this machine has no fence")
    assert cli.main(["--version"]) == 0
    assert re.search(r"^fence: Landlock ABI \d+, seccomp$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("number", [38, 95])
def test_why_a_kernel_has_none(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def missing() -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(kernel, "landlock_abi", missing)
    monkeypatch.setattr(kernel, "known", lambda: True)
    found = machine._linux()
    assert (found.label, found.gap) == (
        "",
        f"the kernel's Landlock is {'missing' if number == 38 else 'switched off'}",
    )


def test_a_kernel_whose_fence_has_a_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "landlock_abi", lambda: 2)
    monkeypatch.setattr(kernel, "known", lambda: True)
    monkeypatch.setattr(kernel, "seccomp_works", lambda: True)
    assert machine._linux().gap == "the kernel's Landlock is of version 2, which lets files outside be emptied"


@linux
def test_pg_dump_of_a_scratch_server_is_behind_a_fence_too(installation: Installation) -> None:
    """What it reads is the answer of a server that a stranger's code may have taken."""
    with inside(installation, fenced=True) as server:
        local = server.running.installation
        assert "PostgreSQL database dump" in tools.dump(local, server.running.target())
        fence = paths.client(local, "pg_dump")
        assert start.run(["/bin/cat", "/etc/hostname"], None).returncode == 0
        with pytest.raises(PermissionError):
            start.run(["/bin/cat", "/etc/hostname"], fence)


def test_the_profile_of_macos(tmp_path: Path) -> None:
    data, program = tmp_path / 'da"ta', tmp_path / "postgres"
    (tmp_path / "lib").mkdir()
    fence = Fence(readable=(tmp_path / "lib",), executable=(program,), writable=(data,))
    real = os.path.realpath(tmp_path)
    lines = sandbox.profile(fence).splitlines()
    assert lines[:2] == ["(version 1)", "(deny default)"]
    assert f'(allow process-exec (literal "{real}/postgres"))' in lines
    assert f'(allow file-write* (subpath "{real}/da\\"ta"))' in lines
    assert any(line.startswith("(allow file-read* ") and f'(subpath "{real}/lib")' in line for line in lines)
    assert not [line for line in lines if "network-outbound" in line or "network*" in line]
    client = Fence(readable=(), executable=(program,), connects="sockets")
    assert "(allow network-outbound (remote unix-socket))" in sandbox.profile(client).splitlines()
    assert "file-write* " not in sandbox.profile(client)
    free = Fence(readable=(), executable=(program,), connects="anywhere")
    assert "(allow network*)" in sandbox.profile(free).splitlines()
    assert sandbox.wrapped(["postgres", "-D", "x"], fence)[:2] == [sandbox.PROGRAM, "-p"]
    assert sandbox.profile(fence).count("(") == sandbox.profile(fence).count(")")


def test_programs_that_start_behind_the_fence_know_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", SECRET)
    assert SECRET not in str(cluster.environment())

"""What the operating system refuses is told as that, never as a bug, and never by a traceback."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dbsync import config
from dbsync.errors import ScratchError
from dbsync.pg.connect import Target
from dbsync.scratch import cache

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


@pytest.fixture
def shell(database: Target, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs a line of the shell in a project, `dbsync` in it; the exit code and what stands on stderr."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text("create table t (id int primary key);\n")

    def run(line: str, **environ: str) -> tuple[int, str]:
        program = f'dbsync() {{ "{sys.executable}" -m dbsync "$@"; }}; '
        done = subprocess.run(
            ["/bin/sh", "-c", program + line],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "DATABASE_URL": database.conninfo(),
                **environ,
            },
        )
        assert "Traceback" not in done.stderr
        assert "bug" not in done.stderr
        return done.returncode, done.stderr

    return run


@needs_full
@pytest.mark.parametrize(
    "command", ["plan", "plan --format json", "check", "history", "diagram", "--version", "--help"]
)
def test_a_full_disk_under_the_results(shell: Callable[..., tuple[int, str]], command: str) -> None:
    code, said = shell(f"dbsync {command} > /dev/full")
    assert (code, said.partition("\n")[0]) == (2, "error: standard output cannot be written: No space left on device")


@pytest.mark.parametrize("command", ["plan", "apply --yes", "--help"])
def test_no_standard_output(shell: Callable[..., tuple[int, str]], command: str) -> None:
    code, said = shell(f"dbsync {command} >&-")
    assert (code, said.partition("\n")[0]) == (2, "error: standard output cannot be written: it is closed")


@needs_full
@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full", "<&-", "<&- 2>&-"])
def test_an_apply_needs_nobody_who_listens(shell: Callable[..., tuple[int, str]], where: str) -> None:
    """Nor does its connection get the number of a stream that was closed, so that words would go to the server."""
    assert shell(f"dbsync apply --yes --verbose {where}")[0] == 0
    assert shell("dbsync plan --exit-code")[0] == 0


def test_nobody_answers(shell: Callable[..., tuple[int, str]]) -> None:
    code, said = shell("dbsync apply <&-")
    assert (code, said.partition("\n")[0]) == (5, "error: nobody is there to ask: the plan was not applied")


def test_a_reader_that_has_seen_enough(shell: Callable[..., tuple[int, str]]) -> None:
    code, said = shell("{ dbsync plan; echo $? >&2; } | true")
    assert (code, said) == (0, "141\n")


def test_a_folder_that_was_removed(shell: Callable[..., tuple[int, str]]) -> None:
    code, said = shell("mkdir gone && cd gone && rmdir ../gone && dbsync plan")
    assert (code, said) == (2, "error: the current folder is not there any more\nhint: go to another one: cd\n")


@pytest.mark.parametrize(("place", "why"), [("/dev/null", "File exists"), ("/dev/null/x", "Not a directory")])
def test_a_cache_that_cannot_be(shell: Callable[..., tuple[int, str]], place: str, why: str) -> None:
    code, said = shell("dbsync plan", DBSYNC_CACHE=place)
    assert code == 5
    assert said.startswith(f"error: dbsync's cache cannot be in {place}: {why}\nhint: ")


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root may mount")
@pytest.mark.parametrize("options", ["ro", "size=200k"])
def test_a_cache_that_takes_nothing(shell: Callable[..., tuple[int, str]], tmp_path: Path, options: str) -> None:
    (tmp_path / "cache").mkdir()
    mounted = f"mount -t tmpfs -o {options} tmpfs cache"
    # In a namespace of its own, which takes the mount with it.
    code, said = shell(f'unshare -m sh -c "{mounted}" || exit 77')
    if code == 77:
        pytest.skip("nothing can be mounted here")
    program = f'{mounted} && exec \\"{sys.executable}\\" -m dbsync plan'
    code, said = shell(f'unshare -m sh -c "{program}"', DBSYNC_CACHE=str(tmp_path / "cache"))
    assert code == 5, said
    assert "DBSYNC_CACHE" in said or "MB free" in said


def test_a_home_that_nobody_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a container whose user has no account."""

    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    assert config.load({}, {}, tmp_path).schema == tmp_path / "schema.sql"
    monkeypatch.setattr(Path, "expanduser", lambda _: home())
    with pytest.raises(ScratchError, match="cannot be in ~/cache: Could not determine home"):
        cache.folder({"DBSYNC_CACHE": "~/cache"})


def test_a_plan_that_holds_nothing(shell: Callable[..., tuple[int, str]]) -> None:
    code, said = shell(": > plan.json; dbsync apply plan.json")
    assert code == 2
    assert said.startswith("error: plan.json is not JSON")


def test_configuration_that_may_not_be_read(shell: Callable[..., tuple[int, str]]) -> None:
    code, said = shell("ln -s /proc/self/mem dbsync.toml; dbsync plan")
    assert (code, said.partition(":")[0]) == (2, "error")
    assert "dbsync.toml cannot be read: Input/output error" in said


def test_no_folder_for_temporary_files(shell: Callable[..., tuple[int, str]]) -> None:
    assert shell("dbsync plan", TMPDIR="/nonexistent")[0] == 0

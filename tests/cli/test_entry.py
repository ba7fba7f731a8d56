"""Exit codes and messages of the command line, and what never happens on it."""

import io
import os
import resource
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from dbsync import cli, config
from dbsync.errors import ApplyFailed, Bug, DbsyncError, NoPlan, SchemaError


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dbsync", *arguments]
    return subprocess.run(command, capture_output=True, text=True, input="", check=False, timeout=60)


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(config, "load", fail)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pln"], "error: There is no command 'pln'. Did you mean 'plan'?"),
        (["plan", "--databse", "x"], "Did you mean '--database'?"),
        (["plan", "--author", "mgra"], "error: --author cannot be 'mgra'\nhint: did you mean 'migra'?"),
        (["plan", "--format", "jsn"], "it cannot be 'jsn': did you mean 'json'?"),
        (["plan", "--seeds", "a", "--no-seeds"], "--seeds and --no-seeds exclude each other"),
        (["plan", "extra"], "unexpected extra argument"),
        (["apply", "--allow", "dataloss"], "--allow cannot be 'dataloss'\nhint: did you mean 'data-loss'?"),
        (["history", "--schema", "x"], "No such option"),
        (["history", "show", "x"], "Invalid value for 'RECORD': 'x' is not a valid whole number."),
        (["check", "--author", "migra"], "No such option"),
        (["check", "--online", "never"], "No such option"),
        (["report", "--no-plan", "--online", "never"], "--online has no part in a report without a plan."),
        (["report", "--no-plan", "--no-seeds"], "--no-seeds has no part in a report without a plan."),
        (["diagram", "--live", "--schema", "x"], "--schema has no part in a diagram of the database."),
    ],
)
def test_usage(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [(SchemaError("no"), 3), (NoPlan("no"), 5), (ApplyFailed("no"), 6), (Bug("no"), 70)],
)
def test_exit_codes(
    error: DbsyncError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, error)
    assert cli.main(["plan"]) == code
    assert capsys.readouterr().err.startswith("error: ")


def test_error_is_whole_and_harmless(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(monkeypatch, SchemaError("what\x1b[2J", excerpt="  where", detail="why", hint="next"))
    cli.main(["plan"])
    assert capsys.readouterr().err == "error: what\\x1b[2J\n  where\nwhy\nhint: next\n"


def test_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(monkeypatch, ValueError("odd"))
    assert cli.main(["plan"]) == 70
    shown = capsys.readouterr().err
    assert shown.startswith("error: this is a bug in dbsync: ValueError: odd\nin dbsync/cli/plan.py:")
    assert "Traceback" not in shown
    monkeypatch.setenv("DBSYNC_DEBUG", "1")
    cli.main(["plan"])
    assert "Traceback" in capsys.readouterr().err


def test_connection_that_ends(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(monkeypatch, psycopg.OperationalError("server closed the connection unexpectedly"))
    assert cli.main(["plan"]) == 4
    assert "Traceback" not in capsys.readouterr().err


def test_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    assert cli.main(["plan"]) == 130
    assert capsys.readouterr().err == "error: interrupted\n"


def test_interrupt_while_a_class_is_made(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    wrapped = RuntimeError("Error calling __set_name__ on 'Field' instance")
    wrapped.__cause__ = KeyboardInterrupt()
    raising(monkeypatch, wrapped)
    assert cli.main(["plan"]) == 130
    assert capsys.readouterr().err == "error: interrupted\n"


def test_broken_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(monkeypatch, BrokenPipeError())
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert cli.main(["plan"]) == 141
    assert capsys.readouterr().err == ""


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    run("--help")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    shown = run("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(name in shown.stdout for name in ("plan", "apply", "history"))
    check = "import sys, dbsync.cli; print({'psycopg', 'rich', 'sqlalchemy', 'postgast'} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout
    assert loaded == "set()\n"
    assert took < 1, "seconds of the processor: ten times what it takes"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("dbsync 0")


def test_no_command() -> None:
    shown = run()
    assert shown.returncode == 2
    assert "Usage: dbsync" in shown.stderr


def test_completion() -> None:

    environ = {**os.environ, "_DBSYNC_COMPLETE": "bash_complete", "COMP_WORDS": "dbsync pl", "COMP_CWORD": "1"}
    shown = subprocess.run(
        [sys.executable, "-m", "dbsync"], capture_output=True, text=True, env=environ, check=False, timeout=60
    )
    assert "plan" in shown.stdout


def test_unreadable_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dbsync.toml").write_text("nonsense")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["plan"]) == 2
    assert "is not TOML" in capsys.readouterr().err

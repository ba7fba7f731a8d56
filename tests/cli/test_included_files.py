"""What a schema file may include, as people see it: no command prints a line of a file that is not the project's."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dbsync import cli

SECRET = "db.example.com:5432:shop:owner:hunter2\n"
Captured = pytest.CaptureFixture[str]
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, in a home with a password file; the secret is in the environment, too."""
    (tmp_path / ".pgpass").write_text(SECRET)
    (tmp_path / "passwords").write_text(SECRET)
    found = tmp_path / "project"
    (found / ".git").mkdir(parents=True)
    monkeypatch.chdir(found)
    monkeypatch.setenv("PASSWORD_OF_ANOTHER", "hunter2")
    return found


@pytest.fixture
def run(capsys: Captured) -> Run:
    """Runs dbsync: the exit code, and all that it printed."""

    def go(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.main(arguments)
        found = capsys.readouterr()
        return code, found.out + found.err

    return go


@pytest.mark.parametrize(
    "command",
    [["plan"], ["check"], ["models"], ["diagram"], ["report", "--no-plan"], ["apply", "--yes"]],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize(
    "text", ["\\i ../.pgpass", "\\ir ../passwords", "\\ir link.sql", "\\i /proc/self/environ", "\\i /dev/zero"]
)
def test_secrets_stay_unread(project: Path, run: Run, command: list[str], text: str) -> None:
    (project / "link.sql").symlink_to("../passwords")
    (project / "schema.sql").write_text(f"create table t (id int);\n{text}\n")
    code, said = run(*command, "--quiet")
    assert code == 3
    assert "schema.sql:2:1: " in said
    assert "outside of" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("name", ["schema.sql", "seeds.sql"])
def test_the_file_itself_is_a_link(project: Path, run: Run, name: str) -> None:
    (project / "schema.sql").write_text("create table t (id int);\n")
    (project / name).unlink(missing_ok=True)
    (project / name).symlink_to("../passwords")
    code, said = run("plan", "--quiet")
    assert (code, "hunter2" in said) == (3, False)
    assert f"{name} is a link that leads outside of {project}" in said


def test_seeds_include_as_the_schema_does(project: Path, run: Run) -> None:
    (project / "schema.sql").write_text("create table t (id int primary key);\n")
    (project / "seeds.sql").write_text("insert into t values (1);\n\\i ../passwords\n")
    code, said = run("plan", "--quiet")
    assert (code, "hunter2" in said) == (3, False)
    assert "seeds.sql:2:1: ../passwords lies outside of" in said
    (project / "rows.sql").write_text("insert into t values (2);\n")
    (project / "seeds.sql").write_text("insert into t values (1);\n\\i rows.sql\n")
    code, said = run("plan", "--quiet")
    assert code == 0
    assert "2 rows" in said


def test_the_configuration_does_not_lead_out(project: Path, run: Run) -> None:
    (project / "dbsync.toml").write_text('schema = "../.pgpass"\n')
    code, said = run("plan", "--quiet")
    assert (code, "hunter2" in said) == (2, False)
    assert "schema in dbsync.toml leads out of the project" in said


@pytest.mark.parametrize("path", ["../.pgpass", "/proc/self/environ"])
def test_a_slip_of_the_hand(project: Path, run: Run, path: str) -> None:
    code, said = run("plan", "--quiet", "--schema", path)
    assert (code, "hunter2" in said) == (3, False)
    assert "hint: " in said


def test_a_folder_that_is_named(project: Path, run: Run) -> None:
    (project.parent / "shared").mkdir()
    (project.parent / "shared" / "t.sql").write_text("create table t (id int);\n")
    (project / "schema.sql").write_text("\\ir ../shared/t.sql\n")
    code, said = run("diagram", "--quiet")
    assert code == 3
    assert "hint: files are read below that folder; --include-path DIR names another whose files may be read" in said
    code, said = run("diagram", "--quiet", "--include-path", "../shared", "--include-path", os.curdir)
    assert code == 0
    assert "t" in said
    code, said = run("plan", "--include-path", "../shared")
    assert code == 0
    assert "dbsync apply --include-path ../shared" in said
    code, said = run("plan", "--include-path", "nowhere")
    assert (code, said) == (2, f"error: {project}/nowhere is not a folder, but --include-path names it\n")

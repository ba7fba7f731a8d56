"""What is written is taken by those who read it: Python, mypy, tsc, SQLAlchemy, Pydantic."""

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dbsync.cli.commands import dbsync as group
from dbsync.scratch import binaries

ROOT = Path(__file__).parents[2]
# Pydantic and SQLAlchemy take mypy long: once for all runs.
_CACHE = ROOT / ".mypy_cache" / "models"
EVERY = Path(__file__).parent / "every.sql"
PLAIN = """
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TABLE people (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(20) NOT NULL, mood mood, extra jsonb
);
CREATE TABLE pets (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), owner int NOT NULL REFERENCES people);
"""


@functools.cache
def written(form: str, schema: Path = EVERY) -> str:
    found = CliRunner().invoke(
        group, ["models", "--schema", str(schema), "--format", form, "-q"], catch_exceptions=False
    )
    return found.stdout


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "schema.sql"
    path.write_text(PLAIN)
    return path


def mypy(path: Path) -> str:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--config-file",
            "/dev/null",
            "--cache-dir",
            _CACHE,
            path,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout


def test_models_of_this_repository_are_up_to_date() -> None:
    """If this fails: dbsync models --out optimizer/models.py."""
    assert (ROOT / "optimizer" / "models.py").read_text() == written("dataclasses", ROOT / "schema.sql")


@pytest.mark.parametrize("form", ["dataclasses", "pydantic"])
def test_python(form: str, tmp_path: Path) -> None:
    path = tmp_path / "models.py"
    path.write_text(written(form))
    subprocess.run([sys.executable, "-W", "error", path], check=True)
    assert mypy(path) == ""


@pytest.mark.parametrize("form", ["dataclasses", "pydantic", "sqlalchemy"])
def test_python_without_anything_odd(form: str, plain: Path) -> None:
    path = plain.with_name("models.py")
    path.write_text(written(form, plain))
    subprocess.run([sys.executable, path], check=True)
    assert mypy(path) == ""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_typescript(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    path = tmp_path / "models.ts"
    path.write_text(written("typescript"))
    compiler = _tsc(pytestconfig)
    done = subprocess.run(
        [*compiler, "--strict", "--noEmit", "--target", "es2022", path], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0


def _tsc(config: pytest.Config) -> list[str]:
    """TypeScript's compiler: the one on PATH, else one from npm, kept for the next run."""
    if found := shutil.which("tsc"):
        return [found]
    home = config.cache.mkdir("typescript")
    compiler = home / "node_modules" / ".bin" / "tsc"
    if not compiler.exists():
        command = ["npm", "install", "--silent", "--no-save", "--prefix", str(home), "typescript@5"]
        if subprocess.run(command, check=False, timeout=240).returncode:
            pytest.skip("there is no tsc, and npm cannot fetch it")
    return [str(compiler)]


def test_what_sqlacodegen_cannot_write_is_an_error(tmp_path: Path) -> None:
    found = CliRunner().invoke(group, ["models", "--schema", str(EVERY), "--format", "sqlalchemy", "-q"])
    assert "Weird type" in str(found.exception)
    assert found.exit_code != 0


def test_sqlacodegen_missing(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlacodegen.generators", None)
    found = CliRunner().invoke(group, ["models", "--schema", str(plain), "--format", "sqlalchemy", "-q"])
    assert "pip install 'sqlacodegen>=4,<5'" in str(found.exception)


def test_check(plain: Path) -> None:
    arguments = ["models", "--schema", str(plain), "--out", str(plain.with_name("models.py")), "-q"]
    runner = CliRunner()
    missing = runner.invoke(group, [*arguments, "--check"], standalone_mode=False)
    assert (missing.return_value, "is not up to date" in missing.stderr) == (1, True)
    assert runner.invoke(group, arguments, standalone_mode=False).return_value == 0
    assert runner.invoke(group, [*arguments, "--check"], standalone_mode=False).return_value == 0
    plain.write_text(PLAIN + "COMMENT ON TABLE people IS 'All of them';")
    assert runner.invoke(group, [*arguments, "--check"], standalone_mode=False).return_value == 1


def test_check_needs_a_file(plain: Path) -> None:
    found = CliRunner().invoke(group, ["models", "--schema", str(plain), "--check"])
    assert "--check needs to know the file" in str(found.exception)


def test_pydantic_leaves_defaults_to_the_database(plain: Path) -> None:
    space: dict[str, object] = {"__name__": "plain_models"}
    exec(written("pydantic", plain), space)
    insert = space["PeopleInsert"]
    new = insert(name="Ann")  # type: ignore[operator]
    assert new.model_dump(by_alias=True, exclude_unset=True) == {"name": "Ann"}
    with pytest.raises(ValueError, match="at most 20"):
        insert(name="A" * 21)  # type: ignore[operator]


def test_the_fingerprint_is_the_same_on_every_version() -> None:
    majors = {one.major for one in (*binaries.installations(), binaries.embedded()) if one}
    if len(majors) < 2:
        pytest.skip("only one version of PostgreSQL is installed")
    found = {
        CliRunner().invoke(group, ["models", "--schema", str(EVERY), "--scratch", scratch, "-q"]).stdout
        for scratch in ("local", "embedded")
    }
    assert len(found) == 1

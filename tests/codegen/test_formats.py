"""What is written is taken by those who read it: Python, mypy, tsc, SQLAlchemy, Pydantic."""

import ast
import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dbsync import sql
from dbsync.cli.commands import dbsync as group
from dbsync.codegen.tried import try_python, try_typescript
from dbsync.errors import Bug
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


@pytest.mark.parametrize("form", ["dataclasses", "pydantic", "sqlalchemy"])
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


HOSTILE = [
    '"""\nimport os; os.abort()\n"""',
    "'); import os; os.abort() #",
    "\\",
    '"',
    "\\" * 131 + '"""; import os; os.abort()',
    "x\rimport os; os.abort()\r",
    "x\u2028import os; os.abort()",
    "x\x0cimport os",
    "*/ process.abort(); /*",
    "`${process.abort()}`",
    "\u202eabc",
    "a" * 105 + "\\" * 9,
]
"""Names and comments that try to leave the text that they stand in."""
CALLED = {
    *("dataclass", "field", "TypedDict", "ConfigDict", "Field", "Annotated", "Array", "mapped_column", "relationship"),
    *(
        "ForeignKeyConstraint",
        "FetchedValue",
        "Table",
        "Column",
        "Enum",
        "Other",
        "ARRAY",
        "String",
        "DateTime",
        "JSONB",
    ),
    *("isinstance", "any", "range", "handle", "each", "handler", "str"),
    *("wrap_serializer_function_ser_schema", "no_info_wrap_validator_function"),
}


def hostile() -> str:
    """A schema whose every name, label, default and comment is hostile."""
    lines = []
    for number, text in enumerate(HOSTILE):
        value, label = sql.literal(text), sql.literal(text.encode()[:60].decode())
        enum, domain, table, key = (sql.name(f"{kind}{number}{text[:30]}") for kind in "edtk")
        lines += [
            f"CREATE TYPE {enum} AS ENUM ({label});",
            f"COMMENT ON TYPE {enum} IS {value};",
            f"CREATE DOMAIN {domain} AS text DEFAULT {value};",
            f"COMMENT ON DOMAIN {domain} IS {value};",
            f"CREATE TABLE {table} (id int PRIMARY KEY, {enum} {enum}[] NOT NULL DEFAULT '{{}}', tell {domain},",
            f"    said text DEFAULT {value}, other int CONSTRAINT {key} REFERENCES {table});",
            f"COMMENT ON TABLE {table} IS {value};",
            f"COMMENT ON COLUMN {table}.{enum} IS {value};",
        ]
    return "\n".join(lines)


@pytest.mark.parametrize("form", ["dataclasses", "pydantic", "sqlalchemy"])
def test_nothing_of_a_hostile_schema_is_code(form: str, tmp_path: Path) -> None:
    path = tmp_path / "schema.sql"
    path.write_text(hostile())
    text = written(form, path)
    tree = ast.parse(text)
    called = {
        one.func.attr if isinstance(one.func, ast.Attribute) else getattr(one.func, "id", "?")
        for one in ast.walk(tree)
        if isinstance(one, ast.Call)
    }
    assert called <= CALLED
    assert not any(module in text.split('"""', 2)[2].split("FINGERPRINT", 1)[0] for module in ("import os", "abort"))
    assert {type(one) for one in tree.body} <= {
        *(ast.Expr, ast.Import, ast.ImportFrom, ast.ClassDef, ast.AnnAssign, ast.Assign, ast.FunctionDef)
    }
    assert [one.name for one in tree.body if isinstance(one, ast.FunctionDef)] in ([], ["labels"])
    assert all(isinstance(one.value, ast.Constant) for one in tree.body if isinstance(one, ast.Expr))
    assert "\u202e" not in text


def test_nothing_of_a_hostile_schema_is_typescript(tmp_path: Path) -> None:
    path = tmp_path / "schema.sql"
    path.write_text(hostile())
    text = written("typescript", path)
    code = re.sub(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|//[^\n]*', "", text, flags=re.DOTALL)
    assert not re.search(r"abort\(|process\.|`", code)
    assert "\u202e" not in text


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


@pytest.mark.parametrize("form", ["dataclasses", "pydantic", "sqlalchemy", "typescript"])
def test_what_is_written_is_tried_before_it_is_saved(form: str, plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbsync.codegen.names.distinct", lambda texts, taken=(), joint="_": [*texts])
    monkeypatch.setattr("dbsync.codegen.names._letters", lambda text: text.replace("o", " - "))
    out = plain.with_name("models.out")
    plain.write_text("CREATE TABLE foo (a int); CREATE TABLE \"fo-o\" (a int); CREATE TYPE \"of\" AS ENUM ('o', '-');")
    monkeypatch.setattr("dbsync.codegen.names.words", lambda text: [text])
    found = CliRunner().invoke(group, ["models", "--schema", str(plain), "--format", form, "--out", str(out), "-q"])
    assert isinstance(found.exception, Bug)
    assert "is not valid, and was not saved" in str(found.exception)
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = (", "SyntaxError"),
        ("class A:\n    b: c", "NameError: name 'c' is not defined\nline 2: b: c"),
        ("import os\nos._exit(3)", "Python ended with 3"),
        ("import sys\nsys.exit(3)", "Python ended with 3"),
        ("import no_such", "ModuleNotFoundError"),
    ],
)
def test_python_that_cannot_be_imported(text: str, said: str) -> None:
    with pytest.raises(Bug) as found:
        try_python(text)
    assert said in str(found.value)


def test_python_that_could_not_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    assert try_python("raise ModuleNotFoundError(name='pydantic')") == (
        "pydantic is not installed here: what was written was compiled, but not imported"
    )
    monkeypatch.setattr("dbsync.codegen.tried.LIMIT", 1)
    assert "took more than 1 seconds" in try_python("import time\ntime.sleep(60)")


def test_python_is_tried_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "secret")
    assert try_python("import os\nassert 'PGPASSWORD' not in os.environ") == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("export interface A {", "} is missing"),
        ("export interface A { b: C }", "there is no type C"),
        ('export type A = "b;', "does not end"),
        ("/* never", "does not end"),
        ("export type A = string;\nexport type A = number;", "A is declared twice\nline 2"),
        ("export type A = (string];", "] closes nothing"),
    ],
)
def test_typescript_that_is_wrong(text: str, said: str) -> None:
    with pytest.raises(Bug) as found:
        try_typescript(text)
    assert said in str(found.value)


def test_typescript_that_is_right() -> None:
    assert try_typescript(written("typescript")) == ""


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

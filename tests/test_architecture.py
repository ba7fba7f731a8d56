"""What the modules may know of one another."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dbsync.kinds import KINDS

HERE = Path(__file__).parent.parent
PACKAGE = HERE / "dbsync"

KIND_FREE = (
    "compare.py",
    "snapshot.py",
    "replay.py",
    "authors/*.py",
    "planning/*.py",
)

# What has to name kinds: where, which, and why.
NAMING = {
    "planning/manage.py": (None, "decides about privileges, extensions and owners, which are kinds"),
    "planning/excerpt.py": (
        {"column", "inheritance", "partition"},
        "a table is nothing without its columns, and those may come from its parents",
    ),
    "planning/counters.py": ({"column", "sequence"}, "only sequences count, and they number columns"),
    "planning/newcomers.py": (
        {"default privilege", "event trigger", "function"},
        "only these two act on new objects; the last is a word for people",
    ),
    "planning/file.py": ({"schema"}, "a key of the saved plan"),
    "planning/rows.py": ({"table"}, "a key of the saved plan"),
    "planning/workspace.py": ({"schema"}, "PostgreSQL makes schema public in every new database"),
    "snapshot.py": ({"column"}, "comments and privileges stand on columns of views, which are no objects"),
    "authors/keeping.py": (
        {"table", "column", "trigger", "rule", "materialized view"},
        "only tables hold rows, and what acts on rows or is made of them has to wait for them",
    ),
    "authors/counting.py": (
        {"sequence", "column", "default", "owned by", "table"},
        "columns are numbered by their identity, or by the sequence that their default names",
    ),
    "authors/resolve.py": ({"column", "owned by"}, "only columns go over to a type that is made anew"),
    "authors/touched.py": (None, "translates the names that PostgreSQL has for what an event trigger sees"),
}


def kind_free() -> list[Path]:
    return [path for pattern in KIND_FREE for path in sorted(PACKAGE.glob(pattern))]


@pytest.mark.parametrize("path", kind_free(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_knows_no_kinds(path: Path) -> None:
    allowed, _ = NAMING.get(str(path.relative_to(PACKAGE)), (set[str](), ""))
    if allowed is None:
        return
    texts = {node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant)}
    assert texts & KINDS.keys() == allowed, "names kinds that it may not name, or no longer names those that it may"


def test_the_exceptions_exist() -> None:
    assert {path for path in NAMING if not (PACKAGE / path).exists()} == set()


@pytest.mark.parametrize("path", sorted((PACKAGE / "kinds").glob("*.py")), ids=lambda path: path.stem)
def test_one_kind_in_a_file(path: Path) -> None:
    found = [kind for kind, thing in KINDS.items() if thing.__module__ == f"dbsync.kinds.{path.stem}"]
    expected = [] if path.stem.startswith("_") else [path.stem.replace("_", " ")]
    assert found == expected


@pytest.mark.parametrize("path", sorted((PACKAGE / "kinds").glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_kinds_do_not_know_one_another(path: Path) -> None:
    others = {f"dbsync.kinds.{kind.replace(' ', '_')}" for kind in KINDS}
    assert imported(path) & others == set()


def test_only_the_command_line_knows_click() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] != "cli":
            assert not {name for name in imported(path) if name.partition(".")[0] == "click"}, path


def test_only_the_command_line_prints_and_exits() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] in ("cli", "__main__.py"):
            continue
        calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
        assert not [f.id for f in calls if isinstance(f, ast.Name) and f.id in ("print", "exit", "quit")], path
        assert not [f.attr for f in calls if isinstance(f, ast.Attribute) and ast.unparse(f) == "sys.exit"], path


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_small_and_explained(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 400
    explanation = ast.get_docstring(ast.parse(text))
    assert explanation, "a module begins with a sentence that says what it is for"


def test_layers() -> None:
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert program, "import-linter is a development dependency: make setup"
    done = subprocess.run([program, "--no-cache"], cwd=HERE, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout


def test_contributing_names_the_layers() -> None:
    settings = tomllib.loads((HERE / "pyproject.toml").read_text())
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    rows = re.findall(r"^\| (`.*`) \|", (HERE / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert [re.findall(r"`(\w+)`", row) for row in rows] == [layer.split(" | ") for layer in layers]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found

"""The documentation says what the code does: pages are built, commands exist, outputs are what is printed."""

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from dbsync import cli
from dbsync.cli.commands import dbsync

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.parent.name != "reference")

EXPLAINED = re.findall(r"^### (.*)$", (DOCS / "howto/troubleshooting.md").read_text(), re.MULTILINE)


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_up_to_date() -> None:
    stale = [name for name, text in script("_reference").pages().items() if (DOCS / name).read_text() != text]
    assert stale == [], "python docs/_reference.py writes them anew"


def test_the_picture_is_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DOCS.parent)
    drawn = tmp_path / "schema.svg"
    assert cli.main(["diagram", "--quiet", "--out", str(drawn)]) == 0
    assert (DOCS / "assets/schema.svg").read_text() == drawn.read_text(), "make docs draws it anew"


@pytest.mark.timeout(1800)
def test_the_tutorial_is_what_happens() -> None:
    tutorial = script("_tutorial")
    assert tutorial.differences(tutorial.TUTORIAL.read_text()) == [], "python docs/_tutorial.py writes it anew"


def test_an_output_that_is_another_one_is_noticed() -> None:
    tutorial = script("_tutorial")
    assert tutorial.same("Plan 3bc6a7b9bd1f, made in 2.9 s", "Plan 0123456789ab, made in 11.4 s")
    assert not tutorial.same("1 step in 2.9 s", "2 steps in 2.9 s")
    shown = "```console\n$ echo one\ntwo\n```\n"
    assert tutorial.differences(shown) == ["-two\n+one"]
    assert tutorial.differences(shown.replace("two", "one")) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_the_commands_exist(path: Path) -> None:
    for line in commands(path.read_text()):
        words = shlex.split(line, comments=True)
        command: click.Command = dbsync
        while isinstance(command, click.Group) and len(words) > 1 and words[1] in command.commands:
            command = command.commands[words.pop(1)]
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        given = {word.partition("=")[0] for word in words[1:] if word.startswith("-")}
        assert given <= known | {"--help", "--version"}, line
        assert command is not dbsync or given, f"{line}: there is no such command"


@pytest.mark.parametrize("text", EXPLAINED)
def test_the_messages_exist(text: str) -> None:
    """What is explained is said by the code, letter for letter but for what it fills in."""
    spoken = {pattern(one.text) for one in script("_reference").messages()}
    by_hand = {pattern("this is a bug in dbsync: …"), pattern("step … of … failed: …")}
    assert pattern(text) in spoken | by_hand


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path],
        cwd=DOCS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "tutorial" / "index.html").exists()


def commands(text: str) -> Iterator[str]:
    """The dbsync command lines of the code blocks and of the code in sentences and tables."""
    for block in re.findall(r"^```(?:sh|console|text|yaml)[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if found := re.match(r"(?:\$ |\s*run: )?(dbsync [a-z-].*)", line):
                yield re.split(r" \| | \|\| | > |; ", found[1])[0]
    for word in re.findall(r"`(dbsync [a-z][^`…]*)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        yield word.replace("\n", " ").replace(r"\|", "|")


def pattern(text: str) -> str:
    return re.sub(r"…(\s*…)*", "…", text)

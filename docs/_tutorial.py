"""Runs the tutorial's commands in their order in an empty folder, and writes what they print below them.

    python docs/_tutorial.py

In docs/tutorial.md a ```console block holds commands behind `$ `, each followed by its output; a block with a title is
a file to write, and a ```diff block with a title an edit of one. A test runs the same and compares.
"""

import dataclasses
import importlib.metadata
import os
import pty
import re
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
TUTORIAL = HERE / "tutorial.md"
_BLOCK = re.compile(r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)

# What differs from run to run, and from machine to machine.
_VARIES = (
    (r"\b[0-9a-f]{12}(?:[0-9a-f]{20})?\b", "<digest>"),
    (r"public:[0-9a-f]+", "<fingerprint>"),
    (r"\b\d+(\.\d+)? ?m?s\b", "<time>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?", "<date>"),
    (r"\d\d:\d\d", "<date>"),
    (r"PostgreSQL \d+\.\d+ \([^)]*\)", "<server>"),
    (r"\b\d+ kB\b", "<size>"),
    (r"[ ─━]{2,}", "  "),
)


def rewritten(text: str) -> str:
    """The tutorial with what its commands print now; outputs that differ only in what varies stay as they are."""
    with tempfile.TemporaryDirectory(prefix="dbsync-tutorial-") as folder:
        shell = _Shell(Path(folder))
        return _BLOCK.sub(lambda found: _block(found, shell), text)


def differences(text: str) -> list[str]:
    """Where the tutorial is not what its commands print."""
    old, new = text.splitlines(), rewritten(text).splitlines()
    found = [f"-{was}\n+{now}" for was, now in zip(old, new, strict=False) if was != now]
    return found if len(old) == len(new) else [*found, f"{len(old)} lines, and {len(new)} now"]


def same(one: str, other: str) -> bool:
    """Whether two outputs say the same."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    for pattern, word in _VARIES:
        text = re.sub(pattern, word, text)
    # Where a line breaks depends on the digits before it.
    return " ".join(text.split())


def _block(found: re.Match[str], shell: "_Shell") -> str:
    kind, title, body = found["kind"], found["title"], found["body"]
    if kind == "diff" and title:
        shell.edit(title, body)
    elif title:
        shell.write(title, body)
    elif kind == "console":
        lines = [part for command in _commands(body) for part in shell.shown(command)]
        return "```console\n" + "\n".join(lines) + "\n```"
    return found[0]


@dataclasses.dataclass
class _Command:
    text: str
    output: str


def _commands(body: str) -> Iterator[_Command]:
    for part in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
        if part:
            line, _, output = part.partition("\n")
            yield _Command(line.removeprefix("$ "), output.rstrip("\n"))


class _Shell:
    """The folder that the tutorial is in; `dbsync` beside it is this repository."""

    def __init__(self, folder: Path):
        self._folder = folder
        (folder / "dbsync").symlink_to(HERE.parent, target_is_directory=True)

    def write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text)

    def edit(self, name: str, change: str) -> None:
        path = self._folder / name
        lines = change.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        text = path.read_text()
        if text.count(before) != 1:
            raise SystemExit(f"{name} holds this {text.count(before)} times:\n{before}")
        path.write_text(text.replace(before, after))

    def shown(self, command: _Command) -> list[str]:
        """The command and its output: the one that the tutorial has, if it says the same."""
        if command.text.startswith("cd "):
            self._folder /= command.text.removeprefix("cd ")
            return [f"$ {command.text}"]
        output = self._run(command.text)
        shown = command.output if same(command.output, output) else output.rstrip()
        return [f"$ {command.text}", *([shown] if shown else [])]

    def _run(self, text: str) -> str:
        """Run it with a terminal for results, as a reader has one, and a pipe for messages, where nothing moves."""
        master, terminal = pty.openpty()
        with subprocess.Popen(
            ["/bin/sh", "-c", text],
            cwd=self._folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.PIPE,
        ) as process:
            os.close(terminal)
            assert process.stderr
            output = _read(master, process.stderr.fileno())
        os.close(master)
        if process.returncode:
            raise SystemExit(f"$ {text}\n{output}\nexit code {process.returncode}")
        return output


def _read(*descriptors: int) -> str:
    """What comes from these, in the order in which it comes."""
    parts = []
    with selectors.DefaultSelector() as selector:
        for one in descriptors:
            selector.register(one, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                try:
                    data = os.read(key.fd, 65536)
                except OSError:  # A terminal that nobody writes to any more.
                    data = b""
                if not data:
                    selector.unregister(key.fd)
                parts.append(data)
    return b"".join(parts).decode().replace("\r\n", "\n")


def _environment() -> dict[str, str]:
    """This machine's, without a database, and with the dbsync of this repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "DATABASE", "PYTEST"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept |= {"PATH": path, "PYTHONPATH": str(HERE.parent), "NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}
    # An environment that was made before dbsync had its plugin does not know it by its entry point.
    installed = importlib.metadata.entry_points(group="pytest11", name="dbsync")
    return kept if installed else {**kept, "PYTEST_PLUGINS": "dbsync.testing.plugin"}


if __name__ == "__main__":
    TUTORIAL.write_text(rewritten(TUTORIAL.read_text()))

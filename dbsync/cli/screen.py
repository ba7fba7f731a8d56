"""What the commands write on: results on stdout, everything else on stderr."""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from dbsync.cli.heartbeat import Heartbeat
from dbsync.errors import DbsyncError
from dbsync.model.outcome import Observer
from dbsync.model.steps import Step
from dbsync.render.page import Page, code, visible

if TYPE_CHECKING:
    from rich.status import Status

_CHUNK = 500
_LONGEST = 1_000


def coloured(stream: TextIO) -> bool:
    """Whether the stream gets colours."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def page(stream: TextIO, *, follow: str = "dbsync apply") -> Page:
    """The page that the stream shows."""
    terminal = stream.isatty()
    width = min(max(shutil.get_terminal_size((100, 24)).columns, 30), 120) if terminal else 100
    plain = not _can_show(stream, "─│┌◄●…")
    return Page(width=width, colour=coloured(stream), terminal=terminal, follow=follow, ascii=plain)


def _can_show(stream: TextIO, letters: str) -> bool:
    try:
        letters.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def show(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Write results."""
    stream = stream or sys.stdout
    waiting: list[str] = []
    for line in lines:
        waiting.append(line + "\n")
        if len(waiting) >= _CHUNK:
            stream.write("".join(waiting))
            waiting.clear()
    stream.write("".join(waiting))
    stream.flush()


@contextlib.contextmanager
def failing(command: str, form: str) -> Iterator[None]:
    """Where the result is JSON, an error is a result too."""
    try:
        yield
    except DbsyncError as error:
        if form == "json":
            from dbsync.render.json import failed

            show(failed(command, error))
        raise


def say_error(message: str, *, excerpt: str | None = None, detail: str | None = None, hint: str | None = None) -> None:
    """Write an error as all errors are written."""
    where = page(sys.stderr)
    lines = _said("error:", "lost", message, where)
    lines += [code(excerpt)] if excerpt else []
    lines += [line for text in (detail or "").splitlines() for line in _detail(text, where)]
    if hint:
        lines += _said("hint:", "name", hint, where)
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def _said(label: str, style: str, text: str, where: Page) -> list[str]:
    """A sentence behind its label; on a terminal in lines that fit, elsewhere in one that can be searched."""
    if not where.terminal or "\n" in text:
        return [f"{where.paint(label, style)} {code(text)}"]
    first, *others = where.wrapped(text, f"{label} ", "  ")
    return [first.replace(label, where.paint(label, style), 1), *others]


def _detail(text: str, where: Page) -> list[str]:
    """A line of a detail; on a terminal in lines that fit, as far in as the first."""
    if not where.terminal or "\t" in text:
        return [code(text)]
    indent = " " * (len(text) - len(text.lstrip()))
    return list(where.wrapped(text.strip(), indent, f"{indent}  "))


class Screen(Observer):
    """Shows progress on stderr: a line that moves on a terminal, and in a pipe a line for every half minute."""

    def __init__(self, *, verbose: bool = False, quiet: bool = False):
        self.listens = verbose
        self._step = ""
        self._moving = sys.stderr.isatty() and not quiet
        self._heartbeat = None if self._moving or quiet else Heartbeat(self._beat)
        self._status: Status | None = None

    def __enter__(self) -> "Screen":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rest()
        if self._heartbeat:
            self._heartbeat.stop()

    def _beat(self, text: str) -> None:
        sys.stderr.write(visible(text) + "\n")
        sys.stderr.flush()

    def progress(self, text: str) -> None:
        """Show what is being done now."""
        if self._heartbeat:
            self._heartbeat.doing(text)
        if not self._moving:
            return
        from rich.text import Text

        words = Text(visible(text) + " …", style="dim")
        if self._status is not None:
            self._status.update(words)
            return
        from rich.console import Console
        from rich.status import Status

        self._status = Status(words, console=Console(stderr=True, highlight=False))
        self._status.start()

    def say(self, text: str) -> None:
        """Show a sentence that stays."""
        lines = "\n".join(page(sys.stderr).wrapped(text)) + "\n"
        if self._status is None:
            sys.stderr.write(lines)
            sys.stderr.flush()
        else:
            from rich.text import Text

            self._status.console.print(Text(lines, end=""), soft_wrap=True)

    def step(self, number: int, total: int, step: Step) -> None:
        """Show the step that runs."""
        if self.listens:
            self.rest()
            sys.stderr.write(page(sys.stderr).paint(f"-- step {number} of {total}", "faint") + "\n")
            # Values of rows are not told.
            self._step = step.sql if step.rows is None else ""
        self.progress(f"step {number} of {total}: {step.about}")

    def sent(self, text: str) -> None:
        """Show what is sent to live: the plan's steps as they are, our own questions in a line each."""
        from dbsync.load.secrets import masked, without_values

        self.rest()
        if text == self._step:
            shown, style = code(masked(text)), "none"
        else:
            shown, style = visible(" ".join(without_values(text).split())), "faint"
            shown = shown if len(shown) <= _LONGEST else shown[:_LONGEST] + " …"
        sys.stderr.write(page(sys.stderr).paint(f"{shown};", style) + "\n")

    def rest(self) -> None:
        """Take the moving line away; nothing is waited for, but perhaps an answer of the operator."""
        if self._heartbeat:
            self._heartbeat.doing("")
        if self._status is not None:
            self._status.stop()
            self._status = None

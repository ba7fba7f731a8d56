"""The page that is written on: how wide it is, whether it has colours, and what must not reach a terminal."""

import dataclasses
import textwrap
from collections.abc import Iterator

from dbsync.visible import code, visible

__all__ = ["Page", "code", "count", "visible"]

_CODES = {
    "added": "32",
    "changed": "33",
    "removed": "31",
    "renamed": "33",
    "lost": "1;31",
    "good": "1;32",
    "title": "1",
    "faint": "2",
    "name": "36",
    "none": "",
}


@dataclasses.dataclass(frozen=True)
class Page:
    """Where a plan is shown. `follow` is the command to type next, if there is one, and `ascii` says that other letters
    cannot be shown."""

    width: int = 100
    colour: bool = False
    terminal: bool = False
    follow: str = "dbsync apply"
    ascii: bool = False

    def paint(self, text: str, style: str) -> str:
        """The text in the style's colour, if the page has any."""
        code = _CODES[style]
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code and text else text

    def wrapped(self, text: str, first: str = "", rest: str | None = None, style: str = "none") -> Iterator[str]:
        """The text in lines that fit, `first` before the first of them and `rest` before the others."""
        rest = " " * len(first) if rest is None else rest
        width = max(self.width, 20 + max(len(first), len(rest)))
        lines = textwrap.wrap(
            visible(text),
            width,
            initial_indent=" " * len(first),
            subsequent_indent=" " * len(rest),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, line in enumerate(lines or [" " * len(first)]):
            indent = rest if number else first
            yield indent + self.paint(line[len(indent) :], style)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """ "1 step", "2 steps", "20,000 steps"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"

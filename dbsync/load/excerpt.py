"""Shows a place in a text: the line with its number, and a caret under the column."""

import unicodedata

from dbsync.model.text import Place
from dbsync.visible import visible

_TAB = "    "
_WIDTH = 100


def excerpt(text: str, place: Place, length: int = 1) -> str:
    """The line that `place` is on, with `length` characters of it marked."""
    lines = text.split("\n", place.line)
    line = lines[place.line - 1].rstrip("\r") if place.line <= len(lines) else ""
    column = min(place.column - 1, len(line))
    length = max(1, min(length, len(line) - column))
    start, stop = _window(len(line), column)
    length = min(length, max(1, stop - column))
    left, right = "…" if start else "", "…" if stop < len(line) else ""
    before = left + _shown(line[start:column])
    marked = _shown(line[column : column + length])
    number = str(place.line)
    gutter = " " * (len(number) + 1)
    return "\n".join(
        (
            f"{gutter}--> {visible(place.file)}:{place.line}:{place.column}",
            f"{gutter} |",
            f" {number} | {before}{marked}{_shown(line[column + length : stop])}{right}",
            f"{gutter} | {' ' * width(before)}{'^' * max(1, width(marked))}",
        )
    )


def width(text: str) -> int:
    """How many columns a terminal takes for the text."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in ("W", "F")) for one in text
    )


def _window(length: int, column: int) -> tuple[int, int]:
    """The part of a long line that is shown: the caret stands in its middle."""
    if length <= _WIDTH:
        return 0, length
    start = max(0, min(column - _WIDTH // 2, length - _WIDTH))
    return start, start + _WIDTH


def _shown(text: str) -> str:
    """Tabs are as wide as these spaces, so that the caret is where it belongs."""
    return visible(text.replace("\t", _TAB))

"""Shows a place in a text: the line with its number, and a caret under the column."""

import unicodedata

from dbsync.model.text import Place

_TAB = "    "
_WIDTH = 100
_DIRECTING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


def excerpt(text: str, place: Place, length: int = 1) -> str:
    """The line that `place` is on, with `length` characters of it marked."""
    lines = text.split("\n", place.line)
    line = lines[place.line - 1].rstrip("\r") if place.line <= len(lines) else ""
    column = min(place.column - 1, len(line))
    length = max(1, min(length, len(line) - column))
    start, stop = _window(len(line), column)
    length = min(length, max(1, stop - column))
    left, right = "…" if start else "", "…" if stop < len(line) else ""
    before = left + visible(line[start:column])
    marked = visible(line[column : column + length])
    number = str(place.line)
    gutter = " " * (len(number) + 1)
    return "\n".join(
        (
            f"{gutter}--> {visible(place.file)}:{place.line}:{place.column}",
            f"{gutter} |",
            f" {number} | {before}{marked}{visible(line[column + length : stop])}{right}",
            f"{gutter} | {' ' * width(before)}{'^' * max(1, width(marked))}",
        )
    )


def visible(text: str) -> str:
    """The text with characters that would command a terminal, or turn its lines around, made visible."""
    return "".join(map(_shown, text)) if not (text.isascii() and text.isprintable()) else text


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


def _shown(one: str) -> str:
    code = ord(one)
    if one == "\t":
        return _TAB
    if code < 0x20:
        return chr(0x2400 + code)
    if 0x7F <= code < 0xA0 or one in _DIRECTING or 0xD800 <= code < 0xE000:
        return "\u2421" if code == 0x7F else f"<U+{code:04X}>"
    return one

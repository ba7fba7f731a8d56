"""The texts of a script: decoded, and refused with the place of what cannot be SQL."""

import bisect
import codecs
import functools
import re

from dbsync.errors import SchemaError
from dbsync.load.excerpt import excerpt
from dbsync.model.text import Place
from dbsync.visible import visible

_OTHER_ENCODINGS = ((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))


class Source:
    """The text of one file, and where its lines begin."""

    def __init__(self, name: str, text: str):
        self.name = name
        self.text = text

    @functools.cached_property
    def _lines(self) -> list[int]:
        return [0, *(mark.end() for mark in re.finditer("\n", self.text))]

    def place(self, position: int) -> Place:
        """The line and column of a position in the text."""
        line = bisect.bisect_right(self._lines, position)
        return Place(self.name, line, position - self._lines[line - 1] + 1)

    def position(self, place: Place) -> int:
        """The position of a line and column."""
        return self._lines[place.line - 1] + place.column - 1

    def error(
        self, position: int, message: str, *, length: int = 1, detail: str | None = None, hint: str | None = None
    ) -> SchemaError:
        """An error that shows a position of the text."""
        return failure(self.text, self.place(position), message, length=length, detail=detail, hint=hint)


def failure(
    text: str, place: Place, message: str, *, length: int = 1, detail: str | None = None, hint: str | None = None
) -> SchemaError:
    """An error that opens with a place and shows it."""
    return SchemaError(
        visible(f"{place}:{place.column}: {message}"),
        excerpt=excerpt(text, place, length),
        detail=detail,
        hint=hint,
    )


def source(name: str, data: bytes) -> Source:
    """The text of a file with this content: UTF-8, without a byte order mark. SchemaError where it is not that."""
    return Source(name, _decode(name, data))


def _decode(name: str, data: bytes) -> str:
    for mark, encoding in _OTHER_ENCODINGS:
        if data.startswith(mark):
            raise SchemaError(
                visible(f"{name} is {encoding}, not UTF-8"),
                hint=f"convert it: iconv -f {encoding} -t UTF-8 (PowerShell's > writes {encoding})",
            )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SchemaError(
            visible(f"{name}:{line}: not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"),
            hint="convert the file to UTF-8, for example with iconv -f LATIN1 -t UTF-8",
        ) from None
    found = Source(name, text.removeprefix("\ufeff"))
    nul = found.text.find("\0")
    if nul >= 0:
        raise found.error(nul, "a NUL character", hint="PostgreSQL's text cannot hold one; remove it")
    return found.text

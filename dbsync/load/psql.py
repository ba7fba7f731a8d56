"""What psql does on the client's side: backslash commands and the rows that follow a COPY."""

import re
from typing import NamedTuple

from dbsync.load.source import Source

_COMMAND = re.compile(r"\\(?P<name>;|\.|!|\?|[^\s\\]*)(?P<rest>[^\n]*)")
_ARGUMENT = re.compile(r"[ \t]*(?:'(?P<quoted>(?:[^'\n\\]|''|\\.)*)'|(?P<plain>[^\s'\"`\\:;]+))[ \t\r]*\Z")
_END_OF_ROWS = re.compile(r"^\\\.\r?$", re.MULTILINE)

_INCLUDES = {"i": False, "include": False, "ir": True, "include_relative": True}
_PASSED_OVER = frozenset({"restrict", "unrestrict"})
_HINTS = {
    "c": "remove it, or dump without --create; the database is the one that dbsync connects to",
    "connect": "remove it, or dump without --create; the database is the one that dbsync connects to",
    "copy": "use COPY … FROM stdin, or keep rows in seeds.sql",
    ".": "it ends the rows of a COPY … FROM stdin, and none is open here",
    ";": "end the statement with a semicolon",
    "set": "psql's variables do not exist here; write the value itself",
    "if": "the file is loaded whole; split what differs into files of their own",
    "gexec": "write the statements themselves, or a DO block",
    "!": "no program is run from a schema file",
}


class Include(NamedTuple):
    """`\\i file` or `\\ir file`."""

    file: str
    relative: bool
    end: int


def command(source: Source, position: int) -> Include | int:
    """What the backslash at `position` asks for: an include, or the end of a line that is passed over."""
    match = _COMMAND.match(source.text, position)
    if match is None:
        raise source.error(position, "a lone backslash")
    name, rest = match["name"], match["rest"]
    if name in _PASSED_OVER:
        return match.end()
    if name not in _INCLUDES:
        raise source.error(
            position,
            f"\\{name} is a command of psql, not SQL",
            length=len(name) + 1,
            hint=_HINTS.get(name, "remove it; of psql's commands only \\i and \\ir are known here"),
        )
    argument = _ARGUMENT.match(rest)
    if argument is None:
        raise source.error(
            position,
            f"\\{name} takes the name of one file",
            length=len(name) + 1,
            hint=f"write \\{name} tables.sql; put a name with spaces in single quotes",
        )
    file = argument["plain"] or re.sub(r"''|\\(.)", lambda one: one[1] or "'", argument["quoted"])
    return Include(file, _INCLUDES[name], match.end())


def rows(source: Source, semicolon: int) -> tuple[str, int]:
    """The rows after a COPY that ends at `semicolon`, and where the line after them begins."""
    text = source.text
    start = text.find("\n", semicolon) + 1
    rest = text[semicolon + 1 : start].strip() if start else ""
    if rest and not rest.startswith("--"):
        raise source.error(
            text.index(rest, semicolon + 1),
            "the rows of a COPY begin on the next line",
            hint="move this below the rows",
        )
    end = _END_OF_ROWS.search(text, start) if start else None
    if end is None:
        raise source.error(
            semicolon, "the rows of this COPY do not end", hint="write \\. on a line of its own after the last row"
        )
    return text[start : end.start()], end.end()

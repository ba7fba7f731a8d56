"""The user's text: places in files, and statements with their places."""

import dataclasses


@dataclasses.dataclass(frozen=True, order=True)
class Place:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a script, without its semicolon, as it stands in the file.

    `node` is the name of its parse node ("CreateStmt"); `data` holds the lines of a COPY … FROM stdin.
    """

    sql: str
    place: Place
    node: str
    data: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment of a script that may be meant for dbsync.

    `statement` is the number of the statement that it stands in, before, or behind on the same line; None where there
    is none. `position` is its first character's in that statement, None where it stands outside.
    """

    text: str
    place: Place
    statement: int | None
    position: int | None = None


@dataclasses.dataclass(frozen=True)
class Script:
    """The statements of a file and its includes, in order, and the whole text that they came from."""

    statements: tuple[Statement, ...]
    files: tuple[tuple[str, str], ...]
    """(name, text) of every file read, in order; what a cache key is made of."""
    comments: tuple[Comment, ...] = ()

"""Reads a schema file and what it includes into statements, each with its place."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from dbsync.errors import SchemaError
from dbsync.load import lexer, psql, tree
from dbsync.load.reach import DEEPEST, Reach
from dbsync.load.source import Source
from dbsync.load.tokens import COMMENTS, tokens
from dbsync.model.text import Comment, Place, Script, Statement

# Most texts hold no comment that could be meant for dbsync, and need no closer look.
_SUSPECT = re.compile(r"dbsync|renamed\s+from", re.IGNORECASE)


def read_script(path: Path, include_path: Sequence[Path] = ()) -> Script:
    """The statements of a file and of what it includes, in their order.

    Files are read below its folder and below those of `include_path`; SchemaError names one that may not be read.
    """
    reach = Reach(path, include_path)
    reader = _Reader(reach)
    statements = tuple(reader.file(path, reach.read(path)))
    return Script(statements, tuple(reader.texts.items()), tuple(reader.comments))


def script_of(name: str, text: str) -> Script:
    """The statements of a text that is no file, such as a dump that the history keeps; it may include none."""
    statements = _Reader().statements(Source(name, text))
    return Script(tuple(statements), ((name, text),))


class _Reader:
    def __init__(self, reach: Reach | None = None) -> None:
        """Without `reach` no file is read."""
        self.reach = reach
        self.texts: dict[str, str] = {}
        self.comments: list[Comment] = []
        self._count = 0
        self._open: list[tuple[str, str, Place | None]] = []

    def file(self, path: Path, source: Source, included: Place | None = None) -> Iterator[Statement]:
        self.texts[source.name] = source.text
        self._open.append((_real(path), source.name, included))
        yield from self.statements(source)
        self._open.pop()

    def statements(self, source: Source) -> Iterator[Statement]:
        """The statements of a source, and of what it includes where they stand."""
        position = 0
        last: int | None = None
        while piece := _next(source, position):
            self._comments_between(source, position, piece.start, last, None if piece.backslash else self._count)
            last = None
            if piece.backslash:
                found = psql.command(source, piece.end)
                if piece.start < piece.end:
                    raise source.error(
                        piece.start, "a statement does not end before psql's command", hint="end it with a semicolon"
                    )
                if isinstance(found, int):
                    position = found
                else:
                    yield from self._include(source, piece.end, found)
                    position = found.end
                continue
            position = piece.end + 1
            data = None
            for start, text, node in tree.statements(source.text[piece.start : piece.end]):
                if node == "CopyStmt" and tree.reads_stdin(text):
                    data, position = psql.rows(source, piece.end)
                    line = source.text.index("\n", piece.end)
                    self._comments_between(source, piece.end + 1, line, self._count, None)
                place = source.place(piece.start + start)
                for at, comment in _comments(text):
                    where = source.place(piece.start + start + at)
                    self.comments.append(Comment(text=comment, place=where, statement=self._count, position=at))
                last = self._count
                self._count += 1
                yield Statement(sql=text, place=place, node=node, data=data)
        self._comments_between(source, position, len(source.text), last, None)

    def _comments_between(self, source: Source, start: int, end: int, last: int | None, following: int | None) -> None:
        """Those outside of statements: about the one that ends on the line, or else the one that follows."""
        text = source.text[start:end]
        for at, comment in _comments(text):
            follows = at + len(comment) < len(text) and "\n" not in text[at:] and following is not None
            behind = last is not None and "\n" not in text[:at] and not follows
            number = last if behind else following
            self.comments.append(Comment(text=comment, place=source.place(start + at), statement=number))

    def _include(self, source: Source, position: int, include: psql.Include) -> Iterator[Statement]:
        length = include.end - position
        if self.reach is None:
            raise source.error(position, "only files include others", length=length)
        path = _resolve(include, Path(source.name).parent)
        place = source.place(position)
        names = [name for opened, name, _ in self._open if opened == _real(path)]
        if names:
            chain = [f"{at} includes {name}" for _, name, at in self._open if at]
            raise source.error(
                position,
                f"{path} includes itself",
                length=length,
                detail="\n".join((*chain, f"{place} includes {names[0]}")),
                hint="remove one of these includes",
            )
        if len(self._open) >= DEEPEST:
            raise source.error(
                position,
                f"more than {DEEPEST} files include one another",
                length=length,
                hint="include them from one file, one after the other",
            )
        try:
            text = self.reach.read(path)
        except SchemaError as error:
            if error.excerpt is None:
                raise source.error(position, error.message, length=length, hint=_include_hint(error)) from None
            raise
        yield from self.file(path, text, place)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """The comments in a text that may be meant for dbsync, with their positions."""
    if _SUSPECT.search(text):
        for one in tokens(text):
            if one.kind in COMMENTS and _SUSPECT.search(text, one.start, one.end):
                yield one.start, text[one.start : one.end]


def _next(source: Source, position: int) -> lexer.Piece | None:
    try:
        return lexer.statement(source.text, position)
    except lexer.UnterminatedError as error:
        raise source.error(error.start, str(error), hint="it opens here and nothing closes it") from None


def _resolve(include: psql.Include, folder: Path) -> Path:
    """The included file: `\\ir` starts from the including file's folder, `\\i` from the working directory first."""
    beside = folder / include.file
    here = Path(include.file)
    return beside if include.relative or not here.exists() else here


def _real(path: Path) -> str:
    """The path without links; where these go in a circle, opening the file says so."""
    return os.path.realpath(path)


def _include_hint(error: SchemaError) -> str | None:
    """What to do about an included file; advice on how to start a schema file is of no use there."""
    return "correct the name or add the file" if "does not exist" in error.message else error.hint

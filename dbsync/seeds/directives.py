"""The comments `-- dbsync: …` of the seeds file, each in front of the INSERT or COPY of the table that it is about."""

import dataclasses
import difflib
import re
from collections.abc import Iterator, Mapping

from dbsync.errors import SchemaError
from dbsync.load.source import Source
from dbsync.model.text import Place, Script, Statement

MODES = ("merge", "insert-only", "exact")
_WORDS = (*MODES, "key")

_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_DIRECTIVE = re.compile(r"--[ \t]*dbsync:[ \t]*(?P<text>[^\n]*?)[ \t\r]*\Z")
_KEY = re.compile(
    r'key\s*\((?P<names>\s*(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)\s*(?:,\s*(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)\s*)*)\)\Z'
)
_NAME = re.compile(r'"(?:[^"]|"")+"|[\w$]+')


@dataclasses.dataclass(frozen=True)
class Directives:
    """What the comments in front of one statement say, and where; None where they say nothing of it."""

    mode: str | None = None
    key: tuple[str, ...] | None = None
    place: Place | None = None


def directives(script: Script) -> Mapping[int, Directives]:
    """For statements by their position in the script what stands in front of them. SchemaError for a mistyped one."""
    found: dict[int, Directives] = {}
    for name, text in script.files:
        source, end = Source(name, text), 0
        for index, statement in enumerate(script.statements):
            if statement.place.file != name:
                continue
            start = source.position(statement.place)
            said = list(_read(source, end, start))
            if said and statement.node not in ("InsertStmt", "CopyStmt"):
                raise _stray(source, said[0][0])
            for position, one in said:
                found[index] = _merged(source, position, found.get(index, Directives()), one)
            end = _end(text, start, statement)
        for position, _ in _read(source, end, len(text)):
            raise _stray(source, position)
    return found


def _end(text: str, start: int, statement: Statement) -> int:
    """Where a statement, with the rows of its COPY, ends."""
    end = start + len(statement.sql)
    if statement.data is not None:
        end = text.index("\n", end) + 1 + len(statement.data) + len("\\.")
    return end


def _read(source: Source, start: int, end: int) -> Iterator[tuple[int, Directives]]:
    """The directives in a stretch between two statements, with their positions."""
    for comment in _COMMENT.finditer(source.text, start, end):
        if match := _DIRECTIVE.match(comment.group()):
            position = comment.start() + match.start("text")
            yield position, _parsed(source, position, match["text"])


def _parsed(source: Source, position: int, text: str) -> Directives:
    place = source.place(position)
    if text in MODES:
        return Directives(mode=text, place=place)
    if key := _KEY.match(text):
        return Directives(key=tuple(map(_name, _NAME.findall(key["names"]))), place=place)
    word = re.split(r"[\s(]", text, maxsplit=1)[0]
    if word == "key":
        raise source.error(position, "a key names its columns", length=len(text), hint="write -- dbsync: key (name)")
    near = difflib.get_close_matches(text, _WORDS, 1, 0.5) or difflib.get_close_matches(word, _WORDS, 1, 0.5)
    raise source.error(
        position,
        f"{text!r} is no directive of dbsync's" if text else "a directive of dbsync's says nothing",
        length=max(1, len(text)),
        hint=f"did you mean {near[0]!r}?" if near else "known are merge, insert-only, exact, key (…)",
    )


def _name(written: str) -> str:
    return written[1:-1].replace('""', '"') if written.startswith('"') else written.lower()


def _merged(source: Source, position: int, before: Directives, one: Directives) -> Directives:
    if (before.mode and one.mode and before.mode != one.mode) or (before.key and one.key and before.key != one.key):
        raise source.error(position, "another directive stands before this one", hint="keep one of the two")
    return Directives(before.mode or one.mode, before.key or one.key, before.place or one.place)


def _stray(source: Source, position: int) -> SchemaError:
    return source.error(
        position,
        "this directive stands in front of no INSERT and no COPY",
        hint="move it right before the INSERT or COPY of its table",
    )

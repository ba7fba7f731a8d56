"""The comments `-- dbsync: …` of the seeds file, each at the INSERT or COPY of the table that it is about."""

import dataclasses
import difflib
import re
from collections.abc import Mapping

from dbsync.errors import SchemaError
from dbsync.load.directives import bare, marked
from dbsync.load.source import Source
from dbsync.model.text import Comment, Place, Script

MODES = ("merge", "insert-only", "exact")
_WORDS = (*MODES, "key")

_ALMOST = re.compile(rf"\s*dbsync\b\W*(?:{'|'.join(MODES)}|key\s*\(.*\))\s*", re.DOTALL | re.IGNORECASE)
_KEY = re.compile(
    r'key\s*\((?P<names>\s*(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)\s*(?:,\s*(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)\s*)*)\)\Z'
)
_NAME = re.compile(r'"(?:[^"]|"")+"|[\w$]+')


@dataclasses.dataclass(frozen=True)
class Directives:
    """What the comments at one statement say, and where; None where they say nothing of it."""

    mode: str | None = None
    key: tuple[str, ...] | None = None
    place: Place | None = None


def directives(script: Script) -> Mapping[int, Directives]:
    """For statements by their position in the script what stands at them. SchemaError for one that cannot be meant."""
    sources = {name: Source(name, text) for name, text in script.files}
    found: dict[int, Directives] = {}
    for comment in script.comments:
        source = sources[comment.place.file]
        start = source.position(comment.place)
        words = _words(source, start, comment)
        if words is None:
            continue
        position = start + comment.text.index(words, comment.text.index(":"))
        statement = None if comment.statement is None else script.statements[comment.statement]
        if statement is None or statement.node not in ("InsertStmt", "CopyStmt"):
            raise _stray(source, position, "in front of no INSERT and no COPY")
        if comment.position is not None:
            raise _stray(source, position, "inside of a statement")
        one = _parsed(source, position, words)
        index = comment.statement or 0
        found[index] = _merged(source, position, found.get(index, Directives()), one)
    return found


def _words(source: Source, start: int, comment: Comment) -> str | None:
    """What a comment says to dbsync; None where it speaks to people."""
    if (words := marked(comment)) is not None:
        return words
    if _ALMOST.fullmatch(bare(comment)):
        raise source.error(
            start,
            "this is almost a directive of dbsync's",
            length=len(comment.text.split("\n", 1)[0]),
            hint="write -- dbsync: exact, with the colon",
        )
    return None


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


def _stray(source: Source, position: int, where: str) -> SchemaError:
    return source.error(
        position,
        f"this directive stands {where}",
        hint="move it right before the INSERT or COPY of its table",
    )

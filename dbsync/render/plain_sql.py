"""SQL that says the same without raw characters that steer or hide: constants and names have SQL's escapes."""

import re

from postgast import pg_query_pb2 as pb

from dbsync.load.tokens import COMMENTS, Token, tokens
from dbsync.visible import code, hidden, steers

_LINE_END = "\n"
_LETTERS = re.compile(r"\\(.)|(.)", re.DOTALL)


def plain_sql(text: str) -> str | None:
    """A statement that means what the text does where standard_conforming_strings is on; None for one that cannot be
    written so: what PostgreSQL's scanner does not take."""
    if not hidden(text):
        return text
    found = tokens(text)
    if not found:
        return None
    parts, end = [], 0
    for one in found:
        written = _token(one, text[one.start : one.end])
        if written is None:
            return None
        # Between tokens they are space.
        parts += ["".join(" " if _goes(letter) else letter for letter in text[end : one.start]), written]
        end = one.end
    return "".join([*parts, code(text[end:])])


def _token(one: Token, text: str) -> str | None:
    if not hidden(text):
        return text
    if one.kind in COMMENTS:
        return code(text)
    if one.kind in (pb.USCONST, pb.UIDENT):
        return _unicode(text)
    if one.kind == pb.IDENT:
        return f'U&"{_unicode(_name(text))}"'
    if one.kind != pb.SCONST:
        return None
    if text[0] in "eE":
        return _LETTERS.sub(_in_escapes, text)
    if text[0] == "$":
        tag = text[: text.index("$", 1) + 1]
        inner = text[len(tag) : -len(tag)].replace("\\", "\\\\").replace("'", "''")
        return f"U&'{_unicode(inner)}'"
    return "U&" + _unicode(text.replace("\\", "\\\\")) if text[0] == "'" else None


def _name(text: str) -> str:
    """What stands between the quotes of a name; without quotes its letters of ASCII are small."""
    if text[0] == '"':
        return text[1:-1].replace("\\", "\\\\")
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _goes(letter: str) -> bool:
    return steers(letter) and letter not in "\r\n\t"


def _unicode(text: str) -> str:
    """With the escapes of U&'…' (section 4.1.2.3 of the manual)."""
    return "".join(
        letter if not steers(letter) or letter in _LINE_END + "\t" or text[at : at + 2] == "\r\n" else _sql(letter)
        for at, letter in enumerate(text)
    )


def _sql(letter: str) -> str:
    number = ord(letter)
    return f"\\{number:04X}" if number < 65536 else f"\\+{number:06X}"


def _in_escapes(match: "re.Match[str]") -> str:
    """With the escapes of E'…' (section 4.1.2.2); there a backslash before any other letter means the letter."""
    letter = match[1] or match[2]
    if not _goes(letter):
        return match[0]
    return f"\\u{ord(letter):04x}" if ord(letter) < 65536 else f"\\U{ord(letter):08x}"

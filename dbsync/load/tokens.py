"""The tokens of SQL text, comments among them, as PostgreSQL's scanner sees them, by their places in the text."""

from collections.abc import Iterable
from typing import NamedTuple

import postgast
from google.protobuf.message import DecodeError
from postgast import pg_query_pb2 as pb

COMMENTS = frozenset({pb.SQL_COMMENT, pb.C_COMMENT})
OPEN, CLOSE = pb.ASCII_40, pb.ASCII_41


class Token(NamedTuple):
    """A token: its number in PostgreSQL's grammar, and where it starts and ends, in characters."""

    kind: int
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The tokens of a text; none where it holds what the scanner does not take."""
    at = Characters(text)
    return [Token(one.token, at[one.start], at[one.end]) for one in _scanned(text)]


def kinds(text: str) -> list[int]:
    """The numbers of the tokens alone, which of a long text are much sooner known than the places."""
    return [one.token for one in _scanned(text)]


def _scanned(text: str) -> Iterable[pb.ScanToken]:
    try:
        found: Iterable[pb.ScanToken] = postgast.scan(text).tokens
    except (postgast.PgQueryError, DecodeError):
        return ()
    return found


class Characters:
    """Positions in characters for positions in bytes, which PostgreSQL's parser counts in. Those that are asked for in
    their order are counted from the one before."""

    def __init__(self, text: str):
        self.data = None if text.isascii() else text.encode()
        self.known = 0, 0

    def __getitem__(self, offset: int) -> int:
        if self.data is None or offset < 0:
            return offset
        start, characters = self.known if offset >= self.known[0] else (0, 0)
        characters += len(self.data[start:offset].decode())
        self.known = offset, characters
        return characters

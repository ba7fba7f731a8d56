"""The tokens of SQL text, comments among them, as PostgreSQL's scanner sees them, by their places in the text."""

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
    try:
        found = postgast.scan(text).tokens
    except (postgast.PgQueryError, DecodeError):
        return []
    at = Characters(text)
    return [Token(one.token, at[one.start], at[one.end]) for one in found]


class Characters:
    """Positions in characters for positions in bytes, which PostgreSQL's parser counts in."""

    def __init__(self, text: str):
        self.data = None if text.isascii() else text.encode()

    def __getitem__(self, offset: int) -> int:
        return offset if self.data is None else len(self.data[:offset].decode())

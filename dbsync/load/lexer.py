"""Finds where the statements of a script end, as psql does; what they mean is left to PostgreSQL's parser."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# A word begins with a letter, an underscore or anything beyond ASCII. Such classes are written as what they are not:
# re takes fifty times as long to compile one with all of Unicode in it.
_FIRST = r"[^\x00-@\[-^`{-\x7f]"
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_LATER = r"[^\x00-\x23%-/:-@\[-^`{-\x7f]"
_PLAIN = r"[\x00-!\x23%&*-,.:<-@\[\]^`{-\x7f]"
_SPACE = r"[ \t\n\r\f\v]"
_GAP = rf"(?:{_SPACE}|--[^\n\r]*+)"
# Groups are (?>(?:…)*) and not (?:…)*+, in which Python before 3.11.5 goes wrong.
_INSIDE = r"(?>(?:[^'\\]++|\\.|'')*)"
_BEGIN = rf"[bB][eE][gG][iI][nN](?=(?:{_GAP}|/\*(?>(?:[^*]|\*(?!/))*)\*/)+[aA][tT][oO][mM][iI][cC](?!{_LATER}))"
_WORD = rf"(?:{_BEGIN}|[cC][aA][sS][eE]|[eE][nN][dD])(?!{_LATER})"

_BLANK = re.compile(rf"(?>{_GAP}*)")
_COMMENT_END = re.compile(r"/\*|\*/")
_MARK = re.compile(
    rf"""
    (?>(?: {_PLAIN}++                                        # what nothing depends on
      | (?! [eE]' | {_WORD} ) {_LETTER_OR_DIGIT} {_LATER}*+  # a word, whole, so that no quote is seen inside it
      | '[^']*+' | "[^"]*+" | --[^\n\r]*+
      | [eE]'{_INSIDE}' (?>(?: [ \t\r\f\v]*+ (?:--[^\n\r]*+)? \n (?>{_GAP}*) '{_INSIDE}' )*)
      | \( [^'"$\-/;()\\]*+ \)
      | -(?!-) | /(?!\*) | \$(?! (?:{_FIRST}{_LETTER_OR_DIGIT}*+)? \$ )
    )*)
    (?: (?P<sign> [;()\\] )
      | (?P<word> {_WORD} )
      | (?P<dollar> \$ (?:{_FIRST}{_LETTER_OR_DIGIT}*+)? \$ )
      | (?P<comment> /\* )
      | (?P<open> [eE]' | ' | " )
    )
    """,
    re.VERBOSE | re.DOTALL,
)


class Piece(NamedTuple):
    """A stretch of the text: a statement without its semicolon, or what a backslash opens."""

    start: int
    end: int
    backslash: bool = False


class UnterminatedError(ValueError):
    """A quote or a comment that opens at `start` and does not end."""

    def __init__(self, what: str, start: int):
        super().__init__(f"unterminated {what}")
        self.start = start


def statement(text: str, position: int) -> Piece | None:
    """The first statement, or the first backslash, at or after `position`; None at the end of the text.

    A backslash inside an unfinished statement is returned with `start` before `end`: the statement so far. One that
    stands between statements is returned with `start` equal to `end`.
    """
    start = _skip(text, position)
    if start == len(text):
        return None
    parentheses = body = 0
    for kind, at in _marks(text, start):
        if kind == "\\":
            return Piece(start, at, backslash=True)
        if kind == "(":
            parentheses += 1
        elif kind == ")":
            parentheses = max(0, parentheses - 1)
        elif kind == ";":
            if not parentheses and not body:
                return Piece(start, at)
        elif kind == "begin":
            body += not parentheses
        elif body and not parentheses:
            body += 1 if kind == "case" else -1
    return Piece(start, len(text))


def _skip(text: str, position: int) -> int:
    """The place of the first character that is neither white space nor in a comment."""
    while True:
        position = _end(_BLANK.match(text, position), position)
        if not text.startswith("/*", position):
            return position
        position = _after_comment(text, position)


def _marks(text: str, position: int) -> Iterator[tuple[str, int]]:
    """Semicolons, parentheses, backslashes and the words that count, with quotes and comments passed over."""
    match = _MARK.match
    while mark := match(text, position):
        kind = mark.lastgroup or ""
        start, position = mark.span(kind)
        if kind == "sign":
            yield text[start], start
        elif kind == "word":
            yield text[start:position].lower(), start
        elif kind == "dollar":
            close = text.find(mark[kind], position)
            if close < 0:
                raise UnterminatedError("dollar-quoted string", start)
            position = close + len(mark[kind])
        elif kind == "comment":
            position = _after_comment(text, start)
        else:
            raise UnterminatedError("quoted name" if mark[kind] == '"' else "quoted string", start)


def _after_comment(text: str, start: int) -> int:
    """Where the comment that opens at `start` ends; comments nest."""
    depth, position = 0, start
    while mark := _COMMENT_END.search(text, position):
        depth += 1 if mark.group() == "/*" else -1
        position = mark.end()
        if not depth:
            return position
    raise UnterminatedError("comment", start)


def _end(match: re.Match[str] | None, otherwise: int) -> int:
    return match.end() if match else otherwise

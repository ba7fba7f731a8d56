"""SQL text for the log, with its constants and comments left out: they may hold what nobody should read there."""

import re

_PARTS = re.compile(
    r"""
      (?P<text> [eE]'(?:[^'\\]|''|\\.)*(?:'|\\?\Z) | '(?:[^'\\]|''|\\[^'])*(?:'|\\?\Z) | '.*\Z )
    | (?P<keep> "(?:[^"]|"")*" | \$\d+ | %\([^)]*\)[sbt] | %[sbt] | [^\W\d][\w$]* )
    | (?P<dollar> \$(?P<tag>[^\W\d]\w*|)\$ (?:.*?\$(?P=tag)\$ | .*\Z) )
    | (?P<number> \d[\w.]* | \.\d\w* )
    | (?P<line> --[^\n]* )
    | (?P<block> /\* )
    """,
    re.VERBOSE | re.DOTALL,
)
"""A quote after a backslash ends the constant or not, as standard_conforming_strings has it: the rest is hidden."""
_COMMENT = re.compile(r"/\*|\*/")
_LONGEST = 1000


def hidden(statement: str) -> str:
    """The statement in one line, with `?` for each constant."""
    found: list[str] = []
    position = 0
    while match := _PARTS.search(statement, position):
        found.append(statement[position : match.start()])
        position = match.end()
        match match.lastgroup:
            case "keep":
                found.append(match[0])
            case "line":
                found.append(" ")
            case "block":
                found.append(" ")
                position = _end_of_comment(statement, match.start())
            case _:
                found.append("?")
    found.append(statement[position:])
    text = " ".join("".join(found).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _end_of_comment(statement: str, position: int) -> int:
    """Comments nest."""
    depth = 0
    for match in _COMMENT.finditer(statement, position):
        depth += 1 if match[0] == "/*" else -1
        if depth == 0:
            return match.end()
    return len(statement)

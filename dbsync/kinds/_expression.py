"""Puts an expression that PostgreSQL printed into parentheses, once."""

import re

_QUOTED_OR_PARENTHESIS = re.compile(r"""E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]""", re.DOTALL)


def enclosed(expression: str) -> str:
    """The expression in parentheses; those that it has already are enough if they hold all of it.

    A subquery keeps its own and gets another pair; PostgreSQL prints a space after its parenthesis.
    """
    if expression.startswith("( "):
        return f"({expression})"
    depth = 0
    for token in _QUOTED_OR_PARENTHESIS.finditer(expression):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 and expression.startswith("("):
            return expression if token.end() == len(expression) else f"({expression})"
    return f"({expression})"

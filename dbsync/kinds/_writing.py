"""Writes the lists in parentheses that the definitions of types, operators and text search consist of."""

from collections.abc import Iterable

_WIDTH = 100


def listed(head: str, items: Iterable[str]) -> str:
    """`head (a, b)`: on one line where it fits, else an item a line."""
    found = list(items)
    line = f"{head} ({', '.join(found)})"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    return f"{head} (\n    " + ",\n    ".join(found) + "\n)"


def options(**values: str | bool | None) -> list[str]:
    """`KEY = value` for each value that is given; a True stands for the key alone, None and False for nothing."""
    return [
        key.upper() if value is True else f"{key.upper()} = {value}"
        for key, value in values.items()
        if value is not None and value is not False
    ]

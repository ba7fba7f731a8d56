"""Writes the options of a relation, which arrive as PostgreSQL keeps them: `fillfactor=70`."""

import re
from collections.abc import Iterable, Iterator

from dbsync import sql

_BARE = re.compile(r"-?[0-9]+(\.[0-9]+)?|true|false|on|off|auto|local|cascaded")


def listed(options: Iterable[str]) -> str:
    """The options as a list in parentheses."""
    return "(" + ", ".join(f"{key} = {_value(value)}" for key, value in map(_split, options)) + ")"


def changes(before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    """The actions of an ALTER that change the one set of options into the other."""
    old, new = dict(map(_split, before)), dict(map(_split, after))
    if gone := [key for key in old if key not in new]:
        yield f"RESET ({', '.join(gone)})"
    if different := [f"{key}={value}" for key, value in new.items() if old.get(key) != value]:
        yield f"SET {listed(different)}"


def _split(option: str) -> tuple[str, str]:
    key, _, value = option.partition("=")
    return key, value


def _value(value: str) -> str:
    return value if _BARE.fullmatch(value) else sql.literal(value)

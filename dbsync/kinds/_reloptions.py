"""Writes the options of a relation, which arrive as PostgreSQL keeps them: `fillfactor=70`."""

import re
from collections.abc import Iterable, Iterator

from dbsync import sql

_SINCE = {"autovacuum_vacuum_max_threshold": 18, "vacuum_max_eager_freeze_failure_rate": 18}
_BARE = re.compile(r"-?[0-9]+(\.[0-9]+)?|true|false|on|off|auto|local|cascaded")


def listed(options: Iterable[str]) -> str:
    """The options as a list in parentheses."""
    return "(" + ", ".join(f"{key} = {_value(value)}" for key, value in map(_split, options)) + ")"


def newer(options: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Those that not every supported server has, each with the first major version that does."""
    for key, _ in map(_split, options):
        if since := _SINCE.get(key.removeprefix("toast.")):
            yield since, key


def changes(before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    """The actions of an ALTER that change the one list of options into the other.

    PostgreSQL appends what is SET, so those behind a new one are set again, lest the order differ in a dump.
    """
    old, new = dict(map(_split, before)), dict(map(_split, after))
    if gone := [key for key in old if key not in new]:
        yield f"RESET ({', '.join(gone)})"
    keys = list(new)
    stay = next(n for n in range(len(keys), -1, -1) if _stand(keys[:n], old, new))
    if keys[stay:]:
        yield f"SET {listed(f'{key}={new[key]}' for key in keys[stay:])}"


def _stand(keys: list[str], old: dict[str, str], new: dict[str, str]) -> bool:
    """Whether these stand in the old list as they shall, in this order."""
    return [key for key in old if key in keys] == keys and all(old[key] == new[key] for key in keys)


def _split(option: str) -> tuple[str, str]:
    key, _, value = option.partition("=")
    return key, value


def _value(value: str) -> str:
    return value if _BARE.fullmatch(value) else sql.literal(value)

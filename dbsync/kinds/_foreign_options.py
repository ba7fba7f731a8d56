"""Writes the options of foreign tables and their columns, which arrive as PostgreSQL keeps them: `name=value`."""

from collections.abc import Iterable

from dbsync import sql


def listed(options: Iterable[str]) -> str:
    """`OPTIONS (a 'b')`."""
    return "OPTIONS (" + ", ".join(f"{sql.name(key)} {sql.literal(value)}" for key, value in _pairs(options)) + ")"


def changed(before: Iterable[str], after: Iterable[str]) -> str:
    """`OPTIONS (SET a 'b', ADD c 'd', DROP e)`."""
    old, new = dict(_pairs(before)), dict(_pairs(after))
    actions = [f"DROP {sql.name(key)}" for key in old if key not in new]
    for key, value in new.items():
        if old.get(key) != value:
            actions.append(f"{'SET' if key in old else 'ADD'} {sql.name(key)} {sql.literal(value)}")
    return f"OPTIONS ({', '.join(actions)})"


def _pairs(options: Iterable[str]) -> list[tuple[str, str]]:
    return [(key, value) for key, _, value in (option.partition("=") for option in options)]

"""OPTIONS of foreign data wrappers, servers and user mappings: "name=value" pairs, sorted."""

from collections.abc import Iterable

from dbsync import sql


def written(options: Iterable[str]) -> str:
    """The clause of a CREATE, with a blank before it; empty where there are no options."""
    pairs = [f"{sql.name(key)} {sql.literal(value)}" for key, value in _split(options).items()]
    return f" OPTIONS ({', '.join(pairs)})" if pairs else ""


def changed(before: Iterable[str], after: Iterable[str]) -> str:
    """The clause of an ALTER, with a blank before it; empty where nothing differs."""
    had, have = _split(before), _split(after)
    parts = [f"DROP {sql.name(key)}" for key in had if key not in have]
    for key, value in have.items():
        if key not in had:
            parts.append(f"ADD {sql.name(key)} {sql.literal(value)}")
        elif had[key] != value:
            parts.append(f"SET {sql.name(key)} {sql.literal(value)}")
    return f" OPTIONS ({', '.join(parts)})" if parts else ""


def _split(options: Iterable[str]) -> dict[str, str]:
    return dict(option.split("=", 1) for option in options)

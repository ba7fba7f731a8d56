"""Declared rows that are not so on live, as a diff of rows: by table, each by its key."""

from collections.abc import Iterator

from dbsync.model.plan import Plan
from dbsync.model.rows import RowChange, TableRows
from dbsync.render.manners import SIGNS, VERBS
from dbsync.render.page import Page, count, visible

_MOST = 10
"""So many rows of a table are shown of those to add, to change, and to remove."""
_LONGEST = 60
_MANNERS = ("added", "changed", "removed")


def lines(plan: Plan, page: Page) -> Iterator[str]:
    """The tables whose rows differ."""
    for one in plan.rows:
        if one.differs:
            mode = "" if one.mode == "merge" else f", {one.mode}"
            title = page.paint(visible(one.table.name), "title")
            about = page.paint(visible(f" by {', '.join(one.key)}{mode}"), "faint")
            yield f"{page.paint('~', 'changed')} rows of {title}{about}"
            yield from differences(one, page)


def totals(plan: Plan) -> dict[str, int]:
    """How many rows are added, changed and removed."""
    return {manner: sum(getattr(one, manner) for one in plan.rows) for manner in _MANNERS}


def sums(plan: Plan) -> str:
    """The rows in a few words, "2 rows to add, 1 to change"; empty where all are as declared."""
    found = totals(plan)
    parts = [(found[manner], VERBS[manner]) for manner in _MANNERS if found[manner]]
    if not parts:
        return ""
    (number, words), *others = parts
    return ", ".join([f"{count(number, 'row')} {words}", *(f"{number:,} {words}" for number, words in others)])


def differences(one: TableRows, page: Page, indent: str = "    ") -> Iterator[str]:
    """The rows of a table that are to be added, changed and removed, the first of them."""
    for manner in _MANNERS:
        sign = SIGNS[manner]
        found = [change for change in one.changes if _manner(change) == manner]
        for change in found[:_MOST]:
            first, *others = page.wrapped(
                f"{_shown(change.key)}{_values(one, change)}", f"{indent}{sign} ", f"{indent}    "
            )
            yield first.replace(sign, page.paint(sign, manner), 1)
            yield from others
        if (more := getattr(one, manner) - min(len(found), _MOST)) > 0:
            yield f"{indent}{page.paint(sign, manner)} {count(more, 'more row')} {VERBS[manner]}"


def _manner(change: RowChange) -> str:
    return "added" if change.before is None else "removed" if change.after is None else "changed"


def _values(one: TableRows, change: RowChange) -> str:
    """What is behind the key: the values that a new row gets, or each column that changes with both its values."""
    if change.after is None:
        return ""
    if change.before is None:
        parts = [f"{name} {written(value)}" for name, value in change.after.items() if name not in one.key]
    else:
        parts = [f"{name} {written(change.before[name])} → {written(value)}" for name, value in change.after.items()]
    return f": {', '.join(parts)}" if parts else ""


def _shown(key: tuple[str | None, ...]) -> str:
    return ", ".join(map(written, key))


def written(value: str | None) -> str:
    """A value for people's eyes: its beginning, if it is long."""
    if value is None:
        return "NULL"
    if value == "":
        return "''"
    return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"

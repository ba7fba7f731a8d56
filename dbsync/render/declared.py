"""Declared rows that are not so on live, as a diff of rows: by table, each by its key."""

import re
from collections.abc import Iterator

from dbsync import sql
from dbsync.model.plan import Plan
from dbsync.model.rows import NewRow, RowChange, TableRows
from dbsync.render.manners import SIGNS, VERBS
from dbsync.render.page import Page, count, visible

_MOST = 10
"""So many rows of a table are shown of those to add, to change, and to remove."""
_LONGEST = 60
_AMBIGUOUS = re.compile(r"^$|^\s|\s$|\s\s|, |,$|: |:$|['\"→…\\]|^the new row|^NULL$", re.IGNORECASE)
"""What in a value could be taken for something else than a part of it."""
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
                f"{_key(one, change)}{_values(one, change)}", f"{indent}{sign} ", f"{indent}    "
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
    parts = []
    for name in change.columns:
        value = _named(change.refers[name]) if name in change.refers else written(change.after[name])
        if change.before is not None:
            parts.append(f"{sql.name(name)} {written(change.before[name])} → {value}")
        elif name not in one.key:
            parts.append(f"{sql.name(name)} {value}")
    return f": {', '.join(parts)}" if parts else ""


def _key(one: TableRows, change: RowChange) -> str:
    pairs = zip(one.key, change.key, strict=True)
    return ", ".join(_named(change.refers[name]) if name in change.refers else written(value) for name, value in pairs)


def _named(row: NewRow) -> str:
    """A new row, whose number is not known yet: "the new row Tools of public.groups"."""
    values = ", ".join(_named(value) if isinstance(value, NewRow) else written(value) for value in row.key.values())
    return f"the new row {values} of {row.table.name}"


def written(value: str | None) -> str:
    """A value for people's eyes: its beginning, if it is long; quoted as SQL has it where it could be read as
    something else: as NULL, as the end of the value, or as an escape, or where blanks would not be seen."""
    if value is None:
        return "NULL"
    text = value if len(value) <= _LONGEST else value[: _LONGEST - 1]
    more = "" if text == value else "…"
    if text.isprintable() and not _AMBIGUOUS.search(text):
        return text + more
    quoted = text.replace("'", "''")
    if text.isprintable() and "\\" not in text:
        return f"'{quoted}'{more}"
    escaped = quoted.replace("\\", "\\\\")
    return f"E'{escaped}'{more}"

"""Declared rows as they are on live: what differs of them, and the first that are there as a small table."""

from collections.abc import Iterator

from dbsync.model.rows import TableRows
from dbsync.render.declared import differences, written
from dbsync.render.page import Page, count, visible

_WIDEST = 40
"""Letters that a value may take of its line."""


def lines(one: TableRows, indent: str, page: Page) -> Iterator[str]:
    """The lines of one table."""
    yield from differences(one, page, indent)
    if one.there:
        yield from _table(one, indent, page)
    if (more := one.declared - one.added - len(one.there)) > 0:
        yield indent + page.paint(f"and {count(more, 'more row')}", "faint")


def _table(one: TableRows, indent: str, page: Page) -> Iterator[str]:
    """A line with the columns' names and one for each row; columns for which there is no room are only counted."""
    names = list(one.there[0])
    cells = [[_cell(name) for name in names], *([_cell(written(row[name])) for name in names] for row in one.there)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    fit, used = 0, len(indent)
    for width in widths:
        used += width + 2
        if fit and used > page.width:
            break
        fit += 1
    right = [all(_is_number(row[name]) for row in one.there) for name in names]
    for number, row in enumerate(cells):
        parts = [_padded(cell, width, to_right) for cell, width, to_right in zip(row, widths, right, strict=True)]
        text = "  ".join(parts[:fit]).rstrip()
        yield indent + (page.paint(text, "faint") if number == 0 else text)
    if fit < len(names):
        yield indent + page.paint(f"and {count(len(names) - fit, 'more column')}", "faint")


def _cell(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _WIDEST else shown[: _WIDEST - 1] + "…"


def _padded(cell: str, width: int, to_right: bool) -> str:
    return cell.rjust(width) if to_right else cell.ljust(width)


def _is_number(value: str | None) -> bool:
    return value is None or value.removeprefix("-").replace(".", "", 1).isdigit()

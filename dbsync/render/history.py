"""The history of a database as a table: aligned on a terminal, separated by tabs in a pipe."""

from collections.abc import Iterator, Sequence

from dbsync.model.outcome import Record
from dbsync.render.entry import STYLES
from dbsync.render.page import Page, count, visible

_TITLES = ("id", "started", "took", "by", "from", "plan", "steps", "outcome")


def render(records: Sequence[Record], page: Page) -> Iterator[str]:
    """A line for each record, and the error of each that has one."""
    if not records:
        yield "No plan was applied by dbsync to this database."
        return
    rows = [_row(record) for record in records]
    if not page.terminal:
        yield from ("\t".join(row) for row in (_TITLES, *rows))
        return
    widths = [max(map(len, column)) for column in zip(_TITLES, *rows, strict=True)]
    yield page.paint(_aligned(_TITLES, widths).rstrip(), "title")
    for record, row in zip(records, rows, strict=True):
        line = _aligned(row[:-1], widths)
        yield f"{line}  {page.paint(row[-1], STYLES[record.outcome])}"
        if record.error:
            first = record.error.splitlines()[0]
            yield from page.wrapped(first, " " * (widths[0] + 2), style="faint")
    yield count(len(records), "record")


def _row(record: Record) -> tuple[str, ...]:
    seconds = (record.finished_at - record.started_at).total_seconds() if record.finished_at else None
    return (
        str(record.id),
        f"{record.started_at:%Y-%m-%d %H:%M:%S %Z}",
        "" if seconds is None else f"{seconds:.1f} s",
        visible(record.applied_by),
        visible(record.host),
        record.digest[:12],
        f"{record.steps:,}",
        record.outcome if record.undoes is None else f"{record.outcome}, undo of {record.undoes}",
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))

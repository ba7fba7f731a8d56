"""One history record for people."""

from collections.abc import Iterator

from dbsync.model.entry import Entry
from dbsync.model.outcome import Record
from dbsync.render.page import Page, code, count, visible
from dbsync.render.steps import terminated

STYLES = {"applied": "added", "failed": "removed", "partial": "lost", "running": "changed", "interrupted": "lost"}


def render(entry: Entry, page: Page) -> Iterator[str]:
    """The page."""
    record = entry.record
    back = "" if record.undoes is None else f": back to what it was before record {record.undoes}"
    yield page.paint(f"Record {record.id}{back}", "title")
    facts = [
        ("outcome", record.outcome),
        ("started", f"{record.started_at:%Y-%m-%d %H:%M:%S %Z}{_took(record)}"),
        ("by", f"role {record.applied_by}, {entry.os_user} on {record.host}, dbsync {record.version}"),
        ("plan", f"{record.digest}, {count(len(entry.steps), 'step')}"),
        ("schema", f"{entry.schema_digest[:12]}, {count(len(entry.schema_text.splitlines()), 'line')}"),
        ("before", entry.current_fingerprint[:12]),
        ("manage", entry.manage),
    ]
    for name, text in facts:
        first, *others = page.wrapped(text, f"  {name:<9}", " " * 11)
        yield page.paint(first[:11], "faint") + page.paint(first[11:], STYLES[text] if name == "outcome" else "none")
        yield from others
    if record.error:
        yield ""
        yield from (page.paint(code(line), "removed") for line in record.error.splitlines())
    yield ""
    for number, one in enumerate(entry.steps, 1):
        first, *others = terminated(code(one.sql)).split("\n")
        yield page.paint(f"{number:>4} ", "faint") + first
        yield from (f"     {line}" for line in others)
        for loss in one.lost:
            yield from page.wrapped(f"loses {loss}", "       ", "         ", "lost")
    yield ""
    for loss in entry.lost:
        yield from page.wrapped(f"LOST: {loss}", "! ", style="lost")
    if entry.state is None:
        yield from page.wrapped("It cannot be undone: an older dbsync kept no schema of before.", style="faint")


def _took(record: Record) -> str:
    if record.finished_at is None:
        return ", and no end"
    return f", took {visible(f'{(record.finished_at - record.started_at).total_seconds():.1f} s')}"

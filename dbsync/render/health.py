"""What a check found, for people: a line for each thing, and below it what differs and what mends it."""

from collections.abc import Iterator

from dbsync.model.health import Finding, Health
from dbsync.render import standing
from dbsync.render.page import Page, count

_MARKS = {"good": ("✓", "added"), "note": ("·", "changed"), "bad": ("✗", "lost"), "unknown": ("?", "changed")}


def render(health: Health, page: Page) -> Iterator[str]:
    """The page."""
    width = max(len(one.about) for one in health.findings)
    for one in health.findings:
        yield from _finding(one, width, page)
    yield ""
    bad = [one.about for one in health.findings if one.state == "bad"]
    unknown = [one.about for one in health.findings if one.state == "unknown"]
    if bad:
        yield page.paint(f"Not well: {', '.join(bad)}.", "lost")
    elif unknown:
        yield f"Well as far as it is known; not known: {', '.join(unknown)}."
    else:
        notes = sum(one.state == "note" for one in health.findings)
        yield page.paint("All is well", "good") + (f", with {count(notes, 'note')}." if notes else ".")


def _finding(one: Finding, width: int, page: Page) -> Iterator[str]:
    mark, style = _MARKS[one.state]
    indent = " " * (width + 4)
    first, *others = page.wrapped(one.text, indent, indent)
    about = page.paint(f"{one.about:<{width}}", "title")
    yield f"{page.paint(mark, style)} {about}  {first.strip()}"
    yield from others
    for number, detail in enumerate(one.details):
        for line in detail.splitlines():
            yield from page.wrapped(line, f"{indent}  ", f"{indent}    ", "faint")
        if one.rows:
            yield from standing.lines(one.rows[number], f"{indent}    ", page)
    if one.hint:
        yield from page.wrapped(one.hint, f"{indent}→ ", f"{indent}  ")

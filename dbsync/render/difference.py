"""What became of the schema between two history records, for people."""

from collections.abc import Iterator

from dbsync.model.entry import Difference
from dbsync.render.manners import SIGNS
from dbsync.render.page import Page, code

_STYLES = {"+": "added", "-": "removed", "@": "name"}


def render(found: Difference, page: Page) -> Iterator[str]:
    """The objects, then the lines of the schema file."""
    first = f"record {found.first.id}" if found.first else "nothing"
    yield page.paint(f"From {first} to record {found.second.id}", "title")
    yield ""
    for note in found.notes:
        yield from page.wrapped(note, "· ")
    if found.objects is not None:
        yield from _objects(found, page)
    yield ""
    if not found.text:
        yield "The text of the schema file is the same."
    for number, line in enumerate(found.text):
        yield page.paint(code(line), "title" if number < 2 else _STYLES.get(line[:1], "none"))


def _objects(found: Difference, page: Page) -> Iterator[str]:
    for one, manner in found.objects or ():
        first, *others = page.wrapped(str(one), f"{SIGNS[manner]} ", "    ")
        yield page.paint(first[:1], manner) + first[1:]
        yield from others
    if not found.objects:
        yield "No object of the database differs."

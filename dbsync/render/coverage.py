"""The kinds of objects and their attributes: a list for a screen, and the page docs/coverage.md."""

from collections.abc import Iterator, Sequence

from dbsync.model.coverage import Attribute, Kind
from dbsync.pg.version import NEWEST, OLDEST
from dbsync.render.page import Page, count

_NOT_COVERED = (
    ("large objects", "their contents are rows, and so are their owners and privileges"),
    ("roles, databases, tablespaces", "they belong to the server, not to a database"),
    (
        "settings, privileges and comments of a database",
        "ALTER DATABASE … SET, ALTER ROLE … IN DATABASE … SET and GRANT … ON DATABASE belong to the server, too",
    ),
    ("privileges on parameters", "GRANT … ON PARAMETER belongs to the server, too"),
    ("what an extension made", "its version says what it is; dbsync holds the extension"),
    ("what the catalog holds and no kind reads", "a difference in it is named, and makes a plan not proven"),
)


def render(kinds: Sequence[Kind], page: Page) -> Iterator[str]:
    """A paragraph for each kind."""
    for kind in kinds:
        yield page.paint(kind.name, "title")
        yield from page.wrapped(kind.about, "  ", style="faint")
        widest = max((len(one.name) for one in kind.attributes), default=0)
        for one in kind.attributes:
            yield from page.wrapped(f"{one.changed}{_since(one)}", f"    {one.name.ljust(widest)}  ")
        yield ""
    attributes = sum(len(kind.attributes) for kind in kinds)
    yield f"{count(len(kinds), 'kind')}, {count(attributes, 'attribute')}; PostgreSQL {OLDEST} to {NEWEST}"


def markdown(kinds: Sequence[Kind]) -> Iterator[str]:
    """The page."""
    yield "# What dbsync covers"
    yield ""
    yield (
        f"Every kind of object that pg_dump dumps inside a database, on PostgreSQL {OLDEST} to {NEWEST}, with the "
        "attributes that count as a difference. *In place* is what an ALTER or CREATE OR REPLACE does; what is *made "
        "again* is dropped and created with all that depends on it, which comes back whole. This page is written by "
        "`dbsync kinds --format markdown`."
    )
    yield ""
    yield "## What it does not cover"
    yield ""
    yield from (f"- **{what}**: {why}." for what, why in _NOT_COVERED)
    for kind in kinds:
        yield ""
        yield f"## {kind.name}"
        yield ""
        yield kind.about
        if kind.attributes:
            yield ""
            yield "| attribute | what it is | changes | since |"
            yield "|---|---|---|---|"
            yield from (
                f"| `{one.name}` | {_cell(one.about)} | {one.changed} | {one.since or ''} |" for one in kind.attributes
            )


def _since(one: Attribute) -> str:
    return f" (PostgreSQL {one.since} on)" if one.since else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

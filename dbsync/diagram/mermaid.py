"""The diagram as Mermaid's erDiagram, which GitHub, GitLab and many editors show."""

import re
from collections.abc import Iterator

from dbsync.diagram.figure import aside
from dbsync.diagram.model import Column, Diagram, Name, Table
from dbsync.render.page import Page, visible
from dbsync.visible import steers

# What Mermaid's grammar takes as a word inside a block.
_FIRST = re.compile(r"[*A-Za-z_\u00c0-\uffff]")
_OTHER = re.compile(r"[^A-Za-z0-9\-_\[\]()\u00c0-\uffff*]")
_LETTERS, _LINES = 50_000, 500
"""What Mermaid draws at most where nothing else is set (maxTextSize, maxEdges)."""
_KEYS = frozenset({"pk", "fk", "uk"})


def draw(diagram: Diagram, page: Page) -> str:
    """A Mermaid document."""
    del page
    return "\n".join(_lines(diagram))


def too_large(diagram: Diagram, text: str) -> bool:
    """Whether Mermaid refuses to draw this where nothing else is set."""
    return len(text) > _LETTERS or len(diagram.references) > _LINES


def _lines(diagram: Diagram) -> Iterator[str]:
    ids = _ids(diagram)
    yield "erDiagram"
    for one in diagram.references:
        child = "|o" if one.single else "}o"
        parent = "o|" if one.optional else "||"
        yield f"    {ids[one.table]} {child}--{parent} {ids[one.target]} : {_quoted(', '.join(one.columns))}"
    for table in diagram.tables:
        yield from _entity(table, ids[table.name])


def _entity(table: Table, name: str) -> Iterator[str]:
    if not table.columns:
        yield f"    {name}"
        return
    yield f"    {name} {{"
    for column in table.columns:
        yield f"        {_column(column)}"
    if words := aside(table):
        yield f"        %% {words}"
    yield "    }"


def _column(column: Column) -> str:
    word = _word(column.name)
    remarks = [visible(column.name)] if word != column.name else []
    remarks += ["may be NULL"] if column.nullable else []
    remarks += [column.comment] if column.comment else []
    keys = f" {', '.join(column.marks)}" if column.marks else ""
    return f"{_word(column.type)} {word}{keys}" + (f" {_quoted('; '.join(remarks))}" if remarks else "")


def _word(text: str) -> str:
    """The text in the letters that a word may have."""
    found = _OTHER.sub("_", "".join("_" if steers(one) else one for one in text))
    if not _FIRST.match(found) or found.lower() in _KEYS:
        found = f"_{found}"
    return found


def _quoted(text: str) -> str:
    """The text in quotes, for which Mermaid knows no escapes, on one line."""
    return '"' + visible(" ".join(text.replace('"', "'").replace("\\", " ").split())) + '"'


def _ids(diagram: Diagram) -> dict[Name, str]:
    """A name for each table, in quotes where it is no plain word; no two are the same."""
    found: dict[Name, str] = {}
    for table in diagram.tables:
        plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", table.label)
        base = table.label if plain else re.sub(r'["%\\\r\n\v\b]', "_", visible(table.label.replace('"', "")))
        name, number = base, 2
        taken = set(found.values())
        while (written := name if plain and name == base else f'"{name}"') in taken:
            name, number = f"{base}_{number}", number + 1
        found[table.name] = written
    return found

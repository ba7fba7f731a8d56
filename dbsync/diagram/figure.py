"""The diagram as a picture with places: a box for each table, a line for each foreign key from row to row."""

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from dbsync.diagram.layout import Box, Edge, Graph, Point, lay_out
from dbsync.diagram.model import Column, Diagram, Name, Reference, Table
from dbsync.render.page import visible

HEADER, ROW, FOOT = 36, 24, 6
LETTER, TITLE_LETTER = 7.25, 8.0
"""Widths of a letter of 12 and of 13 pixels in the monospaced fonts that people have."""
MARGIN = 12
_LONGEST_NAME, _LONGEST_TYPE = 48, 30
_ASIDE = 4
"""How far from the middle of its row a line ends that shares it: where a row may have none, and must have one."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """A table's box; `marks` is the room for PK, FK and UK."""

    table: Table
    x: int
    y: int
    width: int
    height: int
    marks: int


@dataclasses.dataclass(frozen=True)
class Line:
    """A foreign key's way, from the row that refers to the row that is referred to."""

    reference: Reference
    way: Sequence[Point]


@dataclasses.dataclass(frozen=True)
class Figure:
    """All of it."""

    frames: Sequence[Frame]
    lines: Sequence[Line]
    width: int
    height: int


def figure(diagram: Diagram) -> Figure:
    """Lay out a diagram."""
    numbers = {table.name: number for number, table in enumerate(diagram.tables)}
    boxes = [Box(_width(table), _height(table)) for table in diagram.tables]
    tails, heads = _tails(diagram), _heads(diagram)
    edges = [
        Edge(numbers[one.table], tails[number], numbers[one.target], heads[number])
        for number, one in enumerate(diagram.references)
    ]
    found = lay_out(Graph(boxes, edges))
    frames = [
        Frame(table, x + MARGIN, y + MARGIN, box.width, box.height, _marks(table))
        for table, box, (x, y) in zip(diagram.tables, boxes, found.places, strict=True)
    ]
    lines = [
        Line(one, [(x + MARGIN, y + MARGIN) for x, y in way])
        for one, way in zip(diagram.references, found.ways, strict=True)
    ]
    return Figure(frames, lines, found.width + 2 * MARGIN, found.height + 2 * MARGIN)


def shown_name(column: Column) -> str:
    """A column's name, cut where it is very long."""
    return cut(visible(column.name), _LONGEST_NAME)


def shown_type(column: Column) -> str:
    """A column's type, with a question mark where it may be NULL."""
    return cut(visible(column.type), _LONGEST_TYPE) + ("?" if column.nullable else "")


def shown_title(table: Table) -> str:
    """A table's name, cut where it is very long."""
    return cut(visible(table.label), _LONGEST_NAME + 12)


def aside(table: Table) -> str:
    """What the last row says instead of more columns."""
    parts = [f"{table.left_out} more column{'s' if table.left_out > 1 else ''}"] if table.left_out else []
    parts += [f"{table.partitions:,} partition{'s' if table.partitions > 1 else ''}"] if table.partitions else []
    return " · ".join(parts)


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis where it takes more than `most` letters' room."""
    if cell_len(text) <= most:
        return text
    while cell_len(text) > most - 1:
        text = text[:-1]
    return text + "…"


def middle(row: int) -> int:
    """The middle of a row, from the box's top."""
    return HEADER + ROW * row + ROW // 2


def _height(table: Table) -> int:
    return HEADER + ROW * (len(table.columns) + bool(aside(table))) + FOOT


def _marks(table: Table) -> int:
    most = max((len(column.marks) for column in table.columns), default=0)
    return 22 * most + 4 if most else 0


def _width(table: Table) -> int:
    rows = [
        LETTER * (cell_len(shown_name(column)) + cell_len(shown_type(column))) + _marks(table) + 36
        for column in table.columns
    ]
    return round(max([*rows, TITLE_LETTER * cell_len(shown_title(table)) + 24, LETTER * len(aside(table)) + 24, 130]))


def _heads(diagram: Diagram) -> list[int]:
    """Where each foreign key meets its target: in the middle of the row, or beside it where there are both sorts."""
    found = []
    kinds: defaultdict[tuple[Name, int], set[bool]] = defaultdict(set)
    for one in diagram.references:
        row = diagram.by_name[one.target].rows.get(one.target_columns[0])
        found.append(ROW if row is None else middle(row))
        kinds[one.target, found[-1]].add(one.optional)
    for number, one in enumerate(diagram.references):
        if len(kinds[one.target, found[number]]) == 2:
            found[number] += _ASIDE if one.optional else -_ASIDE
    return found


def _tails(diagram: Diagram) -> list[int]:
    """Where each foreign key leaves its table: at a row of its own, as far as there are any."""
    taken: set[tuple[Name, int]] = set()
    found = []
    for one in diagram.references:
        place = next(place for place in _choices(diagram.by_name[one.table], one) if (one.table, place) not in taken)
        taken.add((one.table, place))
        found.append(place)
    return found


def _choices(table: Table, one: Reference) -> Iterator[int]:
    rows = [table.rows[column] for column in one.columns if column in table.rows]
    places = [middle(row) for row in rows] or [ROW]
    yield from places
    for away in (3, -3):
        yield from (place + away for place in places)
    yield from itertools.count(places[0])

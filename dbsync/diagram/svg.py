"""The diagram as SVG, in light and in dark, with crow's feet; for a page of its own or inside another one."""

import importlib.resources
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from dbsync.diagram.figure import (
    HEADER,
    MARGIN,
    ROW,
    Figure,
    Frame,
    Line,
    aside,
    figure,
    middle,
    shown_name,
    shown_title,
    shown_type,
)
from dbsync.diagram.layout import Point
from dbsync.diagram.model import Diagram, Name
from dbsync.render.page import Page, visible

_LEGEND = "PK primary key · FK foreign key · UK unique · ? may be NULL"
_CORNER = 5


def draw(diagram: Diagram, page: Page) -> str:
    """A file of its own."""
    del page
    found = figure(diagram)
    height = found.height + 24
    size = _size(found.width, height)
    style = f"{css('light')}@media (prefers-color-scheme: dark) {{\n{css('dark')}}}\n{css('diagram')}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img" aria-labelledby="diagram-title" {size}>',
        f'<title id="diagram-title">{_title(diagram)}</title>',
        f"<style>\n{style}</style>",
        f'<rect class="paper" width="{found.width}" height="{height}"/>',
        *parts(found, {}),
        f'<text class="legend" x="{MARGIN}" y="{found.height + 8}">{_LEGEND}</text>',
        "</svg>",
    ]
    return "\n".join(lines)


def inside(diagram: Diagram, links: Mapping[Name, str]) -> str:
    """An element for another page, which has the style; each table is a link to where `links` says."""
    found = figure(diagram)
    return "\n".join(
        [
            f'<svg class="diagram" role="group" aria-label="{_title(diagram)}" {_size(found.width, found.height)}>',
            *parts(found, links),
            "</svg>",
        ]
    )


def css(name: str) -> str:
    """One of the style sheets: `light` and `dark` are colours as variables, `diagram` is drawn in them."""
    return importlib.resources.files("dbsync.diagram").joinpath(f"{name}.css").read_text("utf-8")


def parts(found: Figure, links: Mapping[Name, str]) -> Iterator[str]:
    """Lines, then boxes."""
    numbers = {frame.table.name: number for number, frame in enumerate(found.frames)}
    yield '<g class="lines">'
    for line in found.lines:
        reference = line.reference
        ends = f'data-from="{numbers[reference.table]}" data-to="{numbers[reference.target]}"'
        yield f'<g class="line" {ends}><title>{_text(reference.label)}</title>{_line(line)}</g>'
    yield "</g>"
    yield '<g class="tables">'
    for number, frame in enumerate(found.frames):
        yield from _frame(number, frame, links.get(frame.table.name))
    yield "</g>"


def _title(diagram: Diagram) -> str:
    return f"{len(diagram.tables):,} tables and the {len(diagram.references):,} foreign keys between them"


def _size(width: int, height: int) -> str:
    return f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'


def _text(text: str) -> str:
    return escape(visible(text))


def _frame(number: int, frame: Frame, link: str | None) -> Iterator[str]:
    table = frame.table
    tip = f"{table.label}: {table.comment}" if table.comment else table.label
    inner = [
        f"<title>{_text(tip)}</title>",
        f'<rect class="box" width="{frame.width}" height="{frame.height}" rx="6"/>',
        f'<path class="head" d="M0 {HEADER}V6a6 6 0 0 1 6 -6H{frame.width - 6}a6 6 0 0 1 6 6V{HEADER}z"/>',
        f'<text class="name" x="12" y="23">{escape(shown_title(table))}</text>',
    ]
    for row, column in enumerate(table.columns):
        y = middle(row) + 4
        marks = "".join(
            f'<text class="mark {mark.lower()}" x="{12 + 22 * place}" y="{y}">{mark}</text>'
            for place, mark in enumerate(column.marks)
        )
        tip = f"<title>{_text(column.comment)}</title>" if column.comment else ""
        kind = "column key" if column.primary else "column"
        inner.append(
            f'<g class="row">{tip}{marks}<text class="{kind}" x="{12 + frame.marks}" y="{y}">'
            f'{escape(shown_name(column))}</text><text class="type" x="{frame.width - 12}" y="{y}">'
            f"{escape(shown_type(column))}</text></g>"
        )
    if words := aside(table):
        y = HEADER + ROW * len(table.columns) + 16
        inner.append(f'<text class="more row" x="12" y="{y}">{words}</text>')
    inner.append(f'<rect class="edge" width="{frame.width}" height="{frame.height}" rx="6"/>')
    place = f'transform="translate({frame.x} {frame.y})" data-table="{number}"'
    if link is None:
        yield f'<g class="table" {place}>' + "".join(inner) + "</g>"
    else:
        yield f'<a class="table" {place} href="#{escape(link)}">' + "".join(inner) + "</a>"


def _line(line: Line) -> str:
    way = line.way
    optional, single = line.reference.optional, line.reference.single
    signs = _one(way[0], way[1], optional=True) if single else _many(way[0], way[1])
    signs += _one(way[-1], way[-2], optional=optional)
    path = _path(way)
    return f'<path class="reach" d="{path}"/><path class="wire" d="{path}"/><path class="sign" d="{signs}"/>'


def _path(points: Sequence[Point]) -> str:
    """Straight lines with round corners."""
    text = f"M{points[0][0]} {points[0][1]}"
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_CORNER, _distance(before, here) // 2, _distance(here, after) // 2)
        (x1, y1), (x2, y2) = _toward(here, before, radius), _toward(here, after, radius)
        text += f"L{x1} {y1}Q{here[0]} {here[1]} {x2} {y2}"
    return f"{text}L{points[-1][0]} {points[-1][1]}"


def _distance(one: Point, other: Point) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _toward(start: Point, goal: Point, far: int) -> Point:
    x, y = start
    if goal[0] != x:
        return (x + (far if goal[0] > x else -far), y)
    return (x, y + (far if goal[1] > y else -far))


def _many(end: Point, before: Point) -> str:
    """A crow's foot with a ring: none, one or many."""
    (x, y), way = end, 1 if before[0] > end[0] else -1
    return f"M{x} {y - 6}L{x + 11 * way} {y}L{x} {y + 6}" + _ring(x + 15 * way, y)


def _one(end: Point, before: Point, *, optional: bool) -> str:
    """Two bars: exactly one; a bar and a ring: none or one."""
    (x, y), way = end, 1 if before[0] > end[0] else -1
    bar = f"M{x + 7 * way} {y - 5}v10"
    return bar + (_ring(x + 14 * way, y) if optional else f"M{x + 12 * way} {y - 5}v10")


def _ring(x: int, y: int) -> str:
    return f"M{x - 4} {y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0"

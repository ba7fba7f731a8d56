"""The diagram for a terminal: a box for each table, one below the other, and lines beside them."""

from collections import defaultdict
from collections.abc import Iterator

from rich.cells import cell_len

from dbsync.diagram.figure import aside, cut
from dbsync.diagram.lanes import Crossing, Lanes, lanes
from dbsync.diagram.model import Column, Diagram, Name, Table
from dbsync.errors import UsageError
from dbsync.render.page import Page, visible

MOST = 100
"""More tables than this are a wall, not a picture."""
_LEAST = 30
"""The narrowest box; lines that leave no room for it are not drawn but written."""
_PLAIN = str.maketrans("─│┌┐└┘├┤┼●◄→…", "-|++++||+*<>~")


def draw(diagram: Diagram, page: Page) -> str:
    """The boxes, in colours if the page has them, and in ASCII if it has nothing else."""
    if len(diagram.tables) > MOST:
        raise UsageError(
            f"{len(diagram.tables):,} tables are too many to be read as text",
            hint="name those of interest: --table NAME --depth 1; or draw all of them: --format svg --out schema.svg",
        )
    tables = _ordered(diagram)
    return "\n".join(line.rstrip() for line in _Drawing(diagram, tables, page).lines())


class _Drawing:
    """One drawing: where each row stands, the lanes beside the boxes, and how wide the boxes are."""

    def __init__(self, diagram: Diagram, tables: list[Table], page: Page):
        self.tables, self.page = tables, page
        starts: dict[Name, int] = {}
        height = 0
        for table in tables:
            starts[table.name] = height
            height += 2 + len(table.columns) + bool(aside(table))
        self.goals: defaultdict[tuple[Name, str], list[str]] = defaultdict(list)
        ends: defaultdict[int, set[int]] = defaultdict(set)
        for one in diagram.references:
            table = diagram.by_name[one.table]
            rows = [table.rows[column] + 1 for column in one.columns if column in table.rows]
            ends[starts[one.target]].add(starts[one.table] + (rows[0] if rows else len(table.columns) + 1))
            for column in one.columns:
                self.goals[one.table, column].append(diagram.by_name[one.target].label)
        self.lanes = lanes(ends)
        natural = max(map(self._natural, tables), default=_LEAST)
        beside = self.lanes.width
        if page.width - beside < min(_LEAST, natural):
            # No room for the lines: each row says where it leads.
            self.lanes, beside = Lanes({}, {}, 0), 0
            natural = max(map(self._natural, tables), default=_LEAST)
        self.width = min(natural, page.width - beside)

    def _natural(self, table: Table) -> int:
        rows = [
            cell_len(visible(column.name)) + cell_len(self._kind(table, column)) + _marks_room(table) + 6
            for column in table.columns
        ]
        return max([*rows, cell_len(visible(table.label)) + 6, cell_len(aside(table)) + 4])

    def _kind(self, table: Table, column: Column) -> str:
        kind = visible(column.type) + ("?" if column.nullable else "")
        goals = self.goals[table.name, column.name] if not self.lanes.width else []
        return kind + (f" → {visible(', '.join(goals))}" if goals else "")

    def lines(self) -> Iterator[str]:
        number = 0
        for table in self.tables:
            for text in self._box(table):
                crossing = self.lanes.at(number)
                if crossing.reach >= 0 and not crossing.goal:
                    text = text.removesuffix("│") + "├"
                yield self._plain(text) + self.page.paint(self._plain(self._beside(crossing)).rstrip(), "faint")
                number += 1

    def _box(self, table: Table) -> Iterator[str]:
        name = cut(visible(table.label), self.width - 6)
        rule = "─" * (self.width - 5 - cell_len(name))
        yield f"┌─ {self.page.paint(name, 'title')} {rule}┐"
        room, marks = self.width - 4, _marks_room(table)
        for column in table.columns:
            kind = cut(self._kind(table, column), max(room // 2, room - marks - cell_len(visible(column.name)) - 2))
            name = cut(visible(column.name), room - marks - cell_len(kind) - 1)
            mark = self.page.paint(" ".join(column.marks).ljust(marks), "name") if marks else ""
            blank = " " * (room - marks - cell_len(name) - cell_len(kind))
            yield f"│ {mark}{name}{blank}{self.page.paint(kind, 'faint')} │"
        if words := aside(table):
            yield f"│ {self.page.paint(cut(words, room).ljust(room), 'faint')} │"
        yield f"└{'─' * (self.width - 2)}┘"

    def _plain(self, text: str) -> str:
        return text.translate(_PLAIN) if self.page.ascii else text

    def _beside(self, crossing: Crossing) -> str:
        if not self.lanes.width:
            return ""
        text = ""
        for lane in range(self.lanes.count):
            before = "─" if lane <= crossing.reach else " "
            text += before + crossing.sign(lane)
        first = "◄" if crossing.goal else "─" if crossing.reach >= 0 else " "
        return f"{first}{text}"


def _marks_room(table: Table) -> int:
    most = max((len(" ".join(column.marks)) for column in table.columns), default=0)
    return most + 1 if most else 0


def _ordered(diagram: Diagram) -> list[Table]:
    """The tables such that lines are short: each before those that refer to it, and these right behind it."""
    children: defaultdict[Name, list[Name]] = defaultdict(list)
    waits: defaultdict[Name, set[Name]] = defaultdict(set)
    for one in diagram.references:
        if one.table != one.target:
            children[one.target].append(one.table)
            waits[one.table].add(one.target)
    found: dict[Name, Table] = {}

    def put(start: Name) -> None:
        stack = [start]
        while stack:
            name = stack.pop()
            if name in found:
                continue
            found[name] = diagram.by_name[name]
            ready = [one for one in dict.fromkeys(children[name]) if waits[one] <= found.keys()]
            # Those with the fewest below them first, so that the lines past them stay short.
            stack += sorted(ready, key=lambda one: (len(children[one]), one), reverse=True)

    roots = [table.name for table in diagram.tables if not waits[table.name]]
    linked = [name for name in roots if children[name]]
    for name in linked:
        put(name)
    for table in diagram.tables:
        if waits[table.name]:
            put(table.name)
    for name in roots:
        put(name)
    return list(found.values())

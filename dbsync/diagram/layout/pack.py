"""Puts the layouts of graphs that nothing connects side by side in one picture."""

import math
from collections import defaultdict
from collections.abc import Sequence

from dbsync.diagram.layout.graph import GRID, Edge, Graph, Point

_ASPECT = 1.6
_GAP = 48


def components(graph: Graph) -> list[tuple[list[int], list[int]]]:
    """The boxes and the edges (by number) of each connected part, the largest first."""
    neighbours: defaultdict[int, set[int]] = defaultdict(set)
    for edge in graph.edges:
        neighbours[edge.tail].add(edge.head)
        neighbours[edge.head].add(edge.tail)
    part_of: dict[int, int] = {}
    parts: list[tuple[list[int], list[int]]] = []
    for start in range(len(graph.boxes)):
        if start in part_of:
            continue
        part_of[start] = len(parts)
        boxes, queue = [], [start]
        while queue:
            one = queue.pop()
            boxes.append(one)
            new = [other for other in neighbours[one] if other not in part_of]
            part_of.update(dict.fromkeys(new, len(parts)))
            queue += new
        parts.append((sorted(boxes), []))
    for number, edge in enumerate(graph.edges):
        parts[part_of[edge.tail]][1].append(number)
    return sorted(parts, key=lambda part: (-len(part[0]), part[0]))


def part_of(graph: Graph, boxes: Sequence[int], edges: Sequence[int]) -> Graph:
    """The graph of one part, its boxes numbered anew."""
    number = {one: place for place, one in enumerate(boxes)}
    found = [graph.edges[one] for one in edges]
    return Graph(
        boxes=[graph.boxes[one] for one in boxes],
        edges=[Edge(number[one.tail], one.tail_at, number[one.head], one.head_at) for one in found],
    )


def packed(sizes: Sequence[tuple[int, int]]) -> list[Point]:
    """A place for each rectangle, those given first further up: each where the picture's upper edge is lowest yet."""
    area = sum((width + _GAP) * (height + _GAP) for width, height in sizes)
    room = max([math.isqrt(int(area * _ASPECT)), *(width + _GAP for width, _ in sizes)])
    skyline: list[tuple[int, int]] = [(0, 0)]  # (x from which on, height filled), to the next x
    places = []
    for width, height in sizes:
        width, height = width + _GAP, height + _GAP
        best = None
        for place, (x, _) in enumerate(skyline):
            if x + width > room:
                break
            y = max(filled for start, filled in skyline[place:] if start < x + width)
            if best is None or y < best[1]:
                best = (x, y)
        x, y = best or (0, max(filled for _, filled in skyline))
        y = -(-y // GRID) * GRID
        places.append((x, y))
        skyline = _raised(skyline, x, x + width, y + height)
    return places


def _raised(skyline: Sequence[tuple[int, int]], start: int, end: int, height: int) -> list[tuple[int, int]]:
    behind = [filled for x, filled in skyline if x <= end][-1]
    found = [(x, filled) for x, filled in skyline if x < start]
    found.append((start, height))
    found += [(end, behind)] if all(x != end for x, _ in skyline) else []
    found += [(x, filled) for x, filled in skyline if x >= end]
    return found

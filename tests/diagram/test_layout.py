"""What every layout keeps, whatever the graph: nothing overlaps, and every edge gets from its tail to its head."""

import itertools
import random

import pytest

from dbsync.diagram.layout import Box, Edge, Graph, Layout, Point, lay_out
from dbsync.diagram.layout.graph import GRID

_FIRST = 36


def made(seed: int) -> Graph:
    """Some boxes and edges: trees, hubs, circles, edges from a box to itself and to the same box twice."""
    chance = random.Random(seed)
    count = chance.choice([1, 2, 5, 12, 40, 90])
    boxes = [Box(chance.randrange(100, 400), 42 + GRID * chance.randrange(1, 12)) for _ in range(count)]

    def row(box: int) -> int:
        return _FIRST + GRID // 2 + GRID * chance.randrange((boxes[box].height - 42) // GRID)

    heads: dict[int, int] = {}
    edges: dict[tuple[int, int], Edge] = {}
    for _ in range(chance.randrange(2 * count)):
        tail, head = chance.randrange(count), chance.choice([0, chance.randrange(count)])
        at = row(tail)
        edges[tail, at] = Edge(tail, at, head, heads.setdefault(head, row(head)) + chance.choice([-4, 4]))
    return Graph(boxes, [*edges.values()])


@pytest.fixture(params=range(60), scope="module")
def drawn(request: pytest.FixtureRequest) -> tuple[Graph, Layout]:
    graph = made(request.param)
    return graph, lay_out(graph)


def test_boxes_do_not_overlap(drawn: tuple[Graph, Layout]) -> None:
    graph, found = drawn
    rectangles = list(zip(found.places, graph.boxes, strict=True))
    for ((x1, y1), one), ((x2, y2), other) in itertools.combinations(rectangles, 2):
        assert x1 + one.width < x2 or x2 + other.width < x1 or y1 + one.height < y2 or y2 + other.height < y1
    for (x, y), box in rectangles:
        assert x >= 0
        assert y >= 0
        assert x + box.width <= found.width
        assert y + box.height <= found.height


def test_every_edge_is_drawn(drawn: tuple[Graph, Layout]) -> None:
    graph, found = drawn
    assert len(found.ways) == len(graph.edges)
    for edge, way in zip(graph.edges, found.ways, strict=True):
        for box, at, (x, y) in ((edge.tail, edge.tail_at, way[0]), (edge.head, edge.head_at, way[-1])):
            left, top = found.places[box]
            assert x in (left, left + graph.boxes[box].width)
            assert y == top + at
        assert len(way) > 1
        for (x1, y1), (x2, y2) in itertools.pairwise(way):
            assert (x1 == x2) != (y1 == y2), "every piece is level or upright"
            assert 0 <= x2 <= found.width
            assert 0 <= y2 <= found.height


def test_no_edge_crosses_a_box(drawn: tuple[Graph, Layout]) -> None:
    graph, found = drawn
    for way in found.ways:
        for (x1, y1), (x2, y2) in itertools.pairwise(way):
            left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
            for (x, y), box in zip(found.places, graph.boxes, strict=True):
                assert right <= x or x + box.width <= left or bottom <= y or y + box.height <= top


def test_edges_to_different_heads_keep_apart(drawn: tuple[Graph, Layout]) -> None:
    """Where wires lay on top of one another nobody could tell which goes where."""
    graph, found = drawn
    pieces: list[tuple[tuple[int, int], Point, Point]] = [
        ((edge.head, edge.head_at), min(piece), max(piece))
        for edge, way in zip(graph.edges, found.ways, strict=True)
        for piece in itertools.pairwise(way)
    ]
    for (head, start, end), (other, other_start, other_end) in itertools.combinations(pieces, 2):
        if head == other:
            continue
        if start[1] == end[1] == other_start[1] == other_end[1]:
            assert end[0] <= other_start[0] or other_end[0] <= start[0]
        if start[0] == end[0] == other_start[0] == other_end[0]:
            assert end[1] < other_start[1] or other_end[1] < start[1]


def test_heads_stand_to_the_left() -> None:
    chain = Graph([Box(100, 66)] * 3, [Edge(2, 48, 1, 48), Edge(1, 48, 0, 48)])
    found = lay_out(chain)
    assert [x for x, _ in found.places] == sorted(x for x, _ in found.places)
    assert [len(way) for way in found.ways] == [2, 2], "a chain is straight"


def test_a_hub_with_many_is_not_a_tower() -> None:
    hub = Graph([Box(200, 138)] * 201, [Edge(number, 48, 0, 48) for number in range(1, 201)])
    found = lay_out(hub)
    assert found.height < 2 * found.width


def test_nothing() -> None:
    assert lay_out(Graph([], [])) == Layout([], [], 0, 0)

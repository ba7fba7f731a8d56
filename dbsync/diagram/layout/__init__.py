"""Lays out boxes and edges in layers from left to right (Sugiyama, Tagawa and Toda), with edges in right angles.

First every box gets its layer, then the boxes of each layer their order, then all their heights; wires that cross a
layer take a place in it, as boxes do, so that no edge ever crosses a box. Parts that nothing connects are laid out
one by one and put side by side.
"""

from dbsync.diagram.layout.graph import Box, Edge, Graph, Layout, Point
from dbsync.diagram.layout.heights import heights
from dbsync.diagram.layout.layers import layers
from dbsync.diagram.layout.order import order
from dbsync.diagram.layout.pack import components, packed, part_of
from dbsync.diagram.layout.routes import route
from dbsync.diagram.layout.wires import wire

__all__ = ["Box", "Edge", "Graph", "Layout", "Point", "lay_out"]


def lay_out(graph: Graph) -> Layout:
    """Where the boxes stand and how the edges go."""
    parts = components(graph)
    layouts = [_one(part_of(graph, boxes, edges)) for boxes, edges in parts]
    places: list[Point] = [(0, 0)] * len(graph.boxes)
    ways: list[list[Point]] = [[] for _ in graph.edges]
    corners = packed([(one.width, one.height) for one in layouts])
    for (boxes, edges), found, (x, y) in zip(parts, layouts, corners, strict=True):
        for number, (left, top) in zip(boxes, found.places, strict=True):
            places[number] = (left + x, top + y)
        for number, way in zip(edges, found.ways, strict=True):
            ways[number] = [(left + x, top + y) for left, top in way]
    width = max((x + one.width for one, (x, _) in zip(layouts, corners, strict=True)), default=0)
    height = max((y + one.height for one, (_, y) in zip(layouts, corners, strict=True)), default=0)
    return Layout(places, ways, width, height)


def _one(graph: Graph) -> Layout:
    wiring = wire(graph, layers(graph))
    order(wiring)
    return route(graph, wiring, heights(wiring, len(graph.boxes)))

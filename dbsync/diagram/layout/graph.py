"""What is laid out, and what comes out: boxes of known sizes, edges between places on their sides, and their ways."""

import dataclasses
from collections.abc import Sequence

GRID = 24
"""Boxes stand on multiples of this, so that the rows of neighbours are level."""
LANES = ((7, 15), (9, 17))
"""Where wires cross layers (even ones, odd ones), from a multiple of GRID: others than in the layers beside, so that
two wires that turn in the channel between never lie on top of one another. Edges must meet boxes elsewhere."""


@dataclasses.dataclass(frozen=True)
class Box:
    """The size of a box."""

    width: int
    height: int


@dataclasses.dataclass(frozen=True)
class Edge:
    """From one box to another (by their numbers), each with the height, from the box's top, where it is met.

    Edges to the same box at the same height share their way there.
    """

    tail: int
    tail_at: int
    head: int
    head_at: int


@dataclasses.dataclass(frozen=True)
class Graph:
    """Boxes, and edges between them."""

    boxes: Sequence[Box]
    edges: Sequence[Edge]


Point = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Layout:
    """The top left corner of each box, the corners of each edge's way from its tail to its head, and the whole size."""

    places: Sequence[Point]
    ways: Sequence[Sequence[Point]]
    width: int
    height: int

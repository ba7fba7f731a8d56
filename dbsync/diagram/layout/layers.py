"""Which layer each box stands in: heads to the left of tails, and no layer much higher than the picture should be."""

import heapq
import math
from collections.abc import Sequence

from dbsync.diagram.layout.graph import Box, Graph

_ASPECT = 1.5
_GAP, _CHANNEL = 24, 70
"""About what is between two boxes of a layer, and between two layers."""
_LEAST = 900
"""Pictures up to this height are not made lower."""


def layers(graph: Graph) -> list[list[int]]:
    """The boxes of each layer. No edge stays in its layer but those from a box to itself."""
    lefts, rights = _neighbours(graph)
    order = _sequence(lefts, rights)
    rank = _ranks(order, lefts, rights)
    found: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    for one in order:
        found[rank[one]].append(one)
    return _split(found, graph.boxes, lefts, rights)


def _neighbours(graph: Graph) -> tuple[list[set[int]], list[set[int]]]:
    """For each box those that it leads to, and those that lead to it."""
    lefts: list[set[int]] = [set() for _ in graph.boxes]
    rights: list[set[int]] = [set() for _ in graph.boxes]
    for edge in graph.edges:
        if edge.tail != edge.head:
            lefts[edge.tail].add(edge.head)
            rights[edge.head].add(edge.tail)
    return lefts, rights


def _sequence(lefts: Sequence[set[int]], rights: Sequence[set[int]]) -> list[int]:
    """The boxes from left to right such that few edges lead the wrong way (Eades, Lin and Smyth)."""
    open_lefts, open_rights = [len(one) for one in lefts], [len(one) for one in rights]
    begin: list[int] = []
    end: list[int] = []
    left = set(range(len(lefts)))
    # What leads nowhere goes to the left end, what nothing leads to to the right; else that with most led to it.
    heap = [(_urgency(open_lefts[one], open_rights[one]), one) for one in left]
    heapq.heapify(heap)
    while left:
        urgency, one = heapq.heappop(heap)
        if one not in left or urgency != _urgency(open_lefts[one], open_rights[one]):
            continue
        left.remove(one)
        (end if urgency[0] == 1 else begin).append(one)
        for other in lefts[one] & left:
            open_rights[other] -= 1
            heapq.heappush(heap, (_urgency(open_lefts[other], open_rights[other]), other))
        for other in rights[one] & left:
            open_lefts[other] -= 1
            heapq.heappush(heap, (_urgency(open_lefts[other], open_rights[other]), other))
    return begin + end[::-1]


def _urgency(lefts: int, rights: int) -> tuple[int, int]:
    if not lefts:
        return (0, 0)
    return (1, 0) if not rights else (2, lefts - rights)


def _ranks(order: Sequence[int], lefts: list[set[int]], rights: list[set[int]]) -> list[int]:
    """The layer of each box: next to the farthest that it leads to, or nearer to those that lead to it.

    Edges that lead the wrong way are turned in `lefts` and `rights`.
    """
    place = {one: number for number, one in enumerate(order)}
    for one in order:
        for other in [other for other in lefts[one] if place[other] > place[one]]:
            lefts[one].discard(other)
            rights[other].discard(one)
            lefts[other].add(one)
            rights[one].add(other)
    rank = [0] * len(order)
    for one in order:
        rank[one] = max((rank[other] + 1 for other in lefts[one]), default=0)
    for one in reversed(order):
        if rights[one] and len(lefts[one]) <= 1:
            rank[one] = min(rank[other] for other in rights[one]) - 1
    return rank


def _split(
    found: list[list[int]], boxes: Sequence[Box], lefts: Sequence[set[int]], rights: Sequence[set[int]]
) -> list[list[int]]:
    """Make several layers of one that is too high: first what nothing leads to, together what leads to the same."""
    area = sum((boxes[one].height + _GAP) * (boxes[one].width + _CHANNEL) for layer in found for one in layer)
    tallest = max((box.height for box in boxes), default=0)
    limit = max(_LEAST, tallest, math.isqrt(int(area / _ASPECT)))
    place = {one: number for number, one in enumerate(one for layer in found for one in layer)}
    result: list[list[int]] = []
    for layer in found:
        height = sum(boxes[one].height + _GAP for one in layer)
        parts = math.ceil(height / limit - 0.15) if height > limit else 1
        layer.sort(key=lambda one: (bool(rights[one]), min((place[other] for other in lefts[one]), default=0), one))
        part: list[int] = []
        filled = 0
        for one in layer:
            if part and filled + boxes[one].height / 2 > height / parts:
                result.append(part)
                part, filled = [], 0
            part.append(one)
            filled += boxes[one].height + _GAP
        result.append(part)
    return result

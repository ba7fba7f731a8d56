"""How high each item stands: near those that it is wired to, in the order of its layer, with room between."""

import statistics
from collections.abc import Sequence

from dbsync.diagram.layout.graph import GRID, LANES
from dbsync.diagram.layout.wires import Pin, Wiring

_SWEEPS = 8
_BESIDE_BOX = 20
_BETWEEN_BOXES = 28
_BETWEEN_WIRES = 8


def heights(wiring: Wiring, boxes: int) -> list[int]:
    """The top of each item; those of the first `boxes` items are multiples of GRID, those of wires run in LANES."""
    tops = [0.0] * len(wiring.heights)
    for layer in wiring.layers:
        y = 0.0
        for before, item in zip([None, *layer], layer, strict=False):
            y += _gap(before, item, boxes) if before is not None else 0
            tops[item] = y
            y += wiring.heights[item]
    left, right = _pulls(wiring, leftwards=True), _pulls(wiring, leftwards=False)
    for sweep in range(_SWEEPS):
        rightwards = sweep % 2 == 1
        layers = wiring.layers if rightwards else wiring.layers[::-1]
        for layer in layers:
            _settle(layer, left if rightwards else right, tops, wiring, boxes)
    for layer in wiring.layers:
        _settle(layer, [one + other for one, other in zip(left, right, strict=True)], tops, wiring, boxes)
    return _snapped(wiring, tops, boxes)


Pulls = list[list[tuple[int, Pin]]]


def _pulls(wiring: Wiring, *, leftwards: bool) -> Pulls:
    """For each item the pins on that side that it is wired to, and at which height of its own."""
    found: Pulls = [[] for _ in wiring.heights]
    for channel in wiring.channels:
        for segment in channel.values():
            ends = (segment.right, segment.left) if leftwards else (segment.left, segment.right)
            for item, at in ends[0]:
                found[item] += [(at, pin) for pin in ends[1]]
    return found


def _gap(upper: int, lower: int, boxes: int) -> int:
    if upper < boxes and lower < boxes:
        return _BETWEEN_BOXES
    return _BETWEEN_WIRES if upper >= boxes and lower >= boxes else _BESIDE_BOX


def _settle(layer: Sequence[int], pulls: Pulls, tops: list[float], wiring: Wiring, boxes: int) -> None:
    """Move the items of a layer as near to where they are pulled as their order and the room between allow.

    That is a least squares problem in one dimension: blocks of items that touch move as one (pool adjacent violators).
    """
    blocks: list[tuple[float, float, int]] = []  # (mean, weight, items)
    offsets: list[float] = []
    offset = 0.0
    for before, item in zip([None, *layer], layer, strict=False):
        if before is not None:
            offset += wiring.heights[before] + _gap(before, item, boxes)
        offsets.append(offset)
        goals = [tops[other] + there - here for here, (other, there) in pulls[item]]
        wanted = statistics.median(goals) if goals else tops[item]
        # Straight wires are worth more than boxes in the middle of their neighbours.
        weight = 0.1 if not goals else 4.0 if item >= boxes else 1.0
        block = (wanted - offset, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, heavy, count = blocks.pop()
            total = heavy + block[1]
            block = ((mean * heavy + block[0] * block[1]) / total, total, count + block[2])
        blocks.append(block)
    place = 0
    for mean, _, count in blocks:
        for number in range(place, place + count):
            tops[layer[number]] = mean + offsets[number]
        place += count


def _snapped(wiring: Wiring, tops: Sequence[float], boxes: int) -> list[int]:
    """The tops on the grid, the highest at 0, none too near to the one above it."""
    found = [0] * len(tops)
    base = min(tops, default=0.0)
    for number, layer in enumerate(wiring.layers):
        least = 0
        for before, item in zip([None, *layer], layer, strict=False):
            if before is not None:
                least = found[before] + wiring.heights[before] + _gap(before, item, boxes)
            wanted = max(tops[item] - base, least)
            found[item] = _box(wanted, least) if item < boxes else _lane(wanted, least, LANES[number % 2])
    return found


def _box(wanted: float, least: int) -> int:
    near = round(wanted / GRID) * GRID
    return near if near >= least else near + GRID


def _lane(wanted: float, least: int, offsets: tuple[int, ...]) -> int:
    row = int(wanted // GRID) * GRID
    lanes = [start + lane for start in (row - GRID, row, row + GRID) for lane in offsets]
    return min((lane for lane in lanes if lane >= least), key=lambda lane: abs(lane - wanted))

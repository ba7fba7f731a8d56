"""The order of the items in each layer, such that few wires cross: sweeps to barycentres, then swaps of neighbours."""

import bisect
from collections.abc import Sequence

from dbsync.diagram.layout.wires import Pin, Wiring

_SWEEPS = 16
_WORTH_SWAPPING = 3000
"""Swapping neighbours takes long, and shows little, where there are more items."""

Links = list[tuple[Pin, Pin]]


def order(wiring: Wiring) -> None:
    """Put the items of each layer in order."""
    links = [_links(wiring, channel) for channel in range(len(wiring.layers))]
    toward_left = [_by_end(links[layer - 1], 1) if layer else {} for layer in range(len(wiring.layers))]
    toward_right = [_by_end(links[layer], 0) for layer in range(len(wiring.layers))]
    best, fewest = [list(layer) for layer in wiring.layers], _crossings(wiring, links)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        rightwards = sweep % 2 == 0
        numbers = range(len(wiring.layers))
        for layer in numbers if rightwards else reversed(numbers):
            _sort(wiring, layer, toward_left[layer] if rightwards else toward_right[layer])
        if (count := _crossings(wiring, links)) < fewest:
            best, fewest = [list(layer) for layer in wiring.layers], count
    wiring.layers[:] = best
    if fewest and len(wiring.heights) <= _WORTH_SWAPPING:
        _swap(wiring, toward_left, toward_right)


def _links(wiring: Wiring, channel: int) -> Links:
    return [(one, other) for part in wiring.channels[channel].values() for one in part.left for other in part.right]


def _by_end(links: Links, end: int) -> dict[int, list[tuple[int, Pin]]]:
    """For each item on one side, its links: the height on it, and the pin on the other side."""
    found: dict[int, list[tuple[int, Pin]]] = {}
    for link in links:
        item, at = link[end]
        found.setdefault(item, []).append((at, link[1 - end]))
    return found


def _positions(wiring: Wiring, layer: int) -> dict[int, int]:
    return {item: number for number, item in enumerate(wiring.layers[layer])}


def _sort(wiring: Wiring, layer: int, links: dict[int, list[tuple[int, Pin]]]) -> None:
    """Sort a layer by where the links of its items end; items without any stay where they are."""
    items = wiring.layers[layer]
    if not links:
        return
    neighbour = next(iter(links.values()))[0][1][0]
    places = _positions(wiring, wiring.layer_of[neighbour])
    wanted = {}
    for item in items:
        if item in links:
            pins = [places[other] + at / (wiring.heights[other] + 1) for _, (other, at) in links[item]]
            wanted[item] = sum(pins) / len(pins)
    moving = iter(sorted(wanted, key=lambda item: wanted[item]))
    wiring.layers[layer] = [next(moving) if item in wanted else item for item in items]


def _crossings(wiring: Wiring, links: Sequence[Links]) -> int:
    total = 0
    for channel, found in enumerate(links):
        if len(found) < 2 or channel + 1 >= len(wiring.layers):
            continue
        left, right = _positions(wiring, channel), _positions(wiring, channel + 1)
        ends = sorted(((left[a], at), (right[b], bt)) for (a, at), (b, bt) in found)
        seen: list[tuple[int, int]] = []
        for start, end in ends:
            del start
            total += len(seen) - bisect.bisect_right(seen, end)
            bisect.insort(seen, end)
    return total


def _swap(
    wiring: Wiring,
    toward_left: Sequence[dict[int, list[tuple[int, Pin]]]],
    toward_right: Sequence[dict[int, list[tuple[int, Pin]]]],
) -> None:
    """Swap neighbours as long as that takes crossings away."""
    for _ in range(10):
        better = False
        for layer, items in enumerate(wiring.layers):
            sides = []
            for links, other in ((toward_left[layer], layer - 1), (toward_right[layer], layer + 1)):
                if links and 0 <= other < len(wiring.layers):
                    places = _positions(wiring, other)
                    sides.append({i: sorted((places[o], at) for _, (o, at) in pins) for i, pins in links.items()})
            for place in range(len(items) - 1):
                one, other = items[place], items[place + 1]
                gain = sum(
                    _inversions(ends[one], ends[other]) - _inversions(ends[other], ends[one])
                    for ends in sides
                    if one in ends and other in ends
                )
                if gain > 0:
                    items[place], items[place + 1] = other, one
                    better = True
        if not better:
            return


def _inversions(upper: list[tuple[int, int]], lower: list[tuple[int, int]]) -> int:
    """How many links of two items cross if the first stands above the second."""
    return sum(bisect.bisect_left(lower, end) for end in upper)

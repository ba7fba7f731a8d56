"""Where in the channel between two layers each wire turns, and the corners of every edge's way."""

import bisect
import itertools
from collections.abc import Sequence

from dbsync.diagram.layout.graph import Edge, Graph, Layout, Point
from dbsync.diagram.layout.wires import Net, Pin, Segment, Wiring

_PAD = 24
"""Room for the signs at the ends of a line."""
_TRACK = 8
_NARROWEST = 64
_ON_TOP = 1000
"""What it costs that two wires run on top of one another."""
_WORTH_SORTING = 400


def route(graph: Graph, wiring: Wiring, tops: Sequence[int]) -> Layout:
    """The layout of boxes and ways, once it is known how high everything stands."""
    tracks = [_tracks([*channel.values()], tops) for channel in wiring.channels]
    lefts: list[int] = []
    starts: list[int] = []
    x = 0
    for layer, items in enumerate(wiring.layers):
        lefts.append(x)
        x += max((graph.boxes[item].width for item in items if item < len(graph.boxes)), default=0)
        starts.append(x + _PAD)
        used = max(tracks[layer].values(), default=-1) + 1
        if layer + 1 < len(wiring.layers):
            x += max(_NARROWEST, 2 * _PAD + (used - 1) * _TRACK)
            if 2 * _PAD + (used - 1) * _TRACK < _NARROWEST:
                starts[-1] += (_NARROWEST - 2 * _PAD - max(used - 1, 0) * _TRACK) // 2
        elif used:
            x += _PAD + (used - 1) * _TRACK
    places = [(lefts[wiring.layer_of[one]], tops[one]) for one in range(len(graph.boxes))]
    ways = [_way(graph, wiring, edge, places, tops, tracks, starts) for edge in graph.edges]
    height = max((tops[one] + box.height for one, box in enumerate(graph.boxes)), default=0)
    height = max([height, *(tops[item] for item in wiring.crossings.values())])
    return Layout(places, ways, x, height)


def _way(
    graph: Graph,
    wiring: Wiring,
    edge: Edge,
    places: Sequence[Point],
    tops: Sequence[int],
    tracks: Sequence[dict[Net, int]],
    starts: Sequence[int],
) -> list[Point]:
    legs = wiring.way(edge)
    rightwards = legs[0][1].net[2]
    loop = edge.tail == edge.head

    def end(box: int, at: int, *, right: bool) -> Point:
        x, y = places[box]
        return (x + graph.boxes[box].width if right else x, y + at)

    points = [end(edge.tail, edge.tail_at, right=loop or not rightwards)]
    for channel, segment, here, there in legs:
        if segment.net in tracks[channel]:
            x = starts[channel] + tracks[channel][segment.net] * _TRACK
            points += [(x, _y(here, tops)), (x, _y(there, tops))]
    points.append(end(edge.head, edge.head_at, right=rightwards))
    return _straightened(points)


def _straightened(points: Sequence[Point]) -> list[Point]:
    """The points without those that lie on a straight line between their neighbours."""
    found: list[Point] = []
    for point in points:
        if found and found[-1] == point:
            continue
        if len(found) > 1 and (found[-2][0] == found[-1][0] == point[0] or found[-2][1] == found[-1][1] == point[1]):
            found.pop()
        found.append(point)
    return found


def _y(pin: Pin, tops: Sequence[int]) -> int:
    return tops[pin[0]] + pin[1]


class _Upright:
    """The upright part of a wire in a channel, and the heights at which it is met from the left and the right."""

    def __init__(self, segment: Segment, tops: Sequence[int]):
        self.net = segment.net
        self.left = sorted(_y(pin, tops) for pin in segment.left)
        self.right = sorted(_y(pin, tops) for pin in segment.right)
        self.top, self.bottom = min(self.left + self.right), max(self.left + self.right)

    def meets(self, other: "_Upright") -> bool:
        return self.top <= other.bottom + 4 and other.top <= self.bottom + 4

    def cost(self, other: "_Upright") -> int:
        """How often the two cross if this one is on the left."""
        mine, theirs = self.right, other.left
        crossed = bisect.bisect_left(mine, other.bottom) - bisect.bisect_right(mine, other.top)
        crossed += bisect.bisect_left(theirs, self.bottom) - bisect.bisect_right(theirs, self.top)
        return max(crossed, 0) + _ON_TOP * len({*mine} & {*theirs})


def _tracks(segments: Sequence[Segment], tops: Sequence[int]) -> dict[Net, int]:
    """The track of each wire that turns in a channel: few crossings, and never two on top of one another."""
    uprights = [one for segment in segments if (one := _Upright(segment, tops)).top != one.bottom]
    uprights.sort(key=lambda one: (one.top + one.bottom, one.net))
    ordered: list[_Upright] = []
    if len(uprights) > _WORTH_SORTING:
        ordered = uprights
    else:
        for one in uprights:
            _insert(one, ordered)
        _improve(ordered)
    found: dict[Net, int] = {}
    for number, one in enumerate(ordered):
        found[one.net] = max((found[other.net] + 1 for other in ordered[:number] if other.meets(one)), default=0)
    return found


def _insert(one: _Upright, ordered: list[_Upright]) -> None:
    """Put an upright where it crosses the least of those that are there."""
    before = [other.cost(one) for other in ordered]
    after = [one.cost(other) for other in ordered]
    totals = [
        *itertools.accumulate((b - a for b, a in zip(before, after, strict=True)), initial=sum(after)),
    ]
    ordered.insert(min(range(len(totals)), key=lambda place: (totals[place], -place)), one)


def _improve(ordered: list[_Upright]) -> None:
    for _ in range(10):
        better = False
        for place in range(len(ordered) - 1):
            one, other = ordered[place], ordered[place + 1]
            if other.cost(one) < one.cost(other):
                ordered[place], ordered[place + 1] = other, one
                better = True
        if not better:
            return

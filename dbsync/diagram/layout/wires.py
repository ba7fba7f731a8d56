"""The layered picture as items and segments: edges that share their way are one wire, with a pin in each layer."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

from dbsync.diagram.layout.graph import Edge, Graph

Pin = tuple[int, int]
"""An item, and the height on it from its top."""
Net = tuple[int, int, bool]
"""A head, the height on it, and whether the wire comes from its right side."""


@dataclasses.dataclass
class Segment:
    """What one wire connects in the channel behind a layer: pins on the left side, and pins on the right side."""

    net: Net
    left: list[Pin] = dataclasses.field(default_factory=list)
    right: list[Pin] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Wiring:
    """Items are boxes (numbered as in the graph) and, behind them, the crossings of wires through layers.

    `layers` holds the items of each layer from top to bottom, `channels` the segments behind each layer.
    """

    heights: list[int]
    layers: list[list[int]]
    channels: list[dict[Net, Segment]]
    layer_of: list[int]
    crossings: dict[tuple[Net, int], int]
    """The item of a wire in a layer."""

    def way(self, edge: Edge) -> list[tuple[int, Segment, Pin, Pin]]:
        """The channels that an edge goes through from its tail to its head: (channel, segment, pin in, pin out)."""
        net = _net(edge, self.layer_of)
        start, goal = self.layer_of[edge.tail], self.layer_of[edge.head]
        step = -1 if net[2] else 1
        found = []
        here: Pin = (edge.tail, edge.tail_at)
        channels = range(start - 1, goal - 1, -1) if net[2] else range(start, goal)
        if start == goal:
            channels = range(start, start + 1)
        for channel in channels:
            last = channel == channels[-1]
            after = channel if step < 0 else channel + 1
            there: Pin = (edge.head, edge.head_at) if last else (self.crossings[net, after], 0)
            found.append((channel, self.channels[channel][net], here, there))
            here = there
        return found


def _net(edge: Edge, layer_of: Sequence[int]) -> Net:
    return (edge.head, edge.head_at, layer_of[edge.tail] >= layer_of[edge.head])


def wire(graph: Graph, layers: Sequence[Sequence[int]]) -> Wiring:
    """The wiring of a graph whose boxes have their layers."""
    layer_of = [0] * len(graph.boxes)
    for number, layer in enumerate(layers):
        for one in layer:
            layer_of[one] = number
    wiring = Wiring(
        heights=[box.height for box in graph.boxes],
        layers=[list(layer) for layer in layers],
        channels=[{} for _ in layers],
        layer_of=layer_of,
        crossings={},
    )
    nets: defaultdict[Net, list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        nets[_net(edge, layer_of)].append(edge)
    for net, edges in nets.items():
        _lay(wiring, net, edges)
    return wiring


def _lay(wiring: Wiring, net: Net, edges: Sequence[Edge]) -> None:
    """Add the crossings and segments of one wire."""
    head, at, rightwards = net
    home = wiring.layer_of[head]
    tails: defaultdict[int, list[Pin]] = defaultdict(list)
    for edge in edges:
        pin = (edge.tail, edge.tail_at)
        if pin not in tails[wiring.layer_of[edge.tail]]:
            tails[wiring.layer_of[edge.tail]].append(pin)
    far = max(tails) if rightwards else min(tails)
    between = range(home + 1, far) if rightwards else range(far + 1, home)
    for layer in between:
        item = len(wiring.heights)
        wiring.heights.append(0)
        wiring.layer_of.append(layer)
        # In the middle, where the boxes on both sides of it are near to the next layer's.
        wiring.layers[layer].insert(len(wiring.layers[layer]) // 2, item)
        wiring.crossings[net, layer] = item

    def pins(layer: int) -> list[Pin]:
        crossing = wiring.crossings.get((net, layer))
        return tails[layer] + ([(crossing, 0)] if crossing is not None else [])

    def hub(layer: int) -> list[Pin]:
        return [(head, at)] if layer == home else [(wiring.crossings[net, layer], 0)]

    if rightwards:
        for channel in range(home, max(far, home + 1)):
            left, right = hub(channel), pins(channel + 1) if far > home else []
            # An edge from a box to itself leaves and comes back on the right.
            wiring.channels[channel][net] = Segment(net, left + (tails[home] if channel == home else []), right)
    else:
        for channel in range(far, home):
            wiring.channels[channel][net] = Segment(net, pins(channel), hub(channel + 1))

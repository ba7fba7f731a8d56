"""A graph of things to do: puts them in order, the most urgent first among those that nothing holds back."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Graph(Generic[T]):
    """Nodes with "this comes after that"; a wish is kept unless it closes a circle."""

    def __init__(self, nodes: Iterable[T]):
        self.before: dict[T, set[T]] = {node: set() for node in nodes}
        self.wishes: dict[T, set[T]] = {node: set() for node in self.before}

    def after(self, one: T, other: T, *, wish: bool = False) -> None:
        """`one` comes after `other`, if both are nodes."""
        if one != other and one in self.before and other in self.before:
            (self.wishes if wish else self.before)[one].add(other)

    def order(self, urgency: Callable[[T], Any]) -> tuple[list[T], set[T]]:
        """The nodes in order, and those that had to be taken before their time to open a circle."""
        group = components({node: self.before[node] | self.wishes[node] for node in self.before})
        waits = {
            node: set(self.before[node]) | {w for w in self.wishes[node] if group[w] != group[node]}
            for node in self.before
        }
        followers: defaultdict[T, list[T]] = defaultdict(list)
        for node, others in waits.items():
            for other in others:
                followers[other].append(node)
        ready = [(urgency(node), n, node) for n, node in enumerate(waits) if not waits[node]]
        number = {node: n for n, node in enumerate(waits)}
        heapq.heapify(ready)
        done: list[T] = []
        seen: set[T] = set()
        forced: set[T] = set()
        while len(done) < len(waits):
            if not ready:
                rest = [node for node in waits if node not in seen]
                node = min(rest, key=lambda node: (len(waits[node]), urgency(node), number[node]))
                forced.add(node)
            else:
                node = heapq.heappop(ready)[2]
            if node in seen:
                continue
            seen.add(node)
            done.append(node)
            for follower in followers[node]:
                waits[follower].discard(node)
                if not waits[follower] and follower not in seen:
                    heapq.heappush(ready, (urgency(follower), number[follower], follower))
        return done, forced


def components(edges: dict[T, set[T]]) -> dict[T, int]:
    """The strongly connected component of each node, as a number (Tarjan's algorithm, without recursion)."""
    index: dict[T, int] = {}
    low: dict[T, int] = {}
    component: dict[T, int] = {}
    stack: list[T] = []
    for start in edges:
        if start in index:
            continue
        index[start] = low[start] = len(index)
        stack.append(start)
        work = [(start, iter(edges[start]))]
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    work.append((other, iter(edges[other])))
                    break
                if other not in component:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    while True:
                        member = stack.pop()
                        component[member] = index[node]
                        if member == node:
                            break
    return component

"""The lines beside the boxes of a text: an upright lane for each table that others refer to."""

import dataclasses
from collections.abc import Mapping, Set


@dataclasses.dataclass(frozen=True)
class Crossing:
    """What the lines are in one row of text: how far the row's own line reaches, where it ends, what passes by."""

    reach: int
    """The last lane that the row's own line comes to; -1 where it has none."""
    joins: Mapping[int, str]
    """The lanes that the line joins, each with its sign."""
    passing: Set[int]
    goal: bool

    def sign(self, lane: int) -> str:
        """The sign at a lane."""
        if lane in self.joins:
            return self.joins[lane] if lane == self.reach else "●"
        if lane in self.passing:
            return "┼" if lane < self.reach else "│"
        return "─" if lane < self.reach else " "


@dataclasses.dataclass(frozen=True)
class Lanes:
    """The lane of each goal's line, by the row of the goal."""

    ends: Mapping[int, Set[int]]
    """For each goal's row the rows that lead to it."""
    lane: Mapping[int, int]
    width: int
    """How much room they take; 0 where there are none."""

    @property
    def count(self) -> int:
        """How many lanes there are."""
        return max(self.lane.values(), default=-1) + 1

    def at(self, row: int) -> Crossing:
        """The lines in a row."""
        joins: dict[int, str] = {}
        passing = set()
        for goal, tails in self.ends.items():
            top, bottom = min(goal, *tails), max(goal, *tails)
            if row == goal or row in tails:
                joins[self.lane[goal]] = "┐" if row == top else "┘" if row == bottom else "┤"
            elif top < row < bottom:
                passing.add(self.lane[goal])
        return Crossing(max(joins, default=-1), joins, passing, row in self.ends)


def lanes(ends: Mapping[int, Set[int]]) -> Lanes:
    """Give each line the nearest lane that is free over its whole length, short lines first."""
    spans = {goal: (min(goal, *tails), max(goal, *tails)) for goal, tails in ends.items()}
    taken: list[list[tuple[int, int]]] = []
    found: dict[int, int] = {}
    for goal, (top, bottom) in sorted(spans.items(), key=lambda one: (one[1][1] - one[1][0], one[0])):
        free = (
            number
            for number, used in enumerate(taken)
            if all(bottom < other_top or top > other_bottom for other_top, other_bottom in used)
        )
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((top, bottom))
        found[goal] = lane
    return Lanes(ends, found, 1 + 2 * len(taken) if taken else 0)

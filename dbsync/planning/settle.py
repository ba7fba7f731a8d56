"""Says two catalogs in the same words.

What PostgreSQL prints is not a fixed point: `CHECK (s IN ('a', 'b'))` on a varchar and some view texts read
differently after one dump and reload. So a difference in text counts only if it is still there when both sides have
been through PostgreSQL once more: what differs, with what it needs, or the whole where that cannot be made alone.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from dbsync.compare import compare
from dbsync.errors import ScratchError
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, Object

Reload = Callable[[str], Catalog]
"""A database's name → the catalog of what its dump becomes when it is loaded."""
Anew = Callable[[Catalog, Sequence[Id]], Catalog | None]
"""A catalog and names of objects → a catalog in which those are made anew; None where they cannot be made alone."""
Objects = Mapping[Id, Object]


class Settler:
    """Compares the catalogs of scratch databases, settling their words only where that can matter."""

    def __init__(self, anew: Anew, reload: Reload, database: str):
        """`database` holds the desired state; it is reloaded once at most."""
        self.anew = anew
        self.reload = reload
        self.database = database
        self._desired: Catalog | None = None
        self._known: dict[Id, tuple[Object, Object]] = {}

    def sides(self, database: str, current: Catalog, goal: Catalog) -> tuple[Catalog, Catalog]:
        """`current` (of `database`) and `goal`, in the same words."""
        suspects = [
            change.id
            for change in compare(current, goal)
            if change.before and change.after and any(_is_text(change.after, f) for f in change.fields())
        ]
        return self.reworded(database, current, goal, suspects) if suspects else (current, goal)

    def reworded(self, database: str, current: Catalog, goal: Catalog, suspects: list[Id]) -> tuple[Catalog, Catalog]:
        """`current` and `goal` with the texts of some objects, of the one or the other, in the same words."""
        there = [one for one in suspects if one in current.objects]
        settled = self.anew(current, there)
        if settled is None:
            try:
                settled = self.reload(database)
            except ScratchError:
                # On the way to the goal a state may be one that no dump gives back, as with two functions that a call
                # could mean: its texts count as they are.
                return current, goal
        wanted = self._settled_goal(goal, [one for one in suspects if one in goal.objects])
        return reworded(current, settled.objects, there), reworded(goal, wanted, suspects)

    def _settled_goal(self, goal: Catalog, suspects: list[Id]) -> Objects:
        """What the suspects become; the goal stays the same over many comparisons."""
        new = [one for one in suspects if one not in self._known or self._known[one][0] != goal.objects[one]]
        if new:
            settled = self._desired or self.anew(goal, new)
            if settled is None:
                settled = self._desired = self.reload(self.database)
            self._known |= {one: (goal.objects[one], settled.objects.get(one, goal.objects[one])) for one in new}
        return {one: self._known[one][1] for one in suspects}


def reworded(catalog: Catalog, settled: Objects, suspects: list[Id]) -> Catalog:
    """The catalog with the text of some objects as it reads once settled; all that is no text stays."""
    objects = dict(catalog.objects)
    for one in suspects:
        if one in objects and (other := settled.get(one)) is not None:
            thing = objects[one]
            texts = {f.name: getattr(other, f.name) for f in dataclasses.fields(thing) if _is_text(thing, f.name)}
            objects[one] = dataclasses.replace(thing, **texts)
    return dataclasses.replace(catalog, objects=objects)


def unlike(live: Catalog, copy: Catalog) -> tuple[str, ...]:
    """Where a copy is not like live, in sentences; texts that only read differently after a reload do not count."""
    found = []
    for change in compare(live, copy):
        if change.before is None:
            found.append(f"the copy of live has {change.id}, which live has not")
        elif change.after is None:
            found.append(f"the copy of live lacks {change.id}")
        elif fields := [field for field in change.fields() if not _is_text(change.after, field)]:
            found.append(f"the copy of live has another {' and '.join(fields)} of {change.id}")
    return tuple(found)


def _is_text(thing: Object, field: str) -> bool:
    value = getattr(thing, field)
    return field not in ("path", "target") and (
        isinstance(value, str) or (isinstance(value, tuple) and all(isinstance(item, str) for item in value))
    )

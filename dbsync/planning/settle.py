"""Says two catalogs in the same words.

What PostgreSQL prints is not a fixed point: `CHECK (s IN ('a', 'b'))` on a varchar and some view texts read
differently after one dump and reload. So a difference in text counts only if it is still there when both sides have
been through PostgreSQL until they stop changing.
"""

import dataclasses
from collections.abc import Callable

from dbsync.compare import compare
from dbsync.errors import ScratchError
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, Object

Reload = Callable[[str], Catalog]
"""A database's name → the catalog of what its dump becomes when it is loaded."""


class Settler:
    """Compares the catalogs of scratch databases, settling their words only where that can matter."""

    def __init__(self, reload: Reload, database: str):
        """`database` holds the desired state; it is reloaded once at most."""
        self.reload = reload
        self.database = database
        self.desired: Catalog | None = None

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
        if self.desired is None:
            self.desired = self.reload(self.database)
        try:
            reloaded = self.reload(database)
        except ScratchError:
            # On the way to the goal a state may be one that no dump gives back, as with two functions that a call
            # could mean: its texts count as they are.
            return current, goal
        return reworded(current, reloaded, suspects), reworded(goal, self.desired, suspects)


def reworded(catalog: Catalog, reloaded: Catalog, suspects: list[Id]) -> Catalog:
    """The catalog with the text of some objects as it reads after a reload; what a dump does not carry stays."""
    objects = dict(catalog.objects)
    for one in suspects:
        if one in objects and (other := reloaded.objects.get(one)) is not None:
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

"""The renames of some history records, taken back: what live has, and what it was called before the first of them."""

import functools
from collections.abc import Callable, Mapping, Sequence

from dbsync.model.changes import Rename
from dbsync.model.objects import Id
from dbsync.planning.directed import Wish

Path = tuple[str, ...]
Names = Mapping[Id, Id]


def called_before(records: Sequence[Sequence[Rename]]) -> Callable[[Id], Id]:
    """Gives the names that objects had before the renames of some records, in their order."""
    back = [{one.after: one.before for one in renames} for renames in reversed(records)]
    return lambda one: functools.reduce(_renamed, back, one)


def called_after(records: Sequence[Sequence[Rename]]) -> Callable[[Id], Id]:
    """Gives the names that objects have after the renames of some records, in their order."""
    forth = [{one.before: one.after for one in renames} for renames in records]
    return lambda one: functools.reduce(_renamed, forth, one)


def taken_back(records: Sequence[Sequence[Rename]]) -> tuple[Wish, ...]:
    """What is to be renamed; `records` in their order, each with its renames."""
    forth = [{one.before: one.after for one in renames} for renames in records]
    back = [{one.after: one.before for one in renames} for renames in records]
    found: dict[Id, Id] = {}
    for number, renames in enumerate(records):
        for rename in renames:
            live = functools.reduce(_renamed, forth[number + 1 :], rename.after)
            goal = functools.reduce(_renamed, reversed(back[:number]), rename.before)
            if live != goal:
                found[live] = goal
    # What an object is within has its name of then already, when the object gets its own.
    return tuple(Wish(_within(live, found), goal, known=True) for live, goal in found.items())


def _renamed(one: Id, names: Names) -> Id:
    """The identity after renames of it or of what it is within."""
    return names[one] if one in names else _within(one, names)


def _within(one: Id, names: Names) -> Id:
    wholes: dict[Path, Path] = {before.path: after.path for before, after in names.items()}
    for length in range(len(one.path) - 1, 0, -1):
        if one.path[:length] in wholes:
            return one._replace(path=(*wholes[one.path[:length]], *one.path[length:]))
    return one

"""Drops and adds of the same shape: what looks like a rename, which neither PostgreSQL nor dbsync can know."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync.model.changes import Change
from dbsync.model.objects import Id, Object, Satellite


def possible_renames(changes: Sequence[Change]) -> tuple[tuple[Id, Id], ...]:
    """Pairs (removed, added) that are alike in all but the name, each object in one pair at most."""
    return tuple(_pairs(changes))


def _pairs(changes: Sequence[Change]) -> Iterator[tuple[Id, Id]]:
    removed = [c.before for c in changes if c.before and not c.after and _counts(c.before)]
    added = [c.after for c in changes if c.after and not c.before and _counts(c.after)]
    shapes = {id(thing): _shape(thing, changes) for thing in (*removed, *added)}
    taken: set[Id] = set()
    for one in removed:
        for other in added:
            if other.id in taken or one.kind != other.kind or one.path[:-1] != other.path[:-1]:
                continue
            if shapes[id(one)] == shapes[id(other)]:
                taken.add(other.id)
                yield one.id, other.id
                break


def _counts(thing: Object) -> bool:
    """Whether losing it by a wrong guess would hurt: what holds rows does."""
    return not isinstance(thing, Satellite) and thing.loses() is not None


def _shape(thing: Object, changes: Sequence[Change]) -> tuple[object, ...]:
    """Its fields, and the shape of the columns (or whatever holds rows) within it."""
    own = tuple((f.name, getattr(thing, f.name)) for f in dataclasses.fields(thing) if f.compare and f.name != "path")
    within = sorted(
        repr(
            (
                member.path[-1],
                [getattr(member, f.name) for f in dataclasses.fields(member) if f.compare and f.name != "path"],
            )
        )
        for change in changes
        if (member := change.before or change.after) and member.within() == thing.id and member.loses() is not None
    )
    return (*own, tuple(within))

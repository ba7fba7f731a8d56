"""Drops and adds of the same shape: what looks like a rename, which neither PostgreSQL nor dbsync can know."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from dbsync.model.changes import Change
from dbsync.model.objects import Id, Object, Satellite

Members = Mapping[Id, Sequence[Object]]


def possible_renames(changes: Sequence[Change]) -> tuple[tuple[Id, Id], ...]:
    """Pairs (removed, added) that are alike in all but the name, each object in one pair at most."""
    removed = [c.before for c in changes if c.before and not c.after and _counts(c.before)]
    added = [c.after for c in changes if c.after and not c.before and _counts(c.after)]
    return tuple(_pairs(removed, added)) if removed and added else ()


def _pairs(removed: Sequence[Object], added: Sequence[Object]) -> Iterator[tuple[Id, Id]]:
    before, after = _members(removed), _members(added)
    waiting: defaultdict[str, list[Id]] = defaultdict(list)
    for one in added:
        waiting[_shape(one, after)].append(one.id)
    for one in removed:
        if alike := waiting[_shape(one, before)]:
            yield one.id, alike.pop(0)


def _members(things: Sequence[Object]) -> Members:
    found: defaultdict[Id, list[Object]] = defaultdict(list)
    for thing in things:
        if parent := thing.within():
            found[parent].append(thing)
    return found


def _counts(thing: Object) -> bool:
    """Whether losing it by a wrong guess would hurt: what holds rows does."""
    return not isinstance(thing, Satellite) and thing.loses() is not None


def _shape(thing: Object, members: Members) -> str:
    """Where it stands, its fields, and the names and fields of what holds rows within it."""
    within = sorted(repr((member.path[-1], _fields(member))) for member in members.get(thing.id, ()))
    return repr((thing.kind, thing.path[:-1], _fields(thing), within))


def _fields(thing: Object) -> list[object]:
    return [getattr(thing, f.name) for f in dataclasses.fields(thing) if f.compare and f.name != "path"]

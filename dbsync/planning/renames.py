"""What is dropped and added alike looks like a rename: only who wrote the file knows, and a directive can say so."""

import dataclasses
import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from dbsync import sql
from dbsync.model.changes import Change, PossibleRename
from dbsync.model.objects import Id, Object, Satellite
from dbsync.model.text import Place

Members = Mapping[Id, Sequence[Object]]

_FEW = 20
"""Among so many that are alike the one with the name that is nearest is looked for."""


def possible_renames(
    changes: Sequence[Change], places: Mapping[Id, Place], texts: Mapping[str, str]
) -> tuple[PossibleRename, ...]:
    """Pairs that are alike in all but the name, each object in one at most, with what to write where.

    `places` has the places in the schema file, `texts` its files.
    """
    removed = [c.before for c in changes if c.before and not c.after and _counts(c.before)]
    added = [c.after for c in changes if c.after and not c.before and _counts(c.after)]
    pairs = [*(_pairs(removed, added) if removed and added else ()), *_members(changes)]
    return tuple(_possible(before, after, places.get(after), texts) for before, after in pairs)


def _possible(before: Id, after: Id, place: Place | None, texts: Mapping[str, str]) -> PossibleRename:
    name = sql.literal(before.path[-1]) if before.kind == "label" else sql.name(before.path[-1])
    if before.path[:-1] != after.path[:-1]:
        name = sql.qualified(*before.path)
    directive, above = f"dbsync: renamed from {name}", True
    if place and place.file in texts:
        line = texts[place.file].split("\n", place.line)[place.line - 1]
        above = not line[: place.column - 1].strip()
    return PossibleRename(before, after, f"-- {directive}" if above else f"/* {directive} */", place)


def _pairs(removed: Sequence[Object], added: Sequence[Object]) -> Iterator[tuple[Id, Id]]:
    before, after = _inside(removed), _inside(added)
    waiting: defaultdict[str, list[Object]] = defaultdict(list)
    for one in added:
        waiting[_shape(one, after)].append(one)
    left = []
    for one in removed:
        if alike := waiting[_shape(one, before)]:
            yield one.id, alike.pop(_nearest(one, alike)).id
        else:
            left.append(one)
    elsewhere = {_shape(one, after, moved=True): one for some in waiting.values() for one in some}
    for one in left:
        if (other := elsewhere.pop(_shape(one, before, moved=True), None)) and one.move(one.path[0]) is not None:
            yield one.id, other.id


def _nearest(one: Object, alike: Sequence[Object]) -> int:
    """The one at the same place among its siblings, or with the most similar name."""
    if len(alike) > _FEW:
        return 0

    def similar(index: int) -> tuple[bool, float]:
        other = alike[index]
        alikeness = difflib.SequenceMatcher(a=one.path[-1], b=other.path[-1]).ratio()
        return (one.position() == other.position(), alikeness)

    return max(range(len(alike)), key=similar)


def _members(changes: Sequence[Change]) -> Iterator[tuple[Id, Id]]:
    """Labels and attributes that are gone, and others that stand in their places."""
    for change in changes:
        if change.before is None or change.after is None:
            continue
        old, new = change.before.part_names(), change.after.part_names()
        for tag, i, j, k, length in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
            if tag != "replace" or j - i != length - k:
                continue
            kind = change.after.part
            for gone, come in zip(old[i:j], new[k:length], strict=True):
                if gone not in new and come not in old:
                    yield Id(kind, (*change.id.path, gone)), Id(kind, (*change.id.path, come))


def _inside(things: Sequence[Object]) -> Members:
    found: defaultdict[Id, list[Object]] = defaultdict(list)
    for thing in things:
        if parent := thing.within():
            found[parent].append(thing)
    return found


def _counts(thing: Object) -> bool:
    """Whether a wrong guess would hurt: where rows hang on it."""
    return not isinstance(thing, Satellite) and (thing.loses() is not None or thing.renewable)


def _shape(thing: Object, members: Members, *, moved: bool = False) -> str:
    """Where it stands, its fields, and the names and fields of what holds rows within it; or its name but no schema."""
    within = sorted(repr((member.path[-1], _fields(member))) for member in members.get(thing.id, ()))
    where = thing.path[1:] if moved else thing.path[:-1]
    return repr((thing.kind, where, _fields(thing), within))


def _fields(thing: Object) -> list[object]:
    return [getattr(thing, f.name) for f in dataclasses.fields(thing) if f.compare and f.name != "path"]

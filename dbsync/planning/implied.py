"""What is equal in all but its name, and holds no rows: constraints, indexes, the sequences of columns.

PostgreSQL makes such names of the table's, and leaves them as they are when that is renamed. Dropped and made anew
they would cost as much as the table has rows, so they are renamed, whatever the reason why they are called otherwise.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, Object, Satellite

Reworded = Callable[[list[Id]], tuple[Catalog, Catalog]]
"""The current and the desired catalog with the texts of some objects in the same words."""


def same_but_named(current: Catalog, desired: Catalog, reworded: Reworded) -> list[tuple[Object, Object]]:
    """Pairs (current, desired) of objects that are within the same one and equal in all but their names."""
    gone = [thing for one, thing in current.objects.items() if one not in desired.objects and _counts(thing)]
    come = [thing for one, thing in desired.objects.items() if one not in current.objects and _counts(thing)]
    places = {(thing.kind, thing.within()) for thing in gone} & {(thing.kind, thing.within()) for thing in come}
    if not places:
        return []
    gone, come = ([one for one in some if (one.kind, one.within()) in places] for some in (gone, come))
    pairs = list(_pairs(gone, come))
    paired = {thing.id for pair in pairs for thing in pair}
    if rest := [thing.id for thing in (*gone, *come) if thing.id not in paired]:
        # PostgreSQL prints some texts otherwise once they have been through it.
        one, other = reworded(rest)
        gone, come = ([c.objects[i] for i in rest if i in c.objects] for c in (one, other))
        pairs += _pairs(gone, come)
    return [(current.objects[before.id], desired.objects[after.id]) for before, after in pairs]


def derived(current: Catalog, desired: Catalog, renamed: frozenset[Id]) -> Iterator[tuple[Object, Object]]:
    """What was renamed, or is within what was, and differs in nothing but names that were made of the old one."""
    for one, before in current.objects.items():
        after = desired.objects.get(one)
        if after is None or after == before or not renamed & {one, before.within()}:
            continue
        fields = {f.name for f in dataclasses.fields(after) if f.compare}
        differs = {name for name in fields if getattr(before, name) != getattr(after, name)}
        if differs <= after.derived_names:
            yield before, after


def _counts(thing: Object) -> bool:
    """Whether it can be renamed, stands within another object, and has no rows to lose."""
    return (
        not isinstance(thing, Satellite)
        and thing.within() is not None
        and thing.loses() is None
        and thing.rename(thing.path[-1]) is not None
    )


def _pairs(gone: list[Object], come: list[Object]) -> Iterator[tuple[Object, Object]]:
    waiting: defaultdict[object, list[Object]] = defaultdict(list)
    for thing in come:
        waiting[_shape(thing)].append(thing)
    for thing in gone:
        if alike := waiting[_shape(thing)]:
            yield thing, alike.pop(0)


def _shape(thing: Object) -> object:
    fields: Mapping[str, object] = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing) if f.compare}
    return repr((thing.kind, thing.within(), {name: value for name, value in fields.items() if name != "path"}))

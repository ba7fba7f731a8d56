"""Decides what becomes of every object that differs, and of what depends on it: made, altered, dropped, made again.

PostgreSQL lets nothing be dropped under what depends on it, so an object that must be replaced takes its dependents
along, transitively. A type that columns have is renewed instead: the new one is made beside the old, and the columns
go over.
"""

import dataclasses
import functools
from collections import deque
from collections.abc import Collection, Iterator, Sequence

from dbsync.compare import compare
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, Object, Satellite
from dbsync.model.steps import Step


@dataclasses.dataclass
class Resolution:
    """What happens to each object; an object is in one of the groups, or stays as it is."""

    current: Catalog
    desired: Catalog
    created: set[Id] = dataclasses.field(default_factory=set)
    dropped: set[Id] = dataclasses.field(default_factory=set)
    altered: dict[Id, Sequence[Step]] = dataclasses.field(default_factory=dict)
    replaced: set[Id] = dataclasses.field(default_factory=set)
    renewed: set[Id] = dataclasses.field(default_factory=set)
    """Those of `replaced` whose new one is made before the old is dropped."""
    following: dict[Id, Sequence[Step]] = dataclasses.field(default_factory=dict)
    """Those that go over to a renewed one."""
    reasons: dict[Id, Id] = dataclasses.field(default_factory=dict)
    """For what is replaced on account of another object: that object."""
    causes: dict[Id, str] = dataclasses.field(default_factory=dict)
    """For some of those objects: what makes them the cause."""

    @functools.cached_property
    def made(self) -> frozenset[Id]:
        """Everything that is created, new or again; to be asked when all is decided."""
        return frozenset(self.created | self.replaced)

    @functools.cached_property
    def gone(self) -> frozenset[Id]:
        """Everything that is dropped, for good or to be made again; to be asked when all is decided."""
        return frozenset(self.dropped | self.replaced)

    @functools.cached_property
    def spared(self) -> frozenset[Id]:
        """What goes while something stays that comes from it by inheritance; to be asked when all is decided."""
        heirs = (self.current.objects[one] for one in self.altered)
        return frozenset(one for heir in heirs for one in heir.implied_by() if self.is_gone(one))

    def is_gone(self, one: Id) -> bool:
        """Whether it is dropped, for good or to be made again."""
        return one in self.dropped or one in self.replaced


def resolve(current: Catalog, desired: Catalog, again: Collection[Id] = ()) -> Resolution:
    """What has to happen so that `current` becomes `desired`; what is in `again` is not altered in place."""
    found = Resolution(current, desired)
    for change in compare(current, desired):
        if change.before is None:
            found.created.add(change.id)
        elif change.after is None:
            found.dropped.add(change.id)
        elif change.id not in again and (steps := change.after.alteration(change.before)) is not None:
            found.altered[change.id] = steps
        else:
            found.replaced.add(change.id)
    _uproot(found)
    _spread(found)
    _leave_out_implied(found)
    return found


def _uproot(found: Resolution) -> None:
    """Replace what does not take a change within it, and what has to be made again for something on it to go."""
    for one in sorted(found.created | found.replaced | set(found.altered)):
        thing, before = found.desired.objects[one], found.current.objects.get(one)
        whole = thing.within()
        if whole is None or whole not in found.current.objects:
            continue
        if why := thing.renews_whole(before, found.created):
            found.causes[one] = why
        if why or not found.current.objects[whole].takes(thing):
            list(_replace(found, whole, one))
    for one in sorted(found.dropped):
        thing = found.current.objects[one]
        if not any(found.is_gone(other) for other in thing.implied_by()):
            for other in thing.uproots():
                list(_replace(found, other, one))


def _spread(found: Resolution) -> None:
    """Carry every replacement on to the dependents."""
    queue = deque(sorted(found.dropped | found.replaced))
    for one in sorted(found.altered):
        queue.extend(_disturbed(found, one))
    done: set[Id] = set()
    while queue:
        one = queue.popleft()
        if one in done:
            continue
        done.add(one)
        renews = one in found.replaced and _renews(found, one)
        if renews:
            found.renewed.add(one)
        for other in sorted(found.current.dependents.get(one, ())):
            queue.extend(_carry(found, one, other, renews=renews))


def _carry(found: Resolution, one: Id, other: Id, *, renews: bool) -> Iterator[Id]:
    """What must be replaced since `other` depends on `one`, which is dropped or replaced."""
    if found.is_gone(other) or other not in found.desired.objects:
        return
    if renews and (steps := found.desired.objects[other].follow()) is not None:
        if other in found.following:
            return
        found.following[other] = steps
        found.altered.pop(other, None)
        for third in sorted(found.current.dependents.get(other, ())):
            if not isinstance(found.current.objects[third], Satellite) and _shows_the_type(found, third):
                yield from _replace(found, third, other)
        return
    if one in found.dropped and other in found.altered:
        return
    yield from _replace(found, other, one)


def _shows_the_type(found: Resolution, one: Id) -> bool:
    """Whether an object depends on a column's type, not only on the column's being there."""
    thing = found.current.objects[one]
    return thing.follow() is None and "column" not in thing.independent_of and one.kind != "owned by"


def _replace(found: Resolution, one: Id, reason: Id) -> Iterator[Id]:
    if found.is_gone(one) or one not in found.desired.objects:
        return
    found.altered.pop(one, None)
    found.following.pop(one, None)
    found.replaced.add(one)
    found.reasons[one] = reason
    yield one


def _renews(found: Resolution, one: Id) -> bool:
    """Whether something can go over to a new one beside it: what depends on it, or on a type renewed with it."""
    if not found.current.objects[one].renewable:
        return False
    others = (other for other in found.current.dependents.get(one, ()) if other in found.desired.objects)
    return any(_renews(found, other) or _follows(found, other) for other in others)


def _follows(found: Resolution, one: Id) -> bool:
    return not found.is_gone(one) and found.desired.objects[one].follow() is not None


def _disturbed(found: Resolution, one: Id) -> Iterator[Id]:
    """What stands in the way of an alteration in place."""
    kinds = found.desired.objects[one].disturbs(found.current.objects[one])
    if not kinds:
        return
    for other in sorted(found.current.dependents.get(one, ())):
        if other.kind in kinds:
            yield from _replace(found, other, one)


def _leave_out_implied(found: Resolution) -> None:
    """Leave out what PostgreSQL does along with another object's step."""
    touched = found.created | found.dropped | found.replaced | set(found.altered) | set(found.following)
    for one in sorted(touched):
        thing: Object = found.desired.objects.get(one) or found.current.objects[one]
        implying = [other for other in thing.implied_by() if other in touched]
        if one in found.altered:
            # What is detached, since the other's whole is made again, follows it no longer.
            implying = [other for other in implying if not _goes_whole(found, other)]
        if not implying:
            continue
        parent = thing.within()
        if one in found.created and (parent in found.created or parent in found.replaced):
            continue
        if found.is_gone(one) and parent is not None and found.is_gone(parent):
            continue
        found.created.discard(one)
        found.dropped.discard(one)
        found.replaced.discard(one)
        found.altered.pop(one, None)
        found.following.pop(one, None)


def _goes_whole(found: Resolution, one: Id) -> bool:
    """Whether what an object is within is dropped, for good or to be made again."""
    thing = found.current.objects.get(one)
    whole = thing.within() if thing else None
    return whole is not None and found.is_gone(whole)

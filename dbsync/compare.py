"""Two catalogs → the changes between them."""

from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change
from dbsync.model.objects import Object


def compare(current: Catalog, desired: Catalog) -> tuple[Change, ...]:
    """The changes that make `current` into `desired`, in the order of their identities."""
    before, after = current.objects, desired.objects
    differing = [one for one in before.keys() | after.keys() if _differ(before.get(one), after.get(one))]
    return tuple(Change(one, before.get(one), after.get(one)) for one in sorted(differing))


def _differ(one: Object | None, other: Object | None) -> bool:
    """Whether two objects differ; what both catalogs share need not be looked at field by field."""
    return one is not other and one != other

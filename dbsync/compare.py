"""Two catalogs → the changes between them."""

from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change


def compare(current: Catalog, desired: Catalog) -> tuple[Change, ...]:
    """The changes that make `current` into `desired`, in the order of their identities."""
    before, after = current.objects, desired.objects
    differing = [one for one in before.keys() | after.keys() if before.get(one) != after.get(one)]
    return tuple(Change(one, before.get(one), after.get(one)) for one in sorted(differing))

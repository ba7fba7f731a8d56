"""Two catalogs → the changes between them."""

from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change


def compare(current: Catalog, desired: Catalog) -> tuple[Change, ...]:
    """The changes that make `current` into `desired`, in the order of their identities."""
    before, after = current.objects, desired.objects
    # What both catalogs share is not looked at field by field. Each is gone through in its own order: a set of both is
    # in none, which takes twice as long where they do not fit into the processor's cache.
    differing = [one for one, thing in before.items() if (other := after.get(one)) is not thing and other != thing]
    differing += [one for one in after if one not in before]
    return tuple(Change(one, before.get(one), after.get(one)) for one in sorted(differing))

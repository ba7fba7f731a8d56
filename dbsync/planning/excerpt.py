"""An excerpt of a catalog: some objects with what they cannot be without, so that they alone can be made anew."""

import dataclasses
from collections.abc import Iterable

from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id

_PARTS = frozenset({"column", "inheritance", "partition"})
"""What a table is made of, whether or not something needs it by name."""


def excerpt(catalog: Catalog, ids: Iterable[Id]) -> Catalog:
    """The objects by these names, those that they stand within, and all that these need, over any number of steps."""
    found: set[Id] = set()
    waiting = list(ids)
    while waiting:
        one = waiting.pop()
        thing = catalog.objects.get(one)
        if thing is None or one in found:
            continue
        found.add(one)
        waiting += catalog.needs.get(one, ())
        waiting += thing.implied_by()
        waiting += [part.id for part in catalog.children.get(one, ()) if part.kind in _PARTS]
        if parent := thing.within():
            waiting.append(parent)
    return dataclasses.replace(
        catalog,
        objects={one: catalog.objects[one] for one in sorted(found)},
        needs={one: catalog.needs.get(one, frozenset()) & found for one in found},
    )

"""A catalog: everything in a database at one moment, as objects and what they need."""

import dataclasses
import functools
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from dbsync.model.objects import Id, Object

Address = tuple[str, int, int]
"""(system catalog, oid, sub-id), as pg_depend knows an object."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Catalog:
    """The objects of a database by identity, and for each the objects that it needs directly."""

    objects: Mapping[Id, Object]
    needs: Mapping[Id, frozenset[Id]]
    addresses: Mapping[Address, Id] = dataclasses.field(default_factory=dict, compare=False, repr=False)
    said: Mapping[Id, tuple[Any, ...]] = dataclasses.field(default_factory=dict, compare=False, repr=False)
    """What PostgreSQL said of each object: where it says the same, the object is the same."""
    version: int = 0

    @functools.cached_property
    def dependents(self) -> Mapping[Id, Collection[Id]]:
        """For each object those that need it directly, each once."""
        found: defaultdict[Id, list[Id]] = defaultdict(list)
        for one, others in self.needs.items():
            for other in others:
                found[other].append(one)
        return dict(found)

    @functools.cached_property
    def children(self) -> Mapping[Id, tuple[Object, ...]]:
        """For each object those that are within it."""
        found: defaultdict[Id, list[Object]] = defaultdict(list)
        for one in self.objects.values():
            if parent := one.within():
                found[parent].append(one)
        return {parent: tuple(members) for parent, members in found.items()}

    @functools.cached_property
    def digests(self) -> Mapping[Id, str]:
        """For each object a digest that is equal for equal objects: oids and fields that do not count are left out."""
        return {one: thing.digest for one, thing in sorted(self.objects.items())}

    @functools.cached_property
    def fingerprint(self) -> str:
        """A digest that is equal for equal catalogs."""
        return hashlib.sha256(repr([*self.digests.items()]).encode()).hexdigest()

    def without(self, ids: Iterable[Id]) -> "Catalog":
        """The catalog less some objects."""
        gone = frozenset(ids)
        if not gone:
            return self
        return dataclasses.replace(
            self,
            objects={k: v for k, v in self.objects.items() if k not in gone},
            needs={k: v - gone for k, v in self.needs.items() if k not in gone},
        )


EMPTY = Catalog(objects={}, needs={})

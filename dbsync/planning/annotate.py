"""Gives every step its place in the schema file."""

import dataclasses
from collections.abc import Iterator, Mapping

from dbsync.load.places import Places
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id
from dbsync.model.plan import Batch, Observed
from dbsync.model.text import Place
from dbsync.planning.directed import whole


def annotated(batches: tuple[Batch, ...], places: Mapping[Id, Place], goal: Catalog) -> tuple[Batch, ...]:
    """The batches, with the place that asks for each step, where the file has one."""
    return tuple(
        dataclasses.replace(batch, steps=tuple(_annotated(one, places, goal) for one in batch.steps))
        for batch in batches
    )


def _annotated(one: Observed, places: Mapping[Id, Place], goal: Catalog) -> Observed:
    about = one.step.about if one.step.about in goal.objects else next(iter(one.touched), one.step.about)
    place = one.step.place or place_of(about, places, goal)
    return dataclasses.replace(one, step=dataclasses.replace(one.step, about=about, place=place))


def place_of(one: Id, places: Mapping[Id, Place], goal: Catalog) -> Place | None:
    """The place of an object, or else of what it is within."""
    here: Id | None = one
    while here is not None:
        if place := places.get(here):
            return place
        thing = goal.objects.get(here)
        here = thing.within() if thing else None
    return None


class FilePlaces(Mapping[Id, Place]):
    """The places that loading took down, by identity instead of address."""

    def __init__(self, places: Places, desired: Catalog):
        self.places = places
        self.desired = desired
        self.addresses = {one: address for address, one in desired.addresses.items()}

    def __getitem__(self, one: Id) -> Place:
        parent = whole(self.desired, one)
        place = self.places.part(self.addresses[parent], one.kind, one.path[-1]) if parent in self.addresses else None
        if place is None and (address := self.addresses.get(one)):
            place = self.places.objects.get(address)
        if place is None:
            raise KeyError(one)
        return place

    def __iter__(self) -> Iterator[Id]:
        return iter(self.addresses)

    def __len__(self) -> int:
        return len(self.addresses)

"""Gives every step its place in the schema file."""

import dataclasses
from collections.abc import Mapping

from dbsync.load.places import Places
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id
from dbsync.model.plan import Batch, Observed
from dbsync.model.text import Place


def annotated(batches: tuple[Batch, ...], places: Mapping[Id, Place], goal: Catalog) -> tuple[Batch, ...]:
    """The batches, with the place that asks for each step, where the file has one."""
    return tuple(
        dataclasses.replace(batch, steps=tuple(_annotated(one, places, goal) for one in batch.steps))
        for batch in batches
    )


def _annotated(one: Observed, places: Mapping[Id, Place], goal: Catalog) -> Observed:
    about = one.step.about if one.step.about in goal.objects else next(iter(one.touched), one.step.about)
    place = _place(about, places, goal)
    return dataclasses.replace(one, step=dataclasses.replace(one.step, about=about, place=place))


def _place(one: Id, places: Mapping[Id, Place], goal: Catalog) -> Place | None:
    """The place of an object, or else of what it is within."""
    here: Id | None = one
    while here is not None:
        if here in places:
            return places[here]
        thing = goal.objects.get(here)
        here = thing.within() if thing else None
    return None


def places_of(places: Places, desired: Catalog) -> dict[Id, Place]:
    """The places that loading took down, by identity instead of address."""
    found = {one: place for address, place in places.objects.items() if (one := desired.addresses.get(address))}
    for kind, parts in (("column", places.columns), ("constraint", places.constraints)):
        for (address, name), place in parts.items():
            if (table := desired.addresses.get(address)) and (one := Id(kind, (*table.path, name))) in desired.objects:
                found[one] = place
    return found

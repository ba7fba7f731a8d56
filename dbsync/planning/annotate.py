"""Gives every step its place in the schema file."""

import dataclasses
from collections.abc import Mapping

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

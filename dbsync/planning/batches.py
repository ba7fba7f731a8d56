"""Cuts a plan's steps into the transactions that apply runs: as few as PostgreSQL lets it be."""

from collections.abc import Collection, Iterator

from dbsync.model.objects import Id
from dbsync.model.plan import Batch, Observed


def whole(steps: tuple[Observed, ...]) -> tuple[Batch, ...]:
    """One transaction, but where a step refuses to run in any, or is to have its own."""
    found: list[Batch] = []
    together: list[Observed] = []
    for one in steps:
        if one.step.transactional and not one.step.apart:
            together.append(one)
            continue
        if together:
            found.append(Batch(steps=tuple(together)))
        found.append(Batch(steps=(one,), transactional=one.step.transactional))
        together = []
    if together:
        found.append(Batch(steps=tuple(together)))
    return tuple(found)


def committed_before(batches: tuple[Batch, ...], number: int, position: int) -> tuple[Batch, ...]:
    """The batches with a COMMIT before a step: after the steps that take one, which then go first, if they can."""
    steps = batches[number].steps
    first = tuple(one for one in steps if one.step.takes_commit)
    rest = tuple(one for one in steps if not one.step.takes_commit)
    parts = (first, rest) if first and rest else (steps[:position], steps[position:])
    return (*batches[:number], *(Batch(steps=part) for part in parts), *batches[number + 1 :])


def clean_cuts(steps: tuple[Observed, ...], there: Collection[Id]) -> frozenset[int]:
    """The positions before which a COMMIT leaves no object of live (those that are `there`) half changed.

    What live has and more than one step speaks of, as of a view that is dropped and made again, stays together.
    """

    def about(one: Observed) -> Iterator[Id]:
        return (name for name in (one.step.about, *one.touched) if name in there)

    last = {name: position for position, one in enumerate(steps) for name in about(one)}
    found, reach = set[int](), -1
    for position, one in enumerate(steps):
        if position > max(reach, 0):
            found.add(position)
        reach = max((reach, *(last[name] for name in about(one))))
    return frozenset(found)

"""What an apply did, in a few lines."""

from collections.abc import Iterator

from dbsync.model.outcome import Outcome, Seeded
from dbsync.render.page import Page, count


def render(outcome: Outcome, page: Page) -> Iterator[str]:
    """The lines."""
    if outcome.steps:
        record = f" It is number {outcome.record} in the history." if outcome.record is not None else ""
        words = f"{count(outcome.steps, 'step')} in {outcome.seconds:.1f} s; live is {outcome.goal}.{record}"
        first, *others = page.wrapped(words, "Applied: ", "")
        yield first.replace("Applied:", page.paint("Applied:", "good"), 1)
        yield from others
    if outcome.seeded is not None:
        yield f"rows: {seeded(outcome.seeded)}"
    for note in outcome.notes:
        yield from page.wrapped(note, "· ")


def seeded(seeds: Seeded) -> str:
    """ "4 rows inserted", "nothing to change"."""
    parts = [("inserted", seeds.inserted), ("updated", seeds.updated), ("deleted", seeds.deleted)]
    return ", ".join(f"{count(number, 'row')} {verb}" for verb, number in parts if number) or "nothing to change"

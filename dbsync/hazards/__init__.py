"""One file per hazard: what live's rows can do to a plan, found from the plan and asked of live.

A hazard is found, not registered: every module without an underscore that defines `questions(facts)`. Each has a page
in docs/hazards.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator

from dbsync.hazards._asking import ask, sizes
from dbsync.hazards._examined import examined
from dbsync.hazards._facts import Facts
from dbsync.hazards._lineage import Lineage, Moved, Standing, lineage, standing
from dbsync.model.hazards import Question

__all__ = ["HAZARDS", "Facts", "Lineage", "Moved", "Standing", "ask", "lineage", "questions", "sizes", "standing"]

Find = Callable[[Facts], Iterator[Question]]


def _found() -> Iterator[tuple[str, Find]]:
    for info in pkgutil.iter_modules(__path__):
        if not info.name.startswith("_"):
            yield info.name.replace("_", "-"), importlib.import_module(f"{__name__}.{info.name}").questions


HAZARDS: dict[str, Find] = dict(_found())
"""Every hazard by its name."""


def questions(facts: Facts) -> tuple[Question, ...]:
    """All that the live database has to be asked, each question once; some have a reason why they are not to be put."""
    found = [question for find in HAZARDS.values() for question in find(facts)]
    return tuple(examined(facts, question) for question in dict.fromkeys(found))

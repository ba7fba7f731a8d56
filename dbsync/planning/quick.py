"""A plan, from memory where nothing has changed: most modules are not even read for that."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from dbsync.load.reach import Reach
from dbsync.model.plan import Plan
from dbsync.planning.again import Again
from dbsync.planning.live import Live, looking
from dbsync.planning.memory import Files, Memory
from dbsync.planning.request import PlanRequest, Progress

T = TypeVar("T")
_INCLUDE = "\\i"
"""What a file that includes another must hold."""
Looked = contextlib.AbstractContextManager[Live]


def make_plan(request: PlanRequest, progress: Progress) -> Plan:
    """As `planner.make_plan`, with the same errors."""

    def made(live: Looked) -> Plan:
        from dbsync.planning import planner

        return planner.make_plan(request, progress, live)

    return _recalled(request, progress, made, steps=True)


def look(request: PlanRequest, progress: Progress) -> Plan:
    """As `planner.look`, with the same errors."""

    def looked(live: Looked) -> Plan:
        from dbsync.planning import planner

        return planner.look(request, progress, live)

    return _recalled(request, progress, looked)


def recalled(request: PlanRequest, progress: Progress) -> Plan | None:
    """The plan with nothing to do, if that is remembered of live as it is; None where more has to be looked at."""
    return _recalled(request, progress, lambda _: None)


def _recalled(
    request: PlanRequest, progress: Progress, otherwise: Callable[[Looked], T], *, steps: bool = False
) -> Plan | T:
    """The plan that is remembered, with `steps` also one with something to do; else what is made of live as it was
    looked at, whose connection is closed when that leaves its context."""
    began = time.monotonic()
    schema, seeds = (_files(one, request.include_path) for one in (request.schema, request.seeds))
    with contextlib.ExitStack() as stack:
        live = stack.enter_context(looking(request.target))
        memory = Memory(request, schema, seeds, live.facts)
        again = Again(memory)
        kept = [one for one in (memory, again if steps else None) if one and one.path.exists()]
        if kept:
            progress("reading live")
        plan = next((plan for one in kept if (plan := one.recall(live))), None)
        if plan is None:
            return otherwise(_left(live, stack))
    if not plan.empty:
        plan = again.asked(plan, progress)
    return dataclasses.replace(plan, seconds=time.monotonic() - began)


@contextlib.contextmanager
def _left(live: Live, stack: contextlib.ExitStack) -> Iterator[Live]:
    with stack:
        yield live


def _files(path: Path | None, include_path: Sequence[Path]) -> Files:
    """The name and the text of a file, and of what it includes."""
    if path is None:
        return ()
    source = Reach(path, include_path).read(path)
    if _INCLUDE not in source.text:
        return ((source.name, source.text),)
    from dbsync.load.script import read_script  # the parser takes its time

    return read_script(path, include_path).files

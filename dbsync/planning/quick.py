"""A plan, from memory where nothing has changed: most modules are not even read for that."""

import dataclasses
import time
from pathlib import Path

from dbsync.load.source import read
from dbsync.model.plan import Plan
from dbsync.pg.connect import connect
from dbsync.planning.again import Again
from dbsync.planning.live import reading
from dbsync.planning.memory import Files, Memory
from dbsync.planning.request import PlanRequest, Progress

_INCLUDE = "\\i"
"""What a file that includes another must hold."""


def make_plan(request: PlanRequest, progress: Progress) -> Plan:
    """As `planner.make_plan`, with the same errors."""
    if (plan := recalled(request, progress, steps=True)) is not None:
        return plan
    from dbsync.planning import planner

    return planner.make_plan(request, progress)


def recalled(request: PlanRequest, progress: Progress, *, steps: bool = False) -> Plan | None:
    """The plan with nothing to do, if that is remembered of live as it is; None where more has to be looked at.

    With `steps` also one with something to do that was made before.
    """
    began = time.monotonic()
    schema, seeds = _files(request.schema), _files(request.seeds)
    with connect(request.target, read_only=True) as connection, reading(connection) as live:
        memory = Memory(request, schema, seeds, live.facts)
        again = Again(memory)
        kept = [one for one in (memory, again if steps else None) if one and one.path.exists()]
        if kept:
            progress("reading live")
        plan = next((plan for one in kept if (plan := one.recall(live))), None)
    if plan and not plan.empty:
        plan = again.asked(plan, progress)
    return plan and dataclasses.replace(plan, seconds=time.monotonic() - began)


def _files(path: Path | None) -> Files:
    """The name and the text of a file, and of what it includes."""
    if path is None:
        return ()
    source = read(path)
    if _INCLUDE not in source.text:
        return ((source.name, source.text),)
    from dbsync.load.script import read_script  # the parser takes its time

    return read_script(path).files

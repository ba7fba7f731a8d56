"""A plan, from memory where nothing has changed: most modules are not even read for that."""

import dataclasses
import time

from dbsync.load.source import read
from dbsync.model.plan import Plan
from dbsync.pg.connect import connect
from dbsync.planning.live import reading
from dbsync.planning.memory import Memory
from dbsync.planning.request import PlanRequest, Progress

_INCLUDE = "\\i"
"""What a file that includes another must hold."""


def make_plan(request: PlanRequest, progress: Progress) -> Plan:
    """As `planner.make_plan`, with the same errors."""
    if (plan := recalled(request, progress)) is not None:
        return plan
    from dbsync.planning import planner

    return planner.make_plan(request, progress)


def recalled(request: PlanRequest, progress: Progress) -> Plan | None:
    """The plan with nothing to do, if that is remembered of live as it is; None where more has to be looked at."""
    began = time.monotonic()
    schema, *seeds = sources = [read(path) for path in (request.schema, request.seeds) if path]
    if any(_INCLUDE in source.text for source in sources):
        return None
    with connect(request.target, read_only=True) as connection, reading(connection) as live:
        files = ((schema.name, schema.text),)
        memory = Memory(request, files, tuple((source.name, source.text) for source in seeds), live.facts)
        if not memory.path.exists():
            return None
        progress("reading live")
        plan = memory.recall(live, closely=False)
    return plan and dataclasses.replace(plan, seconds=time.monotonic() - began)

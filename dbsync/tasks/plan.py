"""What would make live what the schema file says."""

import dataclasses
from pathlib import Path

from dbsync.config import Config
from dbsync.load.script import read_script
from dbsync.model.outcome import Observer
from dbsync.model.plan import Plan
from dbsync.model.text import Script
from dbsync.pg.target import Target
from dbsync.planning.planner import PlanRequest, make_plan
from dbsync.tasks.live import live


@dataclasses.dataclass(frozen=True)
class Planned:
    """A plan, and the seeds that are run after it."""

    plan: Plan
    seeds_file: Path | None
    seeds: Script | None


def plan(config: Config, observer: Observer) -> Planned:
    """Plan, and change nothing."""
    with live(config, observer) as target:
        return plan_for(config, target, observer)


def plan_for(config: Config, target: Target, observer: Observer) -> Planned:
    """Plan for a target that is at hand."""
    seeds = read_script(config.seeds) if config.seeds else None
    request = PlanRequest(
        target=target,
        schema=config.schema,
        manage=config.manage,
        scratch=config.scratch,
        author=config.author,
        environ=config.environ,
    )
    return Planned(make_plan(request, observer.progress), config.seeds, seeds)

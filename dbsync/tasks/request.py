"""What a plan is asked for, as the settings have it."""

from dbsync.config import Config
from dbsync.pg.target import Target
from dbsync.planning.request import PlanRequest
from dbsync.scratch.fence import machine


def request_for(config: Config, target: Target) -> PlanRequest:
    """The request of a plan for this live. ScratchError where a fence is required that there is not."""
    if config.require_fence:
        machine.require(config.scratch)
    return PlanRequest(
        target=target,
        schema=config.schema,
        seeds=config.seeds,
        manage=config.manage,
        scratch=config.scratch,
        author=config.author,
        environ=config.environ,
        online=config.online,
        question_timeout=config.question_timeout,
        load_timeout=config.load_timeout,
        include_path=config.include_path,
    )

"""Make live what the schema file says, once somebody has agreed to the plan."""

from collections.abc import Callable

from dbsync.apply.engine import apply_plan
from dbsync.apply.session import Checks, Limits
from dbsync.config import Config
from dbsync.model.outcome import Observer, Outcome
from dbsync.pg.connect import connect
from dbsync.planning.live import fingerprint
from dbsync.planning.verify import remaining
from dbsync.tasks.live import live
from dbsync.tasks.plan import Planned, plan_for


def apply(config: Config, approve: Callable[[Planned], None], observer: Observer) -> Outcome | None:
    """Plan, have it approved (`approve` raises Refused if not), and apply; None where there was nothing to do."""
    with live(config, observer) as target:
        planned = plan_for(config, target, observer)
        approve(planned)
        if planned.plan.empty and planned.seeds is None:
            return None
        return apply_plan(
            lambda: connect(target),
            planned.plan,
            checks=Checks(fingerprint, remaining),
            seeds=planned.seeds,
            limits=Limits(lock_timeout=config.lock_timeout),
            observer=observer,
        )

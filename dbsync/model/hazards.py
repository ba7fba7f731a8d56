"""A hazard: what an operator must agree to before a plan with it is applied."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Hazard:
    """`name` is what --allow takes ("data-loss"); `what` says it of this plan."""

    name: str
    what: str

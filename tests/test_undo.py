"""Undo over the corpus: the first case of each kind is applied and undone, from what the plan says of before alone."""

import dataclasses
from typing import Any

import pytest

from dbsync.apply.engine import apply_plan
from dbsync.apply.session import Checks
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.planning.live import fingerprint
from dbsync.planning.planner import PlanRequest, go_back, make_plan
from dbsync.planning.sources import Recorded
from dbsync.planning.verify import drift, remaining
from dbsync.snapshot import snapshot
from tests.convergence import EVERYTHING, filled
from tests.corpus_case import Case, cases
from tests.plugins.database import MakeDatabase


def first_cases() -> list[Any]:
    return [one for one in cases() if one.values[0].again and "refused" not in one.values[0].said]


@pytest.mark.usefixtures("kept_scratch")
@pytest.mark.parametrize("case", first_cases())
def test_undo(case: Case, make_database: MakeDatabase) -> None:
    live = make_database()
    with filled(live, case.start.read_text()) as session:
        before = snapshot(session)
    manage = case.said.get("manage", EVERYTHING)
    # The corpus has what every author writes; here it is about the way back.
    request = PlanRequest(target=live, schema=case.end, author="dbsync")
    plan = make_plan(dataclasses.replace(request, manage=manage), lambda _: None)
    if plan.empty:
        return
    run(live, plan)
    assert plan.before is not None
    state = Recorded(undoes=1, state=plan.before, text="", digest="")
    run(live, go_back(request, state, lambda _: None))
    with connect(live) as session:
        after = snapshot(session)
    assert list(drift(after.digests, before.digests)) == []


def run(live: Target, plan: Plan) -> None:
    apply_plan(lambda: connect(live), plan, checks=Checks(fingerprint, remaining))

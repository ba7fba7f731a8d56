"""Random walks from schema to schema of the corpus: each is planned, proven and applied on what the last one left.

A walk is known by its number. `DBSYNC_CHAINS=100 make test ARGS=tests/test_chains.py` walks more of them.
"""

import os
import random

import pytest

from dbsync.apply.engine import apply_plan
from dbsync.apply.session import Checks
from dbsync.pg.connect import connect
from dbsync.planning.live import fingerprint
from dbsync.planning.planner import PlanRequest, make_plan
from dbsync.planning.verify import remaining
from dbsync.scratch.binaries import Installation
from dbsync.snapshot import snapshot
from tests.convergence import EVERYTHING, assert_equal, filled
from tests.corpus_case import schemas
from tests.plugins.database import MakeDatabase
from tests.plugins.server import Server

WALKS = int(os.environ.get("DBSYNC_CHAINS", "4"))
STEPS = 4


@pytest.mark.usefixtures("kept_scratch")
@pytest.mark.parametrize("walk", range(WALKS))
def test_chain(walk: int, server: Server, make_database: MakeDatabase, programs: Installation) -> None:
    live = make_database()
    path = random.Random(walk).sample(schemas(server.major), STEPS)
    for number, schema in enumerate(path):
        way = " → ".join(f"{one.parent.parent.name}/{one.parent.name}/{one.name}" for one in path[: number + 1])
        wanted = make_database()
        with filled(wanted, schema.read_text()) as session:
            goal = snapshot(session)
        request = PlanRequest(target=live, schema=schema, manage=EVERYTHING, author="dbsync" if walk % 2 else "best")
        try:
            apply_plan(lambda: connect(live), make_plan(request, lambda _: None), checks=Checks(fingerprint, remaining))
            assert_equal(live, (wanted, goal), programs, make_database)
        except Exception as error:
            error.add_note(f"on the way {way}")
            raise


def test_walks_have_where_to_go(server: Server) -> None:
    assert len(schemas(server.major)) > 100

"""After an apply: what live has that the replay did not end with, or lacks that it did."""

from typing import Any

import psycopg

from dbsync.model.changes import Change
from dbsync.model.plan import Plan
from dbsync.snapshot import snapshot

Connection = psycopg.Connection[Any]


def remaining(connection: Connection, plan: Plan) -> tuple[Change, ...]:
    """The objects of live that are neither as the plan's replay left them nor, untouched, as they were before."""
    if plan.current is None or plan.replayed is None:
        return ()
    now, before, after = snapshot(connection).objects, plan.current.objects, plan.replayed.objects
    return tuple(
        Change(one, now.get(one), after.get(one))
        for one in sorted(now.keys() | after.keys())
        if now.get(one) != after.get(one) and (one not in after or one not in now or now[one] != before.get(one))
    )

"""Finds which event triggers of the live database refuse a step: seen on copies, where they are let rest in turn."""

from collections.abc import Mapping, Sequence

import psycopg

from dbsync.kinds.event_trigger import EventTrigger
from dbsync.model.steps import Step
from dbsync.pg.event_triggers import awake, rest, wake
from dbsync.pg.failures import Failure
from dbsync.planning.workspace import Connection, Workspace
from dbsync.replay import Refusal

_MOST = 12
"""So many steps are looked at."""


def guards(workspace: Workspace, refused: Sequence[Refusal]) -> Mapping[Step, tuple[str, ...]]:
    """The names of the event triggers that refuse a step, by itself each, which is taken where none of them fires."""
    if not any(isinstance(thing, EventTrigger) for thing in workspace.copied[1].objects.values()):
        return {}
    found = {}
    with workspace.fresh() as name, workspace.scratch.connect(name) as admin, workspace.running(name) as session:
        names = awake(admin)
        try:
            for trigger in names:
                rest(admin, trigger)
        except psycopg.errors.InsufficientPrivilege:
            return {}
        for one in refused[:_MOST]:
            if one.step.transactional and not _refuses(session, one):
                found[one.step] = tuple(trigger for trigger in names if _guards(admin, session, trigger, one))
    return found


def _guards(admin: Connection, session: Connection, name: str, refused: Refusal) -> bool:
    wake(admin, name)
    try:
        return _refuses(session, refused)
    finally:
        rest(admin, name)


def _refuses(session: Connection, refused: Refusal) -> bool:
    """Whether the copy refuses the step now, in the same words."""
    try:
        with session.transaction(force_rollback=True):
            session.execute(refused.step.sql.encode())
    except psycopg.Error as error:
        return Failure.of(error).message == refused.failure.message
    return False

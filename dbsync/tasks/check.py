"""Looks at live without changing it: can it be reached, is it what the files say, is anything left to mend."""

import contextlib
import time
from collections.abc import Iterator

import psycopg

from dbsync.apply.lock import holder
from dbsync.config import Config
from dbsync.errors import DbsyncError
from dbsync.model.health import Finding, Health
from dbsync.model.outcome import Observer, Record
from dbsync.model.plan import Plan
from dbsync.pg.condition import look as condition_of
from dbsync.pg.connect import connect
from dbsync.pg.failures import Failure
from dbsync.pg.target import Target
from dbsync.planning.quick import look, recalled
from dbsync.scratch.fence.machine import gap
from dbsync.scratch.given import PREFIX
from dbsync.tasks import findings
from dbsync.tasks.live import live
from dbsync.tasks.past import known_records
from dbsync.tasks.request import request_for

Connection = psycopg.Connection[object]

_PATIENCE = 30.0
"""Seconds that a question to live may take."""


def check(config: Config, observer: Observer, *, quick: bool = False) -> Health:
    """Look at everything, or (`quick`) at what needs no scratch database. ConnectionFailed if live is out of reach."""
    with live(config, observer) as target:
        observer.progress("asking live")
        began = time.monotonic()
        with contextlib.closing(connect(target, read_only=True, statement_timeout=_PATIENCE)) as connection:
            took = (time.monotonic() - began) * 1000
            number = connection.info.server_version
            condition = condition_of(connection, PREFIX)
            unread, applied, running = _history(connection)
            name = "the embedded development database" if config.embedded else target.label
            found = [
                Finding(about="connection", state="good", text=f"{name}, reached in {took:.0f} ms"),
                findings.server(number, condition),
                findings.role(condition),
            ]
        schema, plan = _schema(config, target, observer, applied, quick=quick)
        found += findings.fence(gap(config.scratch))
        rows = list(_seeds(config, plan))
        # What is as the files say needs no mending, however it came to be so.
        mended = all(one.state == "good" for one in (schema, *rows))
        past = unread or findings.history(applied, running, mended=mended)
        found += [schema, *rows, past, *findings.leftovers(condition)]
    return Health(
        target=name,
        findings=tuple(found),
        plan=plan,
        records=applied[: findings.LAST],
    )


def _history(connection: Connection) -> tuple[Finding | None, tuple[Record, ...], str | None]:
    """Why it cannot be read, or the records and who applies just now."""
    try:
        return None, known_records(connection), holder(connection)
    except psycopg.Error as error:
        text = f"it cannot be read: {Failure.of(error).message}"
        hint = "the role that applied the plans may read it"
        return Finding(about="history", state="unknown", text=text, hint=hint), (), None


def _schema(
    config: Config, target: Target, observer: Observer, applied: tuple[Record, ...], *, quick: bool
) -> tuple[Finding, Plan | None]:
    """Whether live is what the schema file says; what keeps that from being known is a finding, too."""
    request = request_for(config, target)
    try:
        plan = (recalled if quick else look)(request, observer.progress)
        if plan is None:
            # All kinds of objects take a while to import, which what is remembered does without.
            from dbsync.tasks.applied import as_applied

            return as_applied(config, target, applied), None
    except DbsyncError as error:
        return Finding(
            about="schema",
            state="bad",
            text=error.message,
            details=tuple(part for part in (error.excerpt, error.detail) if part),
            hint=error.hint,
            exit_code=error.exit_code,
        ), None
    if plan.differs:
        return findings.differs(plan, config.schema.name), plan
    text = f"live is what {config.schema.name} says: {len(plan.current):,} objects"
    return Finding(about="schema", state="good", text=text, details=tuple(_asides(plan))), plan


def _seeds(config: Config, plan: Plan | None) -> Iterator[Finding]:
    """Whether the declared rows are there, where that was looked at."""
    if plan and config.seeds and plan.differs:
        text = "not compared, for live is not what the schema file says"
        yield Finding(about="seeds", state="unknown", text=text)
    elif plan and config.seeds and plan.rows:
        yield findings.seeds(plan.rows, config.seeds.name)


def _asides(plan: Plan) -> Iterator[str]:
    if plan.kept:
        yield f"left alone: {', '.join(map(str, plan.kept))}"
    yield from plan.notes

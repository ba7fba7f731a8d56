"""Make live what the schema file says, once somebody has agreed to the plan."""

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path

import psycopg

from dbsync.apply.engine import apply_plan
from dbsync.apply.entry import entry
from dbsync.apply.history import records
from dbsync.apply.lock import wait_for_others
from dbsync.apply.preflight import check
from dbsync.apply.session import Checks, Limits
from dbsync.config import Config
from dbsync.errors import DbsyncError, Stale
from dbsync.model.outcome import Observer, Outcome
from dbsync.model.plan import Plan
from dbsync.pg.connect import connect
from dbsync.pg.failures import Failure
from dbsync.pg.target import Target
from dbsync.planning.asking import asked_again, refuse_rows
from dbsync.planning.past import arrival
from dbsync.planning.verify import gate, remaining, same
from dbsync.snapshot import snapshot
from dbsync.tasks.live import live
from dbsync.tasks.past import cut_off, settle_if_free, settle_records
from dbsync.tasks.plan import Planned, opened, plan_for


def apply(
    config: Config,
    approve: Callable[[Planned], None],
    observer: Observer,
    saved: Path | None = None,
    look: Callable[[Plan], None] = lambda _: None,
) -> Outcome | None:
    """Plan (or open a saved plan), have it approved (`approve` raises Refused if not), and apply.

    `look` raises Refused for a saved plan that is not the one that was agreed to: before anything of it is sent to the
    database, be it a question. None where there was nothing to do, also because another apply has done it meanwhile; a
    saved plan is then Stale.
    """
    kept = opened(saved, config.require_signature, config.environ) if saved else None
    if kept:
        look(kept.plan)
    with live(config, observer) as target:
        with contextlib.closing(connect(target)) as connection:
            # What could not be applied needs no plan, and nobody's consent.
            check(connection)
            if kept:
                gate(connection, kept.plan)
                # Rows come and go while a plan is kept.
                plan = asked_again(target, kept.plan, timeout=config.question_timeout, progress=observer.progress)
                kept = dataclasses.replace(kept, plan=plan)
            else:
                # Nobody wants what another apply leaves half done, or is about to do.
                wait_for_others(connection, observer, patience=config.patience)
        planned = kept or plan_for(config, target, observer)
        approve(planned)
        refuse_rows(planned.plan)
        if planned.plan.empty:
            _settle(target, observer)
            return None
        try:
            return carry_out(config, target, planned, observer)
        except Stale:
            if kept:
                raise
            again = plan_for(config, target, observer)
            if not again.plan.empty:
                raise
        observer.say("another apply has made the database what this plan was to make of it")
        approve(again)
        return None


def _settle(target: Target, observer: Observer) -> None:
    """Nothing has to be done: an apply that was cut off needs no other one."""
    with contextlib.closing(connect(target)) as connection:
        for record in settle_if_free(connection):
            observer.say(cut_off(record))


def carry_out(config: Config, target: Target, planned: Planned, observer: Observer) -> Outcome:
    """Apply what was agreed to; of an undo, say whether the live database is back."""
    outcome = apply_plan(
        lambda: connect(target),
        planned.plan,
        checks=Checks(lambda connection: gate(connection, planned.plan), remaining, same, settle_records),
        limits=limits(config),
        observer=observer,
    )
    if planned.plan.undoes is None:
        return outcome
    return dataclasses.replace(outcome, notes=(*outcome.notes, _arrived(target, planned.plan.undoes)))


def limits(config: Config) -> Limits:
    """How long an apply waits, as the settings have it."""
    return Limits(
        lock_timeout=config.lock_timeout,
        lock_budget=config.lock_budget,
        statement_timeout=config.statement_timeout,
        build_patience=config.build_patience,
        attempts=config.attempts,
        patience=config.patience,
        other_apply=config.patience,
    )


def _arrived(target: Target, undone: int) -> str:
    """Whether live is as it was before that record; what was applied stays so where that cannot be read."""
    try:
        with contextlib.closing(connect(target, read_only=True)) as connection:
            back = entry(connection, records(connection), undone)
            now = snapshot(connection)
    except (psycopg.Error, DbsyncError) as error:
        why = Failure.of(error).message if isinstance(error, psycopg.Error) else error.message
        return f"applied; whether live is exactly back could not be read: {why}"
    return arrival(now.digests, now.fingerprint, back, now.version)

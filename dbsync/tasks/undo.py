"""Live back to what it was before a history record."""

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Iterator

import psycopg

from dbsync.apply.entry import entry, former, losses, renames
from dbsync.apply.preflight import Connection, check
from dbsync.config import Config
from dbsync.errors import NoPlan, UsageError
from dbsync.model.changes import Rename
from dbsync.model.entry import Entry
from dbsync.model.outcome import Observer, Outcome, Record
from dbsync.model.plan import Plan
from dbsync.model.rows import FormerRows, deleted
from dbsync.pg.connect import connect
from dbsync.pg.target import Target
from dbsync.planning import past
from dbsync.planning.asking import refuse_rows
from dbsync.planning.planner import go_back
from dbsync.planning.sources import Recorded
from dbsync.seeds.former import found
from dbsync.tasks.apply import carry_out
from dbsync.tasks.history import reading
from dbsync.tasks.live import live
from dbsync.tasks.past import notes as history_notes
from dbsync.tasks.plan import Planned, named
from dbsync.tasks.request import request_for


@dataclasses.dataclass(frozen=True)
class _Back:
    """The record to go back before, the last one, the applied one that made the state in between, what is lost, and
    what is not."""

    target: Entry
    last: Entry
    earlier: Entry | None
    losses: tuple[tuple[int, str], ...]
    renamed: tuple[tuple[Rename, ...], ...]
    rows: tuple[tuple[FormerRows, ...], ...]
    """What each record from the target on wrote, as it was before."""
    notes: tuple[str, ...] = ()


def plan(config: Config, to: int | None, observer: Observer, *, rows: bool = True) -> Planned:
    """Plan, and change nothing. `to` is the record whose state is wanted, 0 the one before the first; None undoes
    the last record. Without `rows` those that were declared stay as they are."""
    with live(config, observer) as target:
        return _planned(config, target, to, observer, rows=rows)


def undo(
    config: Config, to: int | None, approve: Callable[[Planned], None], observer: Observer, *, rows: bool = True
) -> Outcome | None:
    """Plan as `plan` does, have it approved (`approve` raises Refused if not), and go back. None where there was
    nothing to do."""
    with live(config, observer) as target:
        with contextlib.closing(connect(target)) as connection:
            check(connection)
        planned = _planned(config, target, to, observer, rows=rows)
        approve(planned)
        refuse_rows(planned.plan)
        return None if planned.plan.empty else carry_out(config, target, planned, observer)


def _planned(config: Config, target: Target, to: int | None, observer: Observer, *, rows: bool) -> Planned:
    with reading(target) as (connection, records):
        server = connection.info.server_version
        back = _back(connection, records, to)
        if rows and back.target.state:
            back = _with_rows(connection, records, back)
    found = back.target
    if found.state is None:
        raise NoPlan(
            f"record {found.record.id} keeps no schema to go back to: an older dbsync wrote it",
            hint=f"dbsync history show {found.record.id} shows what it did; put the schema file back as it was, and"
            " dbsync apply",
        )
    text = back.earlier.schema_text if back.earlier else ""
    goal = Recorded(
        undoes=found.record.id,
        state=found.state,
        text=text,
        renamed=back.renamed,
        written=back.rows,
        digest=back.earlier.schema_digest if back.earlier else hashlib.sha256(b"").hexdigest(),
    )
    manage = found.manage if config.manage == "auto" else config.manage
    request = dataclasses.replace(request_for(config, target), seeds=None, manage=manage)
    plan = go_back(request, goal, observer.progress)
    notes = (*_notes(plan, back, server), *goal.rows.notes, *_instead(back, records), *plan.notes)
    notes = (*notes, *history_notes(target, changes=not plan.empty))
    return Planned(named(dataclasses.replace(plan, notes=notes), config))


def _back(connection: Connection, records: tuple[Record, ...], to: int | None) -> _Back:
    """Where to go. NoPlan where there is no history, UsageError where the number is none of its records."""
    if not records:
        raise NoPlan("dbsync has applied nothing to this database, so there is nothing to undo")
    last = records[0].id
    if to:
        entry(connection, records, to)
    number = last if to is None else min((one.id for one in records if one.id > to), default=None)
    if number is None:
        raise UsageError(
            f"record {to} is the last one: nothing was applied after it",
            hint="dbsync undo goes back before it; dbsync plan shows what was changed by hand since",
        )
    earlier = next((one.id for one in records if one.id < number and one.outcome == "applied"), None)
    target = entry(connection, records, number)
    changing = _changing(records, number)
    return _Back(
        target,
        entry(connection, records, last),
        entry(connection, records, earlier) if earlier is not None else None,
        tuple(losses(connection, changing)),
        tuple(renames(connection, changing)) if target.state else (),
        (),
    )


def _changing(records: tuple[Record, ...], number: int) -> list[int]:
    """The records from this one on that changed, or may have changed, anything."""
    return [one.id for one in records if one.id >= number and one.outcome != "failed"]


def _with_rows(connection: Connection, records: tuple[Record, ...], back: _Back) -> _Back:
    """The same, with the rows that the records wrote."""
    changing, notes = _changing(records, back.target.record.id), list[str]()
    rows = tuple(tuple(_found(connection, one, notes) for one in written) for written in former(connection, changing))
    return dataclasses.replace(back, rows=rows, notes=tuple(notes))


def _found(connection: Connection, rows: FormerRows, notes: list[str]) -> FormerRows:
    """The rows with the keys that live has chosen since; where it has other tables by now, a note tells."""
    try:
        with connection.transaction():
            return found(connection, rows)
    except psycopg.ProgrammingError as error:
        why = (error.diag.message_primary or str(error)).strip()
        notes.append(f"new rows of {'.'.join(rows.table)} stay: what they were called by is not there any more: {why}")
        return dataclasses.replace(rows, chosen=())


def _notes(plan: Plan, back: _Back, server: int) -> Iterator[str]:
    yield from past.stays_lost(_gone(plan, back))
    yield from past.by_hand(plan.current, back.last, server)
    if back.earlier:
        yield from past.between(back.earlier, back.target)
    yield from back.notes
    if plan.rows:
        yield "rows that were declared go back as well; all others stay as they are"
    else:
        yield "an undo brings back the schema; the rows of its tables stay as they are"


def _gone(plan: Plan, back: _Back) -> Iterator[tuple[int, str]]:
    """The losses, but for rows that the records kept and the plan brings back."""
    tables = {one.table.path for one in plan.rows}
    rows = (one for written in back.rows for one in written if one.table in tables)
    kept = {deleted(len(one.removed), one.table) for one in rows}
    yield from ((record, loss) for record, loss in back.losses if loss not in kept)


def _instead(back: _Back, records: tuple[Record, ...]) -> Iterator[str]:
    """What to type where the last record changed nothing, and the one before it is meant."""
    if back.last.record.outcome == "failed" and back.earlier and back.target.record == back.last.record:
        undone = back.earlier.record.id
        to = max((one.id for one in records if one.id < undone), default=0)
        yield f"record {back.last.record.id} failed and changed nothing; dbsync undo --to {to} undoes record {undone}"

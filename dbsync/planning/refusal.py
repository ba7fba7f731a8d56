"""Says why there is no plan: what remains, with both sides, the step that failed, what the witness says."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from dbsync import sql
from dbsync.authors.draft import Draft
from dbsync.errors import NoPlan
from dbsync.load.secrets import masked
from dbsync.model.changes import Change
from dbsync.model.steps import Step
from dbsync.planning.proof import NotProvenError
from dbsync.replay import Refusal

_MOST = 12
_TOO_MANY_COLUMNS = "54011"
_WITNESS_LINES = 40


def closest(failures: Sequence[Draft | NotProvenError]) -> Draft | NotProvenError:
    """The one that came closest to the goal."""
    return min(failures, key=_distance)


def refusals(failure: Draft | NotProvenError) -> tuple[Refusal, ...]:
    """What PostgreSQL refused."""
    if isinstance(failure, Draft):
        return failure.refused
    if failure.step is None or failure.failure is None:
        return ()
    return (Refusal(failure.step.step, failure.failure),)


def no_plan(
    failure: Draft | NotProvenError,
    role: str,
    *,
    superuser: bool,
    goal: str,
    guards: Mapping[Step, tuple[str, ...]] = MappingProxyType({}),
) -> NoPlan:
    """The error that says why something that was tried did not get to the goal.

    `guards` are the event triggers that refuse a step.
    """
    lines = list(_left(failure))
    for refusal in refusals(failure)[:_MOST]:
        lines += _refused(refusal, role, guards.get(refusal.step, ()), superuser=superuser)
    hint = "nothing was changed; change these objects by hand, or let PostgreSQL get there in smaller steps,"
    hint += " and plan again"
    if names := sorted({name for found in guards.values() for name in found}):
        off = "; ".join(f"ALTER EVENT TRIGGER {sql.name(name)} DISABLE" for name in names)
        hint = f"nothing was changed; let the event trigger have it, or disable it while you plan and apply: {off}"
    return NoPlan(f"No plan could be proven: what was tried does not end in {goal}", detail="\n".join(lines), hint=hint)


def _distance(failure: Draft | NotProvenError) -> tuple[int, int]:
    if isinstance(failure, Draft):
        return (1, len(failure.left))
    return (0, len(failure.left) + len(failure.witness) + len(failure.behind))


def _left(failure: Draft | NotProvenError) -> Iterator[str]:
    if failure.left:
        yield "These objects would still differ:"
        yield from _first([line for change in failure.left for line in _difference(change)])
    if isinstance(failure, NotProvenError) and failure.witness:
        yield "pg_dump still sees a difference (< replayed, > desired):"
        yield from _first([f"  {line}" for line in failure.witness], _WITNESS_LINES)
    if isinstance(failure, NotProvenError) and failure.behind:
        yield "Counters would not go on from where they stand, and numbers come again:"
        yield from _first([f"  {one}" for one in failure.behind])


def _difference(change: Change) -> Iterator[str]:
    if change.before is None:
        yield f"  {change.id}: is missing"
    elif change.after is None:
        yield f"  {change.id}: is still there"
    else:
        secret = {field.name for field in dataclasses.fields(change.after) if not field.repr}
        for name in change.fields():
            was, shall = getattr(change.before, name), getattr(change.after, name)
            yield f"  {change.id}: {name} " + ("differs" if name in secret else f"is {was!r}, should be {shall!r}")


def _refused(refusal: Refusal, role: str, guards: tuple[str, ...], *, superuser: bool) -> Iterator[str]:
    who = f"The event trigger {' and '.join(guards)} of the database" if guards else "PostgreSQL"
    yield f"{who} refused: {_short(masked(refusal.step.sql))}"
    yield f"  {refusal.failure.message}"
    if refusal.failure.detail:
        yield f"  {refusal.failure.detail}"
    if refusal.failure.sqlstate == _TOO_MANY_COLUMNS:
        yield "  PostgreSQL counts dropped columns, too: copy the rows into a new table to be rid of them"
    if refusal.failure.sqlstate == "42501" and not superuser:
        yield f"  role {role} may not do this: ask the administrator of the server to, then plan again"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:197] + "…"


def _first(lines: Sequence[str], most: int = _MOST) -> Iterator[str]:
    yield from lines[:most]
    if len(lines) > most:
        yield f"  … and {len(lines) - most} more"

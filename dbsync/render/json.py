"""Results as JSON documents: docs/json.md tells of them, schema.json describes them exactly."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import Any

from dbsync.errors import DbsyncError
from dbsync.load.secrets import HIDDEN, masked
from dbsync.model.changes import Change, PossibleRename, Rename
from dbsync.model.coverage import Kind
from dbsync.model.hazards import Hazard
from dbsync.model.objects import Id, Object
from dbsync.model.outcome import Outcome, Record
from dbsync.model.plan import Batch, Observed, Plan
from dbsync.model.rows import NewRow, TableRows
from dbsync.model.text import Place
from dbsync.render import objects
from dbsync.render.page import Page

VERSION = 1


def render(plan: Plan, page: Page) -> Iterator[str]:
    """The document of a plan."""
    del page
    yield from document("plan", plan=_plan(plan))


def applied(plan: Plan, outcome: Outcome | None) -> Iterator[str]:
    """The document of an apply that ended well; without an outcome there was nothing to do."""
    yield from document("apply", plan=_plan(plan), outcome=_outcome(outcome) if outcome else None)


def undone(plan: Plan, outcome: Outcome | None) -> Iterator[str]:
    """The document of an undo; without an outcome it was only planned, or there was nothing to do."""
    yield from document("undo", undoes=plan.undoes, plan=_plan(plan), outcome=_outcome(outcome) if outcome else None)


def history(records: Sequence[Record]) -> Iterator[str]:
    """The document of a history."""
    yield from document("history", records=[record_of(one) for one in records])


def kinds(found: Sequence[Kind]) -> Iterator[str]:
    """The document of the kinds that dbsync knows."""
    yield from document("kinds", kinds=[dataclasses.asdict(kind) for kind in found])


def failed(command: str, error: DbsyncError) -> Iterator[str]:
    """The document of a command that failed."""
    found = {
        "kind": type(error).__name__,
        "exit_code": error.exit_code,
        "message": error.message,
        "excerpt": error.excerpt,
        "detail": error.detail,
        "hint": error.hint,
    }
    yield from document(command, error=found)


def document(command: str, **content: Any) -> Iterator[str]:
    """The lines of a document."""
    text = json.dumps({"version": VERSION, "command": command, **content}, indent=2)
    yield from text.split("\n")


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "digest": plan.digest,
        "empty": plan.empty,
        "target": plan.target,
        "host": plan.host,
        "database": plan.database,
        "server": plan.identity.system if plan.identity else None,
        "fingerprints": {"current": plan.current_fingerprint, "desired": plan.desired_fingerprint},
        "schema_digest": plan.schema_digest,
        "proof": {"scratch": plan.scratch, "witness": plan.proof.witness or None, "notes": list(plan.proof.notes)},
        "counts": objects.totals(plan),
        "changes": [_change(one) for one in plan.changes],
        "rows": [rows_of(one) for one in plan.rows],
        "renamed": [_rename(one) for one in plan.renamed],
        "renames": [{**_rename(one), "directive": one.directive} for one in plan.renames],
        "kept": [object_of(one) for one in plan.kept],
        "batches": [_batch(one) for one in plan.batches],
        "losses": list(plan.losses),
        "hazards": [_hazard(one) for one in plan.hazards],
        "sizes": {table: {"bytes": size.bytes, "rows": size.rows} for table, size in plan.sizes.items()},
        "notes": list(plan.notes),
    }


def object_of(one: Id) -> dict[str, Any]:
    """An object of the database."""
    return {"kind": one.kind, "path": list(one.path), "name": str(one)}


def _change(one: Change) -> dict[str, Any]:
    fields = [
        {"name": name, "before": _field(one.before, name), "after": _field(one.after, name)} for name in one.fields()
    ]
    return {**object_of(one.id), "manner": objects.manner(one), "fields": fields}


def _field(thing: Object | None, name: str) -> Any:
    shown = {field.name: field.repr for field in dataclasses.fields(thing)} if thing else {}
    return getattr(thing, name) if shown.get(name) else HIDDEN


def _rename(one: Rename | PossibleRename) -> dict[str, Any]:
    return {"from": object_of(one.before), "to": object_of(one.after), "place": _place(one.place)}


def _place(place: Place | None) -> dict[str, Any] | None:
    return {"file": place.file, "line": place.line, "column": place.column} if place else None


def _batch(batch: Batch) -> dict[str, Any]:
    return {"transactional": batch.transactional, "steps": [_step(one) for one in batch.steps]}


def _step(one: Observed) -> dict[str, Any]:
    return {
        "sql": masked(one.step.sql),
        "about": object_of(one.step.about),
        "author": one.step.author,
        "reason": one.step.reason,
        "place": _place(one.step.place),
        "rows": one.step.rows,
        "locks": dict(one.locks),
        "rewrites": list(one.rewritten),
        "scans": list(one.scanned),
        "loses": list(one.lost),
    }


def _hazard(one: Hazard) -> dict[str, Any]:
    put = one.question
    return {
        "hazard": put.hazard,
        "about": object_of(put.about),
        "blocks": one.blocks,
        "rows": one.rows,
        "at_least": one.at_least,
        "of": one.of,
        "loss": put.loss or None,
        "problem": put.problem or None,
        "examples": list(one.examples),
        "failure": one.failure or None,
        "query": (put.query or None) if not one.failure else None,
        "advice": put.advice or None,
        "unknown": one.unknown or None,
    }


def rows_of(one: TableRows) -> dict[str, Any]:
    """The declared rows of a table."""
    changes = [
        {
            **vars(change),
            "key": list(change.key),
            "place": _place(change.place),
            "refers": {name: _new_row(row) for name, row in change.refers.items()},
        }
        for change in one.changes
    ]
    found = {**vars(one), "table": object_of(one.table), "key": list(one.key), "place": _place(one.place)}
    return found | {"changes": changes, "there": list(one.there)}


def _new_row(one: NewRow) -> dict[str, Any]:
    """A row that the plan adds, by its table and its key."""
    key = {name: _new_row(value) if isinstance(value, NewRow) else value for name, value in one.key.items()}
    return {"table": object_of(one.table), "key": key}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "steps": outcome.steps,
        "transactions": outcome.transactions,
        "seconds": round(outcome.seconds, 3),
        "record": outcome.record,
        "rows": dataclasses.asdict(outcome.seeded) if outcome.seeded else None,
        "notes": list(outcome.notes),
    }


def record_of(one: Record) -> dict[str, Any]:
    """A history record, as in a list."""
    found = dataclasses.asdict(one)
    found |= {key: found[key].isoformat() if found[key] else None for key in ("started_at", "finished_at")}
    return found

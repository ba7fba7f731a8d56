"""A plan as a JSON document, and back: docs/plan-file.md says what every key means."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import dbsync
from dbsync.errors import Refused, Stale, UsageError
from dbsync.load.secrets import masked
from dbsync.model.changes import PossibleRename, Rename
from dbsync.model.coding import from_id, from_state, identity, packed, to_state, unpacked
from dbsync.model.hazards import Attempt, Hazard, Question, Size
from dbsync.model.objects import Id
from dbsync.model.plan import Batch, Identity, Observed, Plan, Proof
from dbsync.model.steps import Step
from dbsync.model.text import Place
from dbsync.planning import rows
from dbsync.planning.coding import change, from_change
from dbsync.planning.signature import canonical
from dbsync.visible import in_json

FORMAT, VERSION = "dbsync plan", 2


def written(plan: Plan) -> str:
    """The document. Secrets in the statements are left out; such a plan can be looked at, not applied."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "dbsync": dbsync.__version__,
        "digest": plan.digest,
        "target": plan.target,
        "host": plan.host,
        "database": plan.database,
        "identity": dataclasses.asdict(plan.identity) if plan.identity else None,
        "fingerprints": {"current": plan.current_fingerprint, "desired": plan.desired_fingerprint},
        "schema": {"digest": plan.schema_digest, "text": plan.schema_text},
        "seeds": {"digest": plan.seeds_digest} if plan.seeds_digest else None,
        "goal": plan.goal,
        "undoes": plan.undoes,
        "manage": plan.manage,
        "proof": {"witness": plan.proof.witness, "notes": plan.proof.notes},
        "scratch": plan.scratch,
        "notes": plan.notes,
        "kept": [from_id(one) for one in plan.kept],
        "renamed": [_from_rename(one) for one in plan.renamed],
        "renames": [{**_from_rename(one), "directive": one.directive} for one in plan.renames],
        "locks": plan.locks,
        "losses": plan.losses,
        "hazards": [dataclasses.asdict(one) | {"question": _from_question(one.question)} for one in plan.hazards],
        "sizes": {table: dataclasses.asdict(size) for table, size in plan.sizes.items()},
        "changes": [from_change(one) for one in plan.changes],
        "rows": [rows.from_rows(one) for one in plan.rows],
        "batches": [_from_batch(batch) for batch in plan.batches],
        "live": packed(plan.current),
        "replayed": packed({k: v for k, v in plan.replayed.items() if plan.current.get(k) != v}),
        "gone": [from_id(one) for one in sorted(plan.current.keys() - plan.replayed.keys())],
        "watched": rows.packed(plan.watched),
        "before": from_state(plan.before),
    }
    document["checksum"] = _checksum(document)
    return in_json(json.dumps(document, indent=1, ensure_ascii=False)) + "\n"


def read(text: str, name: str) -> Plan:
    """The plan in a document. UsageError where it is none that this dbsync knows, Stale where it was edited."""
    document = _document(text, name)
    if document.get("dbsync") != dbsync.__version__:
        raise Stale(
            f"{name} was made by dbsync {document.get('dbsync')}, and this is {dbsync.__version__}",
            hint="plan again with the version that applies it",
        )
    if document.get("checksum") != _checksum(document):
        raise _edited(name)
    if hidden := [number for number, step in enumerate(_steps(document), 1) if step["secret"]]:
        numbers = f"step {hidden[0]}" if len(hidden) == 1 else f"steps {', '.join(map(str, hidden))}"
        raise Refused(
            f"{numbers} of {name} {'needs' if len(hidden) == 1 else 'need'} a password, which no plan file keeps;"
            " nothing was applied",
            hint=f"dbsync apply --approve {document['digest']} plans again, and applies exactly this plan",
        )
    try:
        plan = _plan(document)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UsageError(f"{name} is not a whole plan file", detail=f"{type(error).__name__}: {error}") from None
    if plan.digest != document["digest"]:
        raise _edited(name)
    return plan


def _document(text: str, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not JSON: {error}", hint="dbsync plan --out plan.json writes a plan") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UsageError(f"{name} is not a plan of dbsync", hint="dbsync plan --out plan.json writes one")
    if document.get("version") != VERSION:
        raise UsageError(
            f"{name} is a plan file of version {document.get('version')!r}, and this dbsync knows version {VERSION}",
            hint="plan again with the version of dbsync that applies it",
        )
    return document


def _edited(name: str) -> Stale:
    return Stale(
        f"{name} was edited after dbsync wrote it; nothing was applied",
        hint="plan again; what is to be different belongs in the schema file",
    )


def _steps(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [step for batch in document["batches"] for step in batch["steps"]]


def _checksum(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()


def _plan(document: Mapping[str, Any]) -> Plan:
    current = unpacked(document["live"])
    gone = {identity(one) for one in document["gone"]}
    return Plan(
        target=document["target"],
        database=document["database"],
        host=document["host"],
        changes=tuple(change(one) for one in document["changes"]),
        batches=tuple(
            Batch(steps=tuple(_step(one) for one in batch["steps"]), transactional=batch["transactional"])
            for batch in document["batches"]
        ),
        proof=Proof(document["proof"]["witness"], tuple(document["proof"]["notes"])),
        current_fingerprint=document["fingerprints"]["current"],
        desired_fingerprint=document["fingerprints"]["desired"],
        schema_digest=document["schema"]["digest"],
        schema_text=document["schema"]["text"],
        renamed=tuple(Rename(*_rename(one)) for one in document["renamed"]),
        renames=tuple(
            PossibleRename(before, after, one["directive"], place)
            for one in document["renames"]
            for before, after, place in [_rename(one)]
        ),
        kept=tuple(identity(one) for one in document["kept"]),
        notes=tuple(document["notes"]),
        scratch=document["scratch"],
        identity=Identity(**document["identity"]) if document["identity"] else None,
        seeds_digest=document["seeds"]["digest"] if document["seeds"] else "",
        rows=tuple(rows.rows(one) for one in document["rows"]),
        watched=rows.unpacked(document["watched"]),
        goal=document["goal"],
        undoes=document["undoes"],
        manage=document["manage"],
        locks=document["locks"],
        hazards=tuple(_hazard(one) for one in document["hazards"]),
        sizes={table: Size(**size) for table, size in document["sizes"].items()},
        current=current,
        replayed={one: digest for one, digest in current.items() if one not in gone} | unpacked(document["replayed"]),
        before=to_state(document["before"]),
    )


def _from_batch(batch: Batch) -> dict[str, Any]:
    return {"transactional": batch.transactional, "steps": [_from_step(one) for one in batch.steps]}


def _from_rename(one: Rename | PossibleRename) -> dict[str, Any]:
    return {"from": from_id(one.before), "to": from_id(one.after), "place": _from_place(one.place)}


def _rename(one: Mapping[str, Any]) -> tuple[Id, Id, Place | None]:
    return identity(one["from"]), identity(one["to"]), Place(*one["place"]) if one["place"] else None


def _from_place(place: Place | None) -> tuple[Any, ...] | None:
    return dataclasses.astuple(place) if place else None


def _from_step(one: Observed) -> dict[str, Any]:
    step, shown = one.step, masked(one.step.sql)
    return {
        "sql": shown,
        "secret": shown != step.sql,
        "about": from_id(step.about),
        "transactional": step.transactional,
        "author": step.author,
        "reason": step.reason,
        "place": _from_place(step.place),
        "rows": step.rows,
        "locks": dict(one.locks),
        "rewritten": one.rewritten,
        "scanned": one.scanned,
        "lost": one.lost,
        "touched": [from_id(about) for about in one.touched],
    }


def _step(one: Mapping[str, Any]) -> Observed:
    step = Step(
        sql=one["sql"],
        about=identity(one["about"]),
        transactional=one["transactional"],
        author=one["author"],
        reason=one["reason"],
        place=Place(*one["place"]) if one["place"] else None,
        rows=one["rows"],
    )
    return Observed(
        step=step,
        locks=one["locks"],
        rewritten=tuple(one["rewritten"]),
        scanned=tuple(one["scanned"]),
        lost=tuple(one["lost"]),
        touched=tuple(identity(about) for about in one["touched"]),
    )


def _from_question(one: Question) -> dict[str, Any]:
    return dataclasses.asdict(one) | {"about": from_id(one.about)}


def _hazard(one: Mapping[str, Any]) -> Hazard:
    put = one["question"]
    question = Question(
        **put
        | {
            "about": identity(put["about"]),
            "tables": tuple(put["tables"]),
            "types": tuple(put["types"]),
            "key": tuple(put["key"]),
            "attempt": Attempt(**put["attempt"]) if put["attempt"] else None,
        }
    )
    return Hazard(**{**one, "question": question, "examples": tuple(one["examples"])})

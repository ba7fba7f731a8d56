"""Plan files: what is written is read again whole, and what is no plan, or no longer the plan, is refused."""

import dataclasses
import json
from typing import Any

import pytest

from dbsync.errors import DbsyncError, Refused, Stale, UsageError
from dbsync.kinds import KINDS
from dbsync.model.changes import Change, PossibleRename, Rename
from dbsync.model.hazards import Attempt, Hazard, Question, Size
from dbsync.model.objects import Id, Object
from dbsync.model.plan import Batch, Identity, Observed, Plan, Proof, State
from dbsync.model.rows import KeyColumn, RowChange, TableRows, Watched
from dbsync.model.steps import Step
from dbsync.model.text import Place
from dbsync.planning.file import read, written

TABLE = Id("table", ("public", 't "ü"\n'))
ROWS = TableRows(
    table=TABLE,
    mode="exact",
    key=("name", "at"),
    place=Place("seeds.sql", 2, 3),
    declared=7,
    added=1,
    changed=1,
    removed=1,
    changes=(
        RowChange(("a", "1"), None, {"name": "a", "note": None}, Place("seeds.sql", 3)),
        RowChange(("b", "1"), {"note": "old"}, {"note": "new"}, Place("seeds.sql", 4)),
        RowChange(("c", "1"), {"name": "c"}, None),
    ),
)
WATCHED = (
    Watched(
        table=("public", "t"),
        alone=True,
        columns=("name", "note"),
        key=(KeyColumn("name", "text"), KeyColumn("at", "", "OPERATOR(public.=)")),
        keys=(("a", "1"), ("ü", "2")),
        digest="2:77",
    ),
    Watched(table=("public", "u"), alone=False, columns=("id",), key=(), keys=None, digest="0:0"),
)


def an_object(kind: str, value: str = "text") -> Object:
    """An object of a kind, with values of the types that its fields have."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(KINDS[kind]):
        match str(field.type):
            case "<class 'bool'>":
                values[field.name] = True
            case "<class 'int'>":
                values[field.name] = 7
            case text if "tuple[tuple" in text:
                values[field.name] = (("a", "b"),)
            case "tuple[int, ...]":
                values[field.name] = (1, 2)
            case text if "Id" in text:
                values[field.name] = TABLE
            case text if "tuple" in text:
                values[field.name] = (value, "b")
            case text:
                values[field.name] = None if "None" in text else value
    return KINDS[kind](**values | {"path": ("public", "a", "b")})


OTHER = Id("table", ("public", "u"))


def a_plan(**more: Any) -> Plan:
    observed = Observed(
        step=Step(
            sql="ALTER TABLE t ADD x", about=TABLE, author="migra", reason="why", place=Place("schema.sql", 3, 5)
        ),
        locks={"public.t": "ACCESS EXCLUSIVE"},
        rewritten=("public.t",),
        scanned=("public.u",),
        lost=("table public.t and its rows",),
        touched=(TABLE,),
    )
    alone = Observed(step=Step(sql="CREATE INDEX CONCURRENTLY i ON t (x)", about=TABLE, transactional=False))
    return Plan(
        **{
            "target": "database shop on db:5432 as app",
            "database": "shop",
            "host": "db",
            "changes": (),
            "batches": (Batch(steps=(observed,)), Batch(steps=(alone,), transactional=False)),
            "proof": Proof("pg_dump", ("a note",)),
            "current_fingerprint": "now",
            "desired_fingerprint": "then",
            "schema_digest": "abc",
            "schema_text": "create table t ();\n",
            "renamed": (Rename(TABLE, OTHER, Place("schema.sql", 2)), Rename(TABLE, OTHER)),
            "renames": (PossibleRename(TABLE, OTHER, "-- x", Place("schema.sql", 2)), PossibleRename(TABLE, OTHER, "")),
            "kept": (Id("extension", ("citext",)),),
            "notes": ("another note",),
            "scratch": "PostgreSQL 18.6",
            "identity": Identity("7", "shop", 16384),
            "seeds_digest": "def",
            "rows": (ROWS,),
            "watched": WATCHED,
            "goal": "what it was before record 3",
            "undoes": 3,
            "manage": "none",
            "locks": 12,
            "hazards": (
                Hazard(
                    question=Question(
                        hazard="check",
                        about=TABLE,
                        tables=("public.t",),
                        query="SELECT id FROM t",
                        key=("id",),
                        attempt=Attempt("x::int", "t", "t WHERE true", "SELECT tableoid, ctid, key FROM t"),
                    ),
                    rows=3,
                    examples=("id 3",),
                ),
                Hazard(question=Question(hazard="check", about=TABLE, cannot="why"), unknown="why"),
            ),
            "sizes": {"public.t": Size(8192, None)},
            "current": {TABLE: "1" * 16, Id("schema", ("old",)): "2" * 16, Id("schema", ("same",)): "3" * 16},
            "replayed": {TABLE: "4" * 16, Id("schema", ("new",)): "5" * 16, Id("schema", ("same",)): "3" * 16},
            "before": State("CREATE TABLE t ();\n", ("REFRESH MATERIALIZED VIEW m",)),
            **more,
        }
    )


def test_there_and_back() -> None:
    plan = a_plan()
    saved = read(written(plan), "plan.json")
    assert saved == plan
    assert saved.digest == plan.digest
    assert (saved.current, saved.replayed, saved.before) == (plan.current, plan.replayed, plan.before)
    assert (saved.rows, saved.watched) == ((ROWS,), WATCHED)


def test_without_seeds() -> None:
    saved = read(written(a_plan(seeds_digest="", rows=(), watched=())), "plan.json")
    assert (saved.rows, saved.watched, saved.seeds_digest) == ((), (), "")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_objects_of_every_kind(kind: str) -> None:
    before, after = an_object(kind, "old"), an_object(kind, "new")
    change = Change(after.id, before, after)
    other = read(written(a_plan(changes=(change,))), "plan.json").changes[0]
    assert other.fields() == change.fields()
    assert other.after is not None
    hidden = {field.name for field in dataclasses.fields(after) if not field.repr}
    for field in dataclasses.fields(after):
        if field.name not in hidden:
            assert getattr(other.after, field.name) == getattr(after, field.name)
        else:
            assert "new" not in str(getattr(other.after, field.name))


def test_keys_are_those_of_the_documentation() -> None:
    document = json.loads(written(a_plan()))
    assert list(document) == [
        "format", "version", "dbsync", "digest", "target", "host", "database", "identity", "fingerprints", "schema",
        "seeds", "goal", "undoes", "manage", "proof", "scratch", "notes", "kept", "renamed", "renames", "locks",
        "losses", "hazards", "sizes", "changes", "rows", "batches", "live", "replayed", "gone", "watched", "before",
        "checksum",
    ]  # fmt: skip
    assert list(document["batches"][0]["steps"][0]) == [
        "sql", "secret", "about", "transactional", "author", "reason", "place", "rows", "locks", "rewritten", "scanned",
        "lost", "touched",
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["target", "digest", "losses", "batches", "live", "seeds", "rows", "watched", "schema"])
def test_every_edit_is_seen(key: str) -> None:
    document = json.loads(written(a_plan()))
    document[key] = document[key][1:] if isinstance(document[key], list | str) else {**document[key], "x": 1}
    with pytest.raises(Stale, match="was edited"):
        read(json.dumps(document), "plan.json")


def test_formatting_is_no_edit() -> None:
    text = json.dumps(json.loads(written(a_plan())), indent=4, sort_keys=True)
    assert read(text, "plan.json") == a_plan()


def test_digest_is_of_what_runs() -> None:
    plan = a_plan()
    first = plan.batches[0].steps[0]
    changed = dataclasses.replace(first, step=dataclasses.replace(first.step, sql="DROP TABLE t"))
    others = [
        dataclasses.replace(plan, identity=Identity("7", "shop", 16385)),
        dataclasses.replace(plan, identity=Identity("8", "shop", 16384)),
        dataclasses.replace(plan, current_fingerprint="x"),
        dataclasses.replace(plan, desired_fingerprint="x"),
        dataclasses.replace(plan, schema_digest="x"),
        dataclasses.replace(plan, seeds_digest="x"),
        dataclasses.replace(plan, watched=WATCHED[:1]),
        dataclasses.replace(plan, batches=plan.batches[:1]),
        dataclasses.replace(plan, batches=(Batch(steps=(changed,)), plan.batches[1])),
        dataclasses.replace(plan, batches=(Batch(steps=plan.steps),)),
    ]
    assert len({plan.digest, *(other.digest for other in others)}) == len(others) + 1
    assert dataclasses.replace(plan, seconds=3.0, notes=()).digest == plan.digest


def test_a_password_is_not_written() -> None:
    step = Step(sql="ALTER SUBSCRIPTION s CONNECTION 'host=db password=hush'", about=Id("subscription", ("s",)))
    text = written(a_plan(batches=(Batch(steps=(Observed(step=step),)),)))
    assert "hush" not in text
    assert "password=***" in text
    with pytest.raises(Refused, match=r"step 1 of plan.json needs a password"):
        read(text, "plan.json")


@pytest.mark.parametrize("text", ["", "null", "3", "{}", '{"format": "dbsync plan"}', "[" * 100_000])
def test_what_is_no_plan(text: str) -> None:
    with pytest.raises(DbsyncError) as caught:
        read(text, "plan.json")
    assert isinstance(caught.value, UsageError)

"""What a plan looks like."""

import dataclasses
import datetime as dt
import json

import pytest

from dbsync.model.changes import Change, PossibleRename, Rename
from dbsync.model.objects import Id, Object, Satellite
from dbsync.model.outcome import Outcome, Record, Seeded
from dbsync.model.plan import Batch, Observed, Plan, Proof
from dbsync.model.steps import Step
from dbsync.model.text import Place
from dbsync.render import FORMATS, declared, formatter, history, outcome
from dbsync.render.page import Page, code, visible


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table(Object):
    kind = "table"
    catalog = "pg_class"
    options: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column(Object):
    kind = "column"
    catalog = "pg_attribute"
    type: str = "integer"
    labels: tuple[str, ...] = ()

    def within(self) -> Id:
        return Id("table", self.path[:2])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comment(Satellite):
    kind = "comment"
    catalog = "pg_description"
    text: str = ""


def added(thing: Object) -> Change:
    return Change(thing.id, None, thing)


def removed(thing: Object) -> Change:
    return Change(thing.id, thing, None)


def comment(column: str | None, text: str) -> Comment:
    kind, path = ("column", ("public", "t", column)) if column else ("table", ("public", "t"))
    return Comment(path=(kind, *path), target=Id(kind, path), text=text)


T = Id("table", ("public", "t"))


U = Id("table", ("public", "u"))


def plan(changes: tuple[Change, ...] = (), *batches: Batch, **more: object) -> Plan:
    fields: dict[str, object] = {
        "target": "database shop on db.example.com:5432 as app",
        "database": "shop",
        "host": "db.example.com",
        "changes": changes,
        "batches": batches,
        "proof": Proof("pg_dump"),
        "current_fingerprint": "a",
        "desired_fingerprint": "b",
        "schema_digest": "c",
        "schema_text": "",
    }
    return Plan(**{**fields, **more})  # type: ignore[arg-type]


def observed(sql: str, **more: object) -> Observed:
    step = Step(sql=sql, about=T, place=Place("schema.sql", 12))
    return Observed(step=step, **more)  # type: ignore[arg-type]


def text(one: Plan, page: Page | None = None, form: str = "text") -> str:
    return "\n".join(formatter(form).render(one, page or Page(width=100)))


CHANGES = (
    added(Table(path=("public", "new"))),
    added(Column(path=("public", "new", "id"))),
    added(Column(path=("public", "t", "note"))),
    Change(
        Id("column", ("public", "t", "price")),
        Column(path=("public", "t", "price")),
        Column(path=("public", "t", "price"), type="bigint"),
    ),
    removed(Column(path=("public", "t", "old"))),
    Change(Id("comment", ("table", "public", "t")), comment(None, "old"), comment(None, "new")),
    added(comment("note", "a note")),
)


def test_objects() -> None:
    shown = text(plan(CHANGES, Batch(steps=(observed("SELECT 1"),))))
    assert (
        "+ table public.new\n"
        "    column: id\n"
        "~ table public.t\n"
        "    + column note: integer\n"
        "    - column old\n"
        "    ~ column price: type integer → bigint\n"
        "    + comment on column note\n"
        "    ~ comment: old → new\n"
    ) in shown
    assert "3 to add, 2 to change, 1 to remove; 1 step in 1 transaction; nothing is lost." not in shown
    assert "2 to add, 2 to change, 1 to remove; 1 step in 1 transaction; nothing is lost." in shown


def test_renames() -> None:
    sad, blue = Id("label", ("public", "mood", "sad")), Id("label", ("public", "mood", "blue"))
    old, new = Table(path=("public", "old")), Table(path=("public", "new"))
    column, wider = Column(path=("public", "old", "a")), Column(path=("public", "new", "b"), type="bigint")
    moved, there = Table(path=("public", "m")), Table(path=("app", "n"))
    one = plan(
        (Change(new.id, old, new), Change(wider.id, column, wider), Change(there.id, moved, there)),
        Batch(steps=(observed("SELECT 1"),)),
        renamed=(Rename(sad, blue), Rename(old.id, new.id, Place("schema.sql", 3))),
    )
    shown = text(one)
    assert (
        "~ table public.m → app.n renamed\n"
        "~ enum public.mood\n"
        "    ~ label sad → blue\n"
        "~ table public.old → new renamed\n"
        "    ~ column a → b\n"
        "        type integer → bigint\n"
    ) in shown
    assert "0 to add, 0 to change, 0 to remove, 4 to rename; 1 step" in shown
    document = json.loads(text(one, form="json"))["plan"]
    assert document["counts"] == {"added": 0, "changed": 0, "removed": 0, "renamed": 4}
    assert [change["manner"] for change in document["changes"]] == ["renamed"] * 3
    assert document["renamed"][1]["place"] == {"file": "schema.sql", "line": 3, "column": 1}
    assert document["renamed"][0]["from"]["name"] == "label public.mood.sad"


def test_steps_say_what_was_seen() -> None:
    step = observed(
        "ALTER TABLE public.t DROP COLUMN old",
        locks={"public.t": "ACCESS EXCLUSIVE", "public.u": "SHARE ROW EXCLUSIVE", "public.v": "ACCESS SHARE"},
        rewritten=("public.t",),
        scanned=("public.t", "public.u"),
        lost=("column public.t.old and its values",),
    )
    step = dataclasses.replace(step, step=dataclasses.replace(step.step, reason="because it is old", author="migra"))
    assert (
        "   1 ALTER TABLE public.t DROP COLUMN old;\n"
        "       loses column public.t.old and its values\n"
        "       rewrites public.t: takes longer with more rows\n"
        "       reads all of public.u: takes longer with more rows\n"
        "       blocks reads and writes of public.t meanwhile\n"
        "       blocks writes of public.u meanwhile\n"
        "       schema.sql:12 · by migra · because it is old\n"
    ) in text(plan((), Batch(steps=(step,))))


def test_several_transactions() -> None:
    alone = Batch(steps=(observed("CREATE INDEX CONCURRENTLY i ON public.t (x)"),), transactional=False)
    shown = text(plan((), Batch(steps=(observed("SELECT 1"), observed("SELECT 2"))), alone))
    assert "Part 1 of 2: one transaction, 2 steps\n" in shown
    assert "Part 2 of 2: outside of any transaction\n" in shown
    assert "3 steps in 1 transaction, 1 outside of any; nothing is lost." in shown


def test_nothing_to_do() -> None:
    shown = text(plan())
    assert "Nothing to do: database shop is what the schema file says." in shown
    assert "To apply it" not in shown


def test_asides() -> None:
    shown = text(
        plan(
            (),
            Batch(steps=(observed("SELECT 1", lost=("table public.t and its rows",)),)),
            kept=(Id("extension", ("pg_trgm",)),),
            notes=("A note.",),
            proof=Proof("", ("No witness.",)),
            renames=(
                PossibleRename(T, U, "-- dbsync: renamed from t", Place("schema.sql", 12)),
                PossibleRename(T, U, "/* dbsync: renamed from t */", Place("schema.sql", 12, 7)),
                PossibleRename(T, U, "-- dbsync: renamed from t"),
            ),
        )
    )
    assert "! LOST: table public.t and its rows" in shown
    assert "· Left alone, because the schema file does not speak of it: extension pg_trgm." in shown
    assert "· A note.\n· No witness." in shown
    assert (
        "? table public.t and public.u have the same shape: a possible rename. This plan drops the one and\n"
        "  makes the other; to keep what it holds, write above schema.sql:12\n"
        "      -- dbsync: renamed from t\n"
    ) in shown
    assert "write before schema.sql:12:7\n      /* dbsync: renamed from t */\n" in shown
    assert "write in the schema file\n      -- dbsync: renamed from t\n" in shown
    assert "1 loss of data." in shown
    assert "pg_dump agrees" not in shown


@pytest.mark.parametrize("width", [40, 60, 100])
def test_prose_fits(width: int) -> None:
    step = observed("SELECT 1", locks={f"public.table_{i}": "ACCESS EXCLUSIVE" for i in range(20)})
    one = plan(CHANGES, Batch(steps=(step,)), notes=("many words " * 30,), renames=(PossibleRename(T, T, "-- x"),))
    assert max(map(len, text(one, Page(width=width)).splitlines())) <= width + 10


def test_colour_only_where_asked_for() -> None:
    one = plan(CHANGES, Batch(steps=(observed("SELECT 1", lost=("x",)),)))
    assert "\x1b" not in text(one)
    assert "\x1b[1;31m" in text(one, Page(colour=True))


@pytest.mark.parametrize("form", FORMATS)
def test_control_characters_are_visible(form: str) -> None:
    evil = "t\x1b]0;x\x07\n\u202edrop"
    thing = Table(path=("public", evil))
    step = Observed(step=Step(sql=f'DROP TABLE public."{evil}"', about=thing.id), lost=(f"{thing.id} and its rows",))
    shown = text(plan((removed(thing),), Batch(steps=(step,)), notes=(evil,)), Page(terminal=True), form)
    assert not set(shown) & {"\x1b", "\x07", "\u202e"}
    assert ("\\u001b]0;x\\u0007" if form == "json" else "\\x1b]0;x\\x07") in shown


def test_names_cannot_leave_a_comment_of_the_script() -> None:
    thing = Table(path=("public", "t\nDROP TABLE x; --"))
    shown = text(plan((), Batch(steps=(Observed(step=Step(sql="SELECT 1", about=thing.id)),))), form="sql")
    assert "\nDROP TABLE x" not in shown


def test_script() -> None:
    body = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nbegin\n  return 1; -- \\q\nend\n$$"
    alone = Batch(steps=(observed("CREATE INDEX CONCURRENTLY i ON public.t (x)"),), transactional=False)
    shown = text(plan((), Batch(steps=(observed(body), observed("SELECT 1 -- one"))), alone), form="sql")
    assert body + ";\n" in shown
    assert "SELECT 1 -- one\n;\n" in shown
    lines = [line for line in shown.splitlines() if line in ("BEGIN;", "COMMIT;") or "CONCURRENTLY" in line]
    assert lines == ["BEGIN;", "COMMIT;", "CREATE INDEX CONCURRENTLY i ON public.t (x);"]
    assert "\\set ON_ERROR_STOP on" in shown


@pytest.mark.parametrize("form", FORMATS)
def test_many_steps(form: str) -> None:
    step = observed("CREATE TABLE public.t (\n    a int\n)", locks={"public.t": "ACCESS EXCLUSIVE"})
    changes = tuple(added(Table(path=("public", f"t{i}"))) for i in range(20_000))
    lines = formatter(form).render(plan(changes, Batch(steps=(step,) * 20_000)), Page(colour=True))
    assert sum("CREATE TABLE public.t" in line for line in lines) == 20_000


def test_visible() -> None:
    assert visible("a\tb\nc") == "a\\x09b\\x0ac"
    assert code("a\tb\nc\r") == "a\tb\nc\\x0d"
    assert visible("Grüße 表 →") == "Grüße 表 →"


def test_outcome() -> None:
    lines = list(outcome.render(Outcome(steps=2, transactions=1, seconds=0.25, record=3, notes=("A note.",)), Page()))
    assert lines == [
        "Applied: 2 steps in 0.2 s; live is what the schema file says. It is number 3 in the history.",
        "· A note.",
    ]


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        (Seeded(), "nothing to change"),
        (Seeded(inserted=4), "4 rows inserted"),
        (Seeded(inserted=1, updated=2, deleted=3), "1 row inserted, 2 rows updated, 3 rows deleted"),
    ],
)
def test_seeded(seeds: Seeded, words: str) -> None:
    assert outcome.seeded(seeds) == words


def test_history() -> None:
    at = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    records = [
        Record(
            id=7,
            started_at=at,
            finished_at=at + dt.timedelta(seconds=2),
            applied_by="app\x1b",
            host="here",
            version="0",
            digest="abc",
            steps=1234,
            outcome="failed",
            error="step 1 of 2 failed\nmore",
        )
    ]
    piped = list(history.render(records, Page()))
    assert piped[1] == "7\t2026-01-02 03:04:05 UTC\t2.0 s\tapp\\x1b\there\tabc\t1,234\tfailed"
    shown = list(history.render(records, Page(terminal=True)))
    assert shown[2].strip() == "step 1 of 2 failed"
    assert list(history.render([], Page())) == ["No plan was applied by dbsync to this database."]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "NULL"),
        ("NULL", "'NULL'"),
        ("null", "'null'"),
        ("", "''"),
        (" ", "' '"),
        ("a ", "'a '"),
        ("a  b", "'a  b'"),
        ("a b", "a b"),
        ("a, n 5", "'a, n 5'"),
        ("a → b", "'a → b'"),
        ("a: b", "'a: b'"),
        ("it's", "'it''s'"),
        ("2026-01-01 10:00:00+00", "2026-01-01 10:00:00+00"),
        ("-1.5e-7", "-1.5e-7"),
        ("{1,2}", "{1,2}"),
        ("a\nb", "E'a\nb'"),
        ("a\\nb", "E'a\\\\nb'"),
        ("a\u202eb\\", "E'a\u202eb\\\\'"),
        ("\u00a0", "E'\u00a0'"),
        ("€ 5", "€ 5"),
        ("the new row a of public.t", "'the new row a of public.t'"),
        ("x" * 61, "x" * 59 + "…"),
        ("x" * 59 + "…", "'" + "x" * 59 + "…'"),
        ("x" * 58 + " " + "y" * 9, "'" + "x" * 58 + " '…"),
    ],
)
def test_values_of_rows_are_quoted_where_they_could_be_taken_for_something_else(value: str | None, shown: str) -> None:
    assert declared.written(value) == shown

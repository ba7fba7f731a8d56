"""What became of an apply that was cut off, seen from how far it wrote that it came, and from the live database."""

import datetime as dt

import pytest

from dbsync.model.entry import Entry, Ran
from dbsync.model.objects import Id
from dbsync.model.outcome import Record
from dbsync.planning.past import turned_out
from dbsync.planning.verify import ANY
from dbsync.snapshot import edition

A, B, T = (Id("table", ("public", name)) for name in "abt")
INSIDE, OUTSIDE = Ran("", "", "dbsync", transactional=True), Ran("", "", "dbsync")
BEFORE = {A: "1", T: "1"}
PLANNED = {A: "2", B: "1", T: "1"}
SERVER = 180000


def entry(steps: tuple[Ran, ...], done: int | None, planned: dict[Id, str] = PLANNED, server: int = SERVER) -> Entry:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    record = Record(
        id=1,
        started_at=now,
        finished_at=None,
        applied_by="",
        host="",
        version="",
        digest="",
        steps=len(steps),
        outcome="running",
    )
    return Entry(
        record=record,
        os_user="",
        schema_digest="",
        schema_text="",
        current_fingerprint="",
        desired_fingerprint="",
        steps=steps,
        done=done,
        server=server,
        edition=edition(),
        before=BEFORE,
        planned=planned,
    )


@pytest.mark.parametrize(
    ("steps", "done", "now", "outcome"),
    [
        # What is written in the transactions themselves needs no look.
        ((INSIDE, INSIDE), 2, {}, "applied"),
        ((INSIDE, INSIDE), 1, PLANNED, "partial"),
        ((INSIDE, INSIDE), 0, PLANNED, "failed"),
        ((INSIDE, OUTSIDE), 2, BEFORE, "applied"),
        # A step outside of any transaction may be done, and not written down.
        ((INSIDE, OUTSIDE), 1, PLANNED, "applied"),
        ((INSIDE, OUTSIDE), 1, {A: "2", T: "1"}, "partial"),
        ((INSIDE, OUTSIDE), 1, BEFORE, "partial"),
        ((OUTSIDE,), 0, PLANNED, "applied"),
        ((OUTSIDE,), 0, BEFORE, "failed"),
        ((OUTSIDE,), 0, {A: "1", B: "not valid", T: "1"}, "partial"),
        # What the plan is not about says nothing.
        ((OUTSIDE,), 0, {**PLANNED, T: "another"}, "applied"),
        ((OUTSIDE,), 0, {**BEFORE, T: "another"}, "failed"),
        # An older dbsync wrote nothing of it.
        ((OUTSIDE, OUTSIDE), None, PLANNED, "applied"),
        ((OUTSIDE, OUTSIDE), None, BEFORE, "failed"),
        ((OUTSIDE, OUTSIDE), None, {A: "2", T: "1"}, "partial"),
    ],
)
def test_outcomes(steps: tuple[Ran, ...], done: int | None, now: dict[Id, str], outcome: str) -> None:
    found = turned_out(now, entry(steps, done), SERVER)
    assert found.outcome == outcome
    assert found.error is not None
    assert found.error.startswith("dbsync was cut off before it could write how this ended; ")


def test_what_cannot_be_compared_is_not_known() -> None:
    found = turned_out(PLANNED, entry((OUTSIDE,), 0, server=170000), SERVER)
    assert found.outcome == "interrupted"
    assert "how far it came cannot be seen" in str(found.error)
    # But what is written stands.
    assert turned_out(PLANNED, entry((OUTSIDE,), 1, server=170000), SERVER).outcome == "applied"


def test_a_plan_of_rows_alone_shows_in_no_catalog() -> None:
    assert turned_out(BEFORE, entry((OUTSIDE,), 0, planned=BEFORE), SERVER).outcome == "interrupted"


def test_what_may_read_in_any_words_is_there_or_not() -> None:
    planned = dict.fromkeys(PLANNED, ANY)
    assert turned_out({A: "x", B: "y", T: "z"}, entry((OUTSIDE,), 0, planned=planned), SERVER).outcome == "applied"
    assert turned_out(BEFORE, entry((OUTSIDE,), 0, planned=planned), SERVER).outcome == "failed"

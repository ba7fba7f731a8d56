"""Applies that were cut off before they could write how they ended: the next command looks, says it, and acts on it."""

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync import config
from dbsync.apply.lock import KEY
from dbsync.cli.screen import Screen
from dbsync.errors import Stale
from dbsync.model.outcome import Observer, Outcome
from dbsync.model.steps import Step
from dbsync.pg.connect import Target, connect
from dbsync.tasks.apply import apply
from dbsync.tasks.plan import Planned
from tests.by_hand import holding, waits
from tests.servers.conftest import Say

Connection = psycopg.Connection[Any]

INDEX = "create index by_name on plans (name);\n"
OPEN = (
    "record 1 of the history was applied: dbsync was cut off before it could write how this ended; "
    "the database shows that every step was applied"
)

pytestmark = pytest.mark.usefixtures("kept_scratch")


@pytest.fixture
def database_url(database: Target, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's database is the one at hand, and nothing that another test has proven is remembered."""
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    file = project / "schema.sql"
    file.write_text(f"-- {uuid.uuid4()}\n{file.read_text()}")


@pytest.fixture
def cut_off(database: Target, live: Connection, project: Path, database_url: None) -> None:
    """An apply that was killed when its last step, an index built concurrently, was done, and not yet written down."""
    schema = (project / "schema.sql").read_text()
    live.execute(b"set search_path = public")
    live.execute(schema.encode())
    (project / "schema.sql").write_text(schema + INDEX)
    command = [sys.executable, "-m", "dbsync", "apply", "--yes", "--online", "always"]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with (
        holding(database, "insert into public.plans values (1, 'Free')") as gate,
        subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as process,
    ):
        try:
            backend = waits(live, "create index concurrently")
            with holding(database, "select from dbsync.history for update"):
                gate.rollback()
                assert waits(live, "update dbsync.history") == backend
                process.kill()
                process.wait()
                live.execute("select pg_terminate_backend(%s, 10000)", [backend])
        finally:
            process.kill()
    assert outcomes(live) == ["running"]


def outcomes(live: Connection) -> list[str]:
    return [row[0] for row in live.execute("select outcome from dbsync.history order by id")]


@pytest.mark.usefixtures("cut_off")
def test_every_command_knows_how_it_ended(live: Connection, say: Say) -> None:
    code, shown, _ = say("check")
    assert code == 0, shown
    assert "· history     record 1: applied" in shown
    assert "the database shows that every step was applied" in " ".join(shown.split())
    code, shown, _ = say("plan", "--exit-code")
    assert code == 0
    assert OPEN in " ".join(shown.split())
    assert "\tapplied\n" in say("history")[1]
    assert "outcome  applied" in say("history", "show", "1")[1]
    # They only look.
    assert outcomes(live) == ["running"]
    code, _, said = say("apply", "--yes")
    assert (code, OPEN in " ".join(said.split())) == (0, True)
    assert outcomes(live) == ["applied"]
    assert OPEN not in " ".join(say("plan")[1].split())
    assert say("check")[0] == 0


@pytest.mark.usefixtures("cut_off")
def test_an_undo_knows_how_it_ended(live: Connection, say: Say) -> None:
    code, shown, said = say("undo", "--yes")
    assert code == 0, said
    assert "did not end" not in shown
    assert live.execute("select to_regclass('public.by_name')").fetchone() == (None,)
    assert outcomes(live) == ["applied", "applied"]


@pytest.mark.usefixtures("cut_off")
def test_what_was_changed_since_is_not_hidden(live: Connection, say: Say) -> None:
    """The index is gone, so that live is not what the plan ends in."""
    live.execute("drop index public.by_name")
    code, shown, _ = say("check")
    assert (code, "record 1 has no end" in shown or "failed and changed nothing" in shown) == (1, True), shown
    assert say("apply", "--yes")[0] == 0
    assert outcomes(live) == ["failed", "applied"]


@pytest.mark.usefixtures("cut_off")
def test_the_record_of_an_apply_that_runs_is_left_alone(database: Target, live: Connection, say: Say) -> None:
    with connect(database) as other:
        other.execute("select pg_advisory_lock(%s)", [KEY])
        code, shown, _ = say("check")
        assert (code, "· history     an apply is running: process" in shown) == (0, True)
        assert "record 1" not in say("plan")[1]
        code, _, said = say("apply", "--yes", "--patience", "300ms")
    assert (code, "another apply holds this database" in said) == (5, True)
    assert outcomes(live) == ["running"]


@pytest.mark.usefixtures("database_url")
def test_a_part_that_somebody_completed_is_a_note(live: Connection, say: Say) -> None:
    assert say("apply", "--yes")[0] == 0
    live.execute("update dbsync.history set outcome = 'partial', error = 'no'")
    code, shown, _ = say("check")
    assert code == 0, shown
    assert "· history     record 1 was applied in part" in shown


def test_unrelated_changes_are_a_note(
    live: Connection, database_url: None, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(_: Screen, number: int, total: int, step: Step) -> None:
        live.execute("create table public.theirs (); create view public.seen as select 1 as one")

    monkeypatch.setattr(Screen, "step", step)
    code, shown, said = say("apply", "--yes")
    assert code == 0, said
    assert (
        "while the plan ran, somebody else changed what it is not about: table public.theirs was added, view"
        " public.seen was added; dbsync plan shows whether that is to stay"
    ) in " ".join(shown.split())
    assert outcomes(live) == ["applied"]


def test_a_change_to_what_the_plan_is_about_is_none(
    live: Connection, database_url: None, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    def progress(_: Screen, text: str) -> None:
        if text.startswith("seeing whether live is"):
            live.execute("alter table public.plans drop name")

    monkeypatch.setattr(Screen, "progress", progress)
    code, _, said = say("apply", "--yes")
    assert (code, "column public.plans.name" in said) == (6, True), said
    assert outcomes(live) == ["partial"]


def test_a_role_that_can_keep_no_history_learns_it_from_the_plan(
    database: Target, live: Connection, database_url: None, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.execute("create role dbsync_stranger login; grant create on schema public to dbsync_stranger")
    try:
        stranger = Target({**database.parameters, "user": "dbsync_stranger"})
        monkeypatch.setenv("DATABASE_URL", stranger.conninfo())
        shown = " ".join(say("plan")[1].split())
        grant = f"GRANT CREATE ON DATABASE {database.parameters['dbname']} TO dbsync_stranger"
        assert (
            "no history will be kept of it, and dbsync undo will not know it: role dbsync_stranger lacks the right to"
            f" write one; {grant} gives it"
        ) in shown
        live.execute(grant.encode())
        assert "no history will be kept" not in say("plan")[1]
        # One that another role keeps.
        live.execute("create schema dbsync; create table dbsync.history ()")
        shown = " ".join(say("plan")[1].split())
        usage, rights = (
            "GRANT USAGE ON SCHEMA dbsync TO dbsync_stranger",
            "GRANT SELECT, INSERT, UPDATE ON dbsync.history",
        )
        assert f"{usage}; {rights} TO dbsync_stranger gives it" in shown
    finally:
        live.execute("drop owned by dbsync_stranger; drop role dbsync_stranger")


class Waits(Observer):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.planned: list[Planned] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.mark.parametrize("online", ["never", "always"])
def test_applies_that_want_the_same_end(live: Connection, project: Path, database_url: None, online: str) -> None:
    """Each has planned before the one that was agreed to after it begins."""
    live.execute("create table public.plans (id integer primary key, name text)")
    (project / "schema.sql").write_text((project / "schema.sql").read_text() + INDEX)
    ends: list[Outcome | None] = []
    observer = Waits()

    def others(planned: Planned) -> None:
        if not planned.plan.empty and len(observer.planned) < 3:
            observer.planned.append(planned)
            ends.append(apply(config.load({"online": online}), others, observer))

    ends.append(apply(config.load({"online": online}), others, observer))
    assert [type(one).__name__ for one in ends] == ["Outcome", "NoneType", "NoneType", "NoneType"]
    assert len({one.plan.digest for one in observer.planned}) == 1
    assert observer.said.count("another apply has made the database what this plan was to make of it") == 3
    assert outcomes(live) == ["applied"]


def test_an_apply_that_wants_another_end_is_refused(live: Connection, project: Path, database_url: None) -> None:
    def approve(_: Planned) -> None:
        live.execute("create table public.plans (id integer primary key)")

    with pytest.raises(Stale):
        apply(config.load({}), approve, Observer())


def test_saved_plans_stay_strict(live: Connection, database_url: None, say: Say) -> None:
    assert say("plan", "--out", "plan.json")[0] == 0
    assert say("apply", "plan.json", "--yes")[0] == 0
    code, _, said = say("apply", "plan.json", "--yes")
    assert code == 5
    assert "the database is already what this plan makes of it; nothing was applied" in said

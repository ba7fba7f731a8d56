"""What becomes of live, and of the next run, when an apply is killed, cut off or finds no room."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dbsync.pg.connect import connect
from tests.by_hand import holding, waits
from tests.plugins.own_server import OwnServer
from tests.servers.conftest import Say, run_sql

LIVE = """
create type mood as enum ('ok');
create function slow() returns int language plpgsql volatile as 'begin perform pg_sleep(60); return 1; end';
create table t (id int primary key, m mood);
"""
# A label and its use: two transactions. The second one calls slow() for the row that live has; the copy has none.
WANTED = (
    LIVE.replace("('ok')", "('ok', 'bad')").replace("m mood", "m mood default 'bad', c int default slow()")
    + "create table later ();"
)
INSIDE = "select count(*) from pg_stat_activity where application_name = 'dbsync' and query like 'ALTER TABLE%%'"


@pytest.fixture
def plan_file(shop: OwnServer, project: Path, say: Say) -> str:
    """A saved plan of two transactions for a shop with a row."""
    run_sql(shop, LIVE, "insert into t values (1, 'ok')")
    (project / "schema.sql").write_text(WANTED)
    assert say("plan", "--out", "plan.json", "--database", shop.url())[0] == 0
    return "plan.json"


def apply_of(shop: OwnServer, plan_file: str) -> subprocess.Popen[str]:
    """An apply of a saved plan in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "dbsync", "apply", plan_file, "--yes", "--database", shop.url()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def broken(shop: OwnServer, plan_file: str, fault: Callable[[subprocess.Popen[str]], None]) -> tuple[int, str]:
    """An apply that meets a fault in its second transaction; its exit code and what it said."""
    process = apply_of(shop, plan_file)
    with connect(shop.target("postgres", "postgres")) as session:
        deadline = time.monotonic() + 120
        while session.execute(INSIDE).fetchone() == (0,):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
    fault(process)
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def state(shop: OwnServer) -> tuple[list[str], list[str]]:
    """The labels of live, and how the applies ended by its history."""
    with shop.superuser() as session:
        labels = [row[0] for row in session.execute("select enumlabel::text from pg_enum order by 1")]
        outcomes = [row[0] for row in session.execute("select outcome from dbsync.history order by id")]
    return labels, outcomes


def finished(shop: OwnServer, project: Path, say: Say) -> None:
    """The next apply does the rest, once the function is quick."""
    quick = "create or replace function slow() returns int language plpgsql volatile as 'begin return 1; end'"
    run_sql(shop, quick)
    text = (project / "schema.sql").read_text()
    (project / "schema.sql").write_text(text.replace("perform pg_sleep(60); ", ""))
    assert say("apply", "--yes", "--database", shop.url())[0] == 0
    with shop.superuser() as session:
        assert session.execute("select m, c from public.t").fetchone() == ("ok", 1)


def test_killed(shop: OwnServer, plan_file: str, project: Path, say: Say) -> None:
    code, _ = broken(shop, plan_file, lambda process: process.kill())
    assert code == -signal.SIGKILL
    deadline = time.monotonic() + 30
    with connect(shop.target("postgres", "postgres")) as session:
        # The server looks whether its client is there; without that, statement and locks would live on for a minute.
        while session.execute(INSIDE).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert state(shop) == (["bad", "ok"], ["running"])
    finished(shop, project, say)
    assert state(shop)[1] == ["partial", "applied"]
    with shop.superuser() as session:
        found = session.execute("select error from dbsync.history where id = 1").fetchone()
    assert found == (
        "dbsync was cut off before it could write how this ended; step 1 was applied, the others were not",
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_server_restarted(shop: OwnServer, plan_file: str, project: Path, say: Say, how: signal.Signals) -> None:
    code, said = broken(shop, plan_file, lambda _: shop.restart(how))
    assert code == 6
    assert said.startswith("error: step 2 of 4 failed: the connection to live was lost\n")
    assert "Step 1 was applied, steps 2 to 4 were not. The transaction was rolled back.\n" in said
    assert "hint: plan again and apply the rest: dbsync apply\n" in said
    assert state(shop) == (["bad", "ok"], ["partial"])
    finished(shop, project, say)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_terminated(shop: OwnServer, plan_file: str, number: signal.Signals, code: int) -> None:
    ended, said = broken(shop, plan_file, lambda process: process.send_signal(number))
    assert (ended, state(shop)) == (code, (["bad", "ok"], ["partial"]))
    assert said.startswith("error: interrupted. Step 1 was applied, steps 2 to 4 were not.")


def test_no_room_on_live(shop: OwnServer, project: Path, say: Say) -> None:
    """The function says what PostgreSQL says when its disk is full."""
    full = "raise ''could not extend file: No space left on device'' using errcode = ''53100'', hint = ''Make room.''; "
    run_sql(shop, LIVE.replace("perform pg_sleep(60); ", full), "insert into t values (1, 'ok')")
    (project / "schema.sql").write_text(WANTED.replace("perform pg_sleep(60); ", full))
    code, _, said = say("apply", "--yes", "--database", shop.url())
    assert code == 6
    assert said.startswith("error: step 2 of 4 failed: could not extend file: No space left on device\n")
    assert "Step 1 was applied, steps 2 to 4 were not. The transaction was rolled back.\nhint: Make room.\n" in said
    assert state(shop) == (["bad", "ok"], ["partial"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_terminated_while_an_index_is_built(
    shop: OwnServer, project: Path, say: Say, number: signal.Signals, code: int
) -> None:
    """The index that is not valid goes, and the history says so."""
    before = (project / "schema.sql").read_text()
    run_sql(shop, before)
    (project / "schema.sql").write_text(before + "create index by_name on plans (name);")
    assert say("plan", "--out", "plan.json", "--online", "always", "--database", shop.url())[0] == 0
    with holding(shop.target(), "insert into public.plans values (1, 'Free')") as gate, shop.superuser() as session:
        with apply_of(shop, "plan.json") as process:
            waits(session, "create index concurrently")
            process.send_signal(number)
            waits(session, "drop index concurrently")
            gate.rollback()
            _, said = process.communicate(timeout=120)
        assert (process.returncode, said.splitlines()) == (
            code,
            [
                "error: interrupted. Nothing was applied.",
                "PostgreSQL left index public.by_name behind, which was not valid: it was dropped",
            ],
        )
        assert session.execute("select to_regclass('public.by_name')").fetchone() == (None,)
        assert session.execute("select outcome from dbsync.history").fetchall() == [("failed",)]

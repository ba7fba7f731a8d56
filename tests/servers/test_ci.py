"""A change as CI makes it, by a role that owns its database and nothing else."""

import json
from pathlib import Path

from dbsync.pg.connect import connect
from tests.plugins.own_server import OwnServer
from tests.servers.conftest import Say, run_sql


def test_planned_reviewed_applied(shop: OwnServer, project: Path, say: Say) -> None:
    with shop.superuser() as session:
        rights = session.execute("select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = 'app'")
        assert rights.fetchone() == (False, False, False)
    run_sql(shop, "create table plans (id integer primary key)")

    # On the pull request: the plan is shown for review, and kept.
    code, shown, _ = say("plan", "--database", shop.url(), "--out", "plan.json", "--exit-code")
    assert code == 1
    digest = shown.split()[1]
    assert json.loads(Path("plan.json").read_text())["digest"] == digest

    # Another digest than the one that was approved, or a database that changed since: nothing runs.
    code, _, said = say("apply", "plan.json", "--approve", "0" * 12, "--database", shop.url())
    assert code == 5
    assert "nothing was applied" in said
    run_sql(shop, "create table meanwhile ()")
    code, _, said = say("apply", "plan.json", "--approve", digest, "--database", shop.url())
    assert code == 5
    assert "table public.meanwhile was added" in said
    run_sql(shop, "drop table meanwhile")

    # After the review: exactly that plan; and once more does no harm.
    assert say("apply", "plan.json", "--approve", digest, "--database", shop.url())[0] == 0
    code, _, said = say("apply", "plan.json", "--approve", digest, "--database", shop.url())
    assert code == 5
    assert "the database is already what this plan makes of it" in said
    assert say("plan", "--exit-code", "--database", shop.url())[0] == 0
    with connect(shop.target()) as session:
        assert session.execute("select applied_by, outcome from dbsync.history").fetchall() == [("app", "applied")]


def test_scratch_beside_live_needs_createdb(shop: OwnServer, project: Path, say: Say) -> None:
    code, _, said = say("plan", "--scratch", "server", "--database", shop.url())
    assert code == 5
    assert said == (
        f"error: The role app may not make databases on database shop on 127.0.0.1:{shop.port} as app\n"
        "hint: have an administrator run ALTER ROLE app CREATEDB, or use another --scratch\n"
    )
    code, _, said = say("plan", "--scratch", "server", "--database", shop.url(user="postgres"))
    assert code == 2
    assert "--scratch server is not for the superuser postgres" in said

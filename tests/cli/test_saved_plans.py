"""Plans that are saved, reviewed and applied later; approval by digest; results as JSON."""

import dataclasses
import hashlib
import importlib.resources
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest

from dbsync import cli
from dbsync.model.coding import squeezed
from dbsync.pg.connect import Target, connect
from dbsync.tasks.plan import Planned, opened, save
from tests.plugins.database import MakeDatabase

Live = psycopg.Connection[Any]

SCHEMA = """
create table plans (id integer primary key, name text not null unique);
create view names as select name from plans;
"""
SEEDS = "insert into plans values (1, 'Free'), (2, 'Pro') on conflict (id) do nothing;\n"


@pytest.fixture
def live(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """An empty database, named by DATABASE_URL, and a project with a schema and seeds in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text(SCHEMA)
    (tmp_path / "seeds.sql").write_text(SEEDS)
    with connect(database) as connection:
        yield connection


Captured = pytest.CaptureFixture[str]


def saved(capsys: Captured, *options: str) -> dict[str, Any]:
    """The plan file, after dbsync plan --out."""
    assert cli.main(["plan", "--out", "plan.json", *options]) == 0
    capsys.readouterr()
    document: dict[str, Any] = json.loads(Path("plan.json").read_text())
    return document


def output(capsys: Captured) -> dict[str, Any]:
    """The JSON document on stdout; it meets its schema."""
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    schema = json.loads(importlib.resources.files("dbsync.render").joinpath("schema.json").read_text())
    jsonschema.validate(document, schema)
    return document


def rows(live: Live) -> int | None:
    """How many plans there are; None without the table."""
    if live.execute("select to_regclass('public.plans')").fetchone() == (None,):
        return None
    row = live.execute("select count(*) from public.plans").fetchone()
    return int(row[0]) if row else None


def test_what_was_saved_is_what_runs(live: Live, tmp_path: Path, capsys: Captured) -> None:
    saved(capsys)
    (tmp_path / "schema.sql").write_text("create table something_else ();")
    (tmp_path / "seeds.sql").write_text("nonsense;")
    assert cli.main(["apply", "plan.json", "--yes"]) == 0
    shown = capsys.readouterr().out
    assert "+ table public.plans" in shown
    assert "Applied: " in shown
    assert "rows: 2 rows inserted" in shown
    assert rows(live) == 2


def test_plan_says_how_to_apply_the_file(live: Live, capsys: Captured) -> None:
    assert cli.main(["plan", "--out", "my plan.json"]) == 0
    assert capsys.readouterr().out.endswith("To apply it: dbsync apply 'my plan.json'\n")


def test_two_plans_of_the_same_are_the_same(live: Live, capsys: Captured) -> None:
    assert saved(capsys) == saved(capsys)


def test_changed_database_is_refused_by_name(live: Live, capsys: Captured) -> None:
    live.execute("create table public.old (id integer); create view public.seen as select id from public.old")
    saved(capsys)
    live.execute("create table public.sneaked (a integer primary key); drop view public.seen")
    live.execute("alter table public.old add b text")
    assert cli.main(["apply", "plan.json", "--yes", "--allow", "all"]) == 5
    said = capsys.readouterr().err
    assert "the database changed after the plan was made; nothing was applied" in said
    for line in (
        "  column public.old.b was added\n",
        "  table public.sneaked was added\n",
        "  view public.seen is gone\n",
    ):
        assert line in said
    assert "sneaked.a" not in said
    assert rows(live) is None


@pytest.mark.same_major
def test_applied_twice(live: Live, capsys: Captured) -> None:
    saved(capsys)
    assert cli.main(["apply", "plan.json", "--yes"]) == 0
    capsys.readouterr()
    assert cli.main(["apply", "plan.json", "--yes"]) == 5
    assert "the database is already what this plan makes of it" in capsys.readouterr().err


def test_edited_file_is_refused(live: Live, capsys: Captured) -> None:
    document = saved(capsys)
    document["batches"][0]["steps"][0]["sql"] += " -- and more"
    Path("plan.json").write_text(json.dumps(document))
    assert cli.main(["apply", "plan.json", "--yes"]) == 5
    assert "plan.json was edited after dbsync wrote it; nothing was applied" in capsys.readouterr().err
    assert rows(live) is None


def test_another_database_is_refused(
    live: Live, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    saved(capsys)
    other = make_database()
    assert cli.main(["apply", "plan.json", "--yes", "--database", other.conninfo()]) == 5
    said = capsys.readouterr().err
    assert "the plan was made for another database; nothing was applied" in said
    assert f"database {other.parameters['dbname']} (oid" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "plan.json is not JSON"),
        ("[]", "plan.json is not a plan of dbsync"),
        ('{"format": "dbsync plan", "version": 1}', "version 1, and this dbsync knows version 2"),
        ('{"format": "dbsync plan", "version": 3}', "version 3, and this dbsync knows version 2"),
        ('{"format": "dbsync plan", "version": 2, "dbsync": "9.9"}', "made by dbsync 9.9"),
        ("\0\xff", "plan.json is not a plan of dbsync"),
    ],
)
def test_no_plan_file(live: Live, text: str, said: str, capsys: Captured) -> None:
    Path("plan.json").write_bytes(text.encode("latin-1"))
    assert cli.main(["apply", "plan.json", "--yes"]) in (2, 5)
    assert said in capsys.readouterr().err.replace("is not JSON", "is not JSON")


def test_missing_plan_file(live: Live, capsys: Captured) -> None:
    assert cli.main(["apply", "plam.json"]) == 2
    assert "plam.json cannot be read: No such file or directory" in capsys.readouterr().err


def test_a_saved_plan_takes_no_planning_options(live: Live, capsys: Captured) -> None:
    saved(capsys)
    for option in (["--schema", "schema.sql"], ["--no-seeds"], ["--author", "migra"]):
        assert cli.main(["apply", "plan.json", "--yes", *option]) == 2
        assert f"{option[0]} has no part in it" in capsys.readouterr().err


def test_approve(live: Live, capsys: Captured) -> None:
    live.execute("create table public.old (id integer)")
    digest = saved(capsys)["digest"]
    assert cli.main(["apply", "--approve", "0123456789ab"]) == 5
    said = capsys.readouterr().err
    assert f"--approve agrees to plan 0123456789ab, and this is plan {digest}; nothing was applied" in said
    # It covers the loss, which was reviewed with it, and holds for a plan that is made anew.
    assert cli.main(["apply", "--approve", digest]) == 0
    assert rows(live) == 2
    assert live.execute("select to_regclass('public.old')").fetchone() == (None,)


def test_approve_a_saved_plan(live: Live, capsys: Captured) -> None:
    digest = saved(capsys)["digest"]
    assert cli.main(["apply", "plan.json", "--approve", "0123456789ab"]) == 5
    assert rows(live) is None
    assert cli.main(["apply", "plan.json", "--approve", digest.upper()]) == 0
    assert rows(live) == 2


def test_approve_by_the_first_digits(live: Live, capsys: Captured) -> None:
    """Only of a plan that is made here and now."""
    digest = saved(capsys)["digest"]
    assert len(digest) == 32
    assert cli.main(["apply", "plan.json", "--approve", digest[:31]]) == 5
    assert "--approve needs all 32 digits" in capsys.readouterr().err
    assert rows(live) is None
    assert cli.main(["apply", "--approve", digest[:12]]) == 0
    assert rows(live) == 2


def _forged(document: dict[str, Any]) -> None:
    """Put the checksum right, as who edits a file would."""
    rest = {key: value for key, value in document.items() if key != "checksum"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    document["checksum"] = hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("what", ["losses", "hazards", "watched"])
def test_what_is_lost_is_in_the_digest(live: Live, capsys: Captured, what: str) -> None:
    """A file that hides a loss, or asks something else, is no longer the plan, even with the right checksum."""
    live.execute("create table public.plans (id integer primary key, name text, gone text)")
    document = saved(capsys)
    if what == "losses":
        document["losses"] = []
        for one in (one for batch in document["batches"] for one in batch["steps"]):
            one["lost"] = []
    elif what == "hazards":
        document["hazards"] = []
    else:
        document["watched"] = squeezed("[]")
    _forged(document)
    Path("plan.json").write_text(json.dumps(document))
    assert cli.main(["apply", "plan.json", "--yes"]) == 5
    assert "plan.json was edited after dbsync wrote it; nothing was applied" in capsys.readouterr().err
    assert live.execute("select count(*) from pg_attribute where attname = 'gone'").fetchone() == (1,)


def test_nothing_of_another_plan_is_sent(live: Live, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that asks the database something else than what was reviewed is refused before it is asked."""
    live.execute("create table public.plans (id integer primary key, name text)")
    digest = saved(capsys, "--no-seeds")["digest"]
    plan = opened(Path("plan.json")).plan
    asked = dataclasses.replace(plan.hazards[0].question, query="SELECT 1", tables=(), attempt=None)
    forged = dataclasses.replace(plan, hazards=(dataclasses.replace(plan.hazards[0], question=asked),))
    save(Planned(forged), Path("plan.json"))
    sent = []
    monkeypatch.setattr("dbsync.tasks.apply.asked_again", lambda *_, **__: sent.append("a question"))
    monkeypatch.setattr("dbsync.tasks.apply.gate", lambda *_: sent.append("what the plan was made on"))
    assert cli.main(["apply", "plan.json", "--approve", digest]) == 5
    assert f"--approve agrees to plan {digest}, and this is plan {forged.digest}" in capsys.readouterr().err
    assert sent == []


def test_approve_covers_the_seeds(live: Live, tmp_path: Path, capsys: Captured) -> None:
    digest = saved(capsys)["digest"]
    (tmp_path / "seeds.sql").write_text("insert into plans values (1, 'Ransom');")
    assert cli.main(["apply", "--approve", digest]) == 5
    assert rows(live) is None


@pytest.mark.parametrize("more", [["--yes"], ["--allow", "all"]])
def test_approve_stands_alone(live: Live, more: list[str], capsys: Captured) -> None:
    assert cli.main(["apply", "--approve", "0123456789ab", *more]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_approve_needs_a_digest(live: Live, capsys: Captured) -> None:
    assert cli.main(["apply", "--approve", "yes"]) == 2
    assert "32 hexadecimal digits or the first 12 or more, not 'yes'" in capsys.readouterr().err


def test_secrets_stay_out(live: Live, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "schema.sql").write_text(
        "create foreign data wrapper w;\ncreate server s foreign data wrapper w options (host 'db');\n"
        "create user mapping for public server s options (user 'u', password 'hush');\n"
    )
    document = saved(capsys, "--no-seeds")
    assert "hush" not in Path("plan.json").read_text()
    assert cli.main(["apply", "plan.json", "--yes"]) == 5
    said = capsys.readouterr().err
    assert "needs a password, which no plan file keeps; nothing was applied" in said
    assert f"dbsync apply --approve {document['digest']}" in said
    for form in ("text", "sql", "json"):
        assert cli.main(["plan", "--no-seeds", "--format", form]) == 0
        assert "hush" not in "".join(capsys.readouterr())
    assert cli.main(["apply", "-v", "--no-seeds", "--approve", document["digest"]]) == 0
    assert "hush" not in "".join(capsys.readouterr())
    assert "hush" not in str(live.execute("select * from dbsync.history").fetchall())
    row = live.execute("select array(select unnest(umoptions) order by 1 desc) from pg_user_mappings").fetchone()
    assert row == (["user=u", "password=hush"],)

    (tmp_path / "schema.sql").write_text((tmp_path / "schema.sql").read_text().replace("hush", "secret2"))
    assert cli.main(["plan", "--no-seeds"]) == 0
    said = "".join(capsys.readouterr())
    assert "options: changed" in said
    assert "hush" not in said
    assert "secret2" not in said


def test_json_of_plan_apply_and_history(live: Live, capsys: Captured) -> None:
    assert cli.main(["history", "--format", "json"]) == 0
    assert output(capsys)["records"] == []
    assert cli.main(["plan", "--format", "json", "--exit-code"]) == 1
    planned = output(capsys)
    assert [(one["mode"], one["added"]) for one in planned["plan"]["rows"]] == [("merge", 2)]
    assert planned["plan"]["counts"] == {"added": 2, "changed": 0, "removed": 0, "renamed": 0}
    assert cli.main(["apply", "--format", "json", "--yes"]) == 0
    done = output(capsys)
    assert done["plan"] == planned["plan"]
    assert done["outcome"]["rows"] == {"inserted": 2, "updated": 0, "deleted": 0}
    assert cli.main(["apply", "--format", "json", "--yes", "--no-seeds"]) == 0
    assert output(capsys)["outcome"] is None
    assert cli.main(["history", "--format", "json"]) == 0
    assert [one["digest"] for one in output(capsys)["records"]] == [planned["plan"]["digest"]]


def test_json_of_a_change(live: Live, capsys: Captured) -> None:
    live.execute("create table public.plans (id integer primary key, name varchar(3)); create table public.old ()")
    assert cli.main(["plan", "--format", "json"]) == 0
    plan = output(capsys)["plan"]
    assert plan["losses"]
    changes = {one["name"]: one for one in plan["changes"]}
    assert changes["table public.old"]["manner"] == "removed"
    assert {"name": "type", "before": "character varying(3)", "after": "text"} in changes["column public.plans.name"][
        "fields"
    ]


def test_json_of_an_error(live: Live, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "schema.sql").write_text("create table t (\n")
    assert cli.main(["plan", "--format", "json"]) == 3
    error = output(capsys)["error"]
    assert (error["kind"], error["exit_code"]) == ("SchemaError", 3)


def test_results_and_progress_do_not_mix(live: Live, capsys: Captured) -> None:
    assert cli.main(["apply", "--format", "json", "--yes", "-v"]) == 0
    captured = capsys.readouterr()
    json.loads(captured.out)
    assert "CREATE TABLE" in captured.err.upper()


def test_unwritable_plan_file(live: Live, capsys: Captured) -> None:
    assert cli.main(["plan", "--out", f"schema.sql{os.sep}plan.json"]) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err

"""Undo: live back to what it was, what stays lost, what was done by hand, and what cannot be undone."""

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
from dbsync.pg.connect import Target, connect
from dbsync.snapshot import snapshot
from tests.plugins.database import MakeDatabase

Live = psycopg.Connection[Any]
Captured = pytest.CaptureFixture[str]

FIRST = """
create type mood as enum ('sad', 'ok');
create table plans (id integer primary key, name varchar(20), mood mood check (mood in ('sad', 'ok')));
create index plans_name on plans (name) where name <> '';
create materialized view names as select name from plans;
comment on table plans is 'What is sold';
grant select on plans to dbsync_reader;
"""
SECOND = """
create type mood as enum ('sad', 'ok', 'happy');
create table plans (id integer primary key, price integer not null default 0);
create function one() returns integer language sql as 'select 1';
"""

pytestmark = pytest.mark.usefixtures("kept_scratch")


@pytest.fixture
def live(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A database that became FIRST and then SECOND, and a project in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    (tmp_path / ".git").mkdir()
    with connect(database) as connection:
        applied(FIRST)
        connection.execute("insert into public.plans values (1, 'Free', 'ok')")
        yield connection


def applied(schema: str, *options: str) -> None:
    Path("schema.sql").write_text(schema)
    assert cli.main(["apply", "--yes", "--allow", "all", "-q", *options]) == 0


def undone(*options: str) -> None:
    assert cli.main(["undo", "--yes", "--allow", "all", "-q", *options]) == 0


def words(text: str) -> str:
    """The text without its line ends."""
    return " ".join(text.split())


def fingerprint(live: Live) -> str:
    return snapshot(live).fingerprint


def output(capsys: Captured) -> dict[str, Any]:
    """The JSON document on stdout; it meets its schema."""
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    schema = json.loads(importlib.resources.files("dbsync.render").joinpath("schema.json").read_text())
    jsonschema.validate(document, schema)
    return document


def outcomes(live: Live) -> list[tuple[int, str, int | None]]:
    return live.execute("select id, outcome, undoes from dbsync.history order by id").fetchall()


def test_back_and_forth(live: Live, capsys: Captured) -> None:
    first = fingerprint(live)
    applied(SECOND)
    second = fingerprint(live)
    capsys.readouterr()
    undone()
    shown = capsys.readouterr().out
    assert "back to what it was before record 2" in words(shown)
    assert "what record 2 lost stays lost: column public.plans." in shown
    assert "live is what it was before record 2. It is number 3 in the history." in shown
    assert "live has the very fingerprint that it had before record 2" in shown
    assert fingerprint(live) == first
    assert live.execute("select id, name, mood from public.plans").fetchall() == [(1, None, None)]

    undone()
    assert fingerprint(live) == second
    undone("--to", "0")
    assert "live has the very fingerprint that it had before record 1" in capsys.readouterr().out
    assert live.execute("select to_regclass('public.plans')").fetchone() == (None,)
    assert outcomes(live) == [
        (1, "applied", None),
        (2, "applied", None),
        (3, "applied", 2),
        (4, "applied", 3),
        (5, "applied", 1),
    ]


def test_rows_that_refuse(live: Live, capsys: Captured) -> None:
    """A column that may not be NULL comes back without values: only where there are no rows."""
    applied(FIRST.replace("name varchar(20)", "name varchar(20) not null"))
    applied("create table plans (id integer primary key);")
    capsys.readouterr()
    assert cli.main(["undo", "--yes", "--allow", "all"]) == 5
    assert "rows of the database are in the way of a step of the plan; nothing was applied" in capsys.readouterr().err
    live.execute("delete from public.plans")
    undone()


def test_rows_that_were_not_lost_stay(live: Live) -> None:
    applied(FIRST.replace("create index plans_name on plans (name) where name <> '';", "create table more ();"))
    undone()
    assert live.execute("select id, name, mood::text from public.plans").fetchall() == [(1, "Free", "ok")]


def test_grants_and_comments_come_back_with_their_table(live: Live) -> None:
    applied("create type mood as enum ('sad', 'ok');")
    undone()
    assert live.execute("select has_table_privilege('dbsync_reader', 'public.plans', 'select')").fetchone() == (True,)
    assert live.execute("select obj_description('public.plans'::regclass)").fetchone() == ("What is sold",)


def test_plan_changes_nothing(live: Live, capsys: Captured) -> None:
    applied(SECOND)
    before = fingerprint(live)
    capsys.readouterr()
    assert cli.main(["undo", "--plan", "--yes"]) == 2
    assert "--yes agrees to a plan that is applied, and --plan applies none" in capsys.readouterr().err
    assert cli.main(["undo", "--out", "undo.json", "--allow", "data-loss"]) == 2
    assert "--allow agrees to a plan that is applied, and --out applies none" in capsys.readouterr().err
    assert cli.main(["undo", "--plan"]) == 0
    assert capsys.readouterr().out.endswith("To apply it: dbsync undo\n")
    assert cli.main(["undo", "--plan", "--to", "1", "--format", "sql"]) == 0
    assert "back to what it was before record 2" in words(capsys.readouterr().out.replace("-- ", ""))
    assert cli.main(["undo", "--plan", "--format", "json"]) == 0
    document = output(capsys)
    assert (document["undoes"], document["outcome"]) == (2, None)
    assert document["plan"]["notes"][0].startswith("what record 2 lost stays lost: column public.plans.")
    assert (fingerprint(live), len(outcomes(live))) == (before, 2)


def test_saved_undo(live: Live, capsys: Captured) -> None:
    first = fingerprint(live)
    applied(SECOND)
    second = fingerprint(live)
    assert cli.main(["undo", "--out", "undo.json"]) == 0
    assert fingerprint(live) == second
    capsys.readouterr()
    assert cli.main(["apply", "undo.json", "--yes", "--allow", "all", "--format", "json"]) == 0
    notes = output(capsys)["outcome"]["notes"]
    assert notes == ["live has the very fingerprint that it had before record 2"]
    assert fingerprint(live) == first
    assert outcomes(live)[-1] == (3, "applied", 2)
    undone()
    assert fingerprint(live) == second


def test_approval(live: Live, capsys: Captured) -> None:
    applied(FIRST + "create table more (id integer);")
    live.execute("insert into public.more values (1)")
    capsys.readouterr()
    assert cli.main(["undo", "--yes"]) == 5
    assert "--yes does not agree to a loss: table public.more and its rows" in capsys.readouterr().err
    with Path(os.devnull).open() as nothing, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", nothing)
        assert cli.main(["undo"]) == 5
    assert "nobody is there to ask" in capsys.readouterr().err
    assert cli.main(["undo", "--plan", "--format", "json"]) == 0
    digest = output(capsys)["plan"]["digest"]
    assert cli.main(["undo", "--approve", "0123456789ab"]) == 5
    assert cli.main(["undo", "--approve", digest]) == 0
    assert live.execute("select to_regclass('public.more')").fetchone() == (None,)


def test_what_was_done_by_hand_is_said_and_undone(live: Live, capsys: Captured) -> None:
    first = fingerprint(live)
    applied(SECOND)
    live.execute("create table public.sneaked (id integer); alter table public.plans add note text")
    capsys.readouterr()
    undone()
    shown = words(capsys.readouterr().out)
    assert "live is not as record 2 left it, and this goes back as well:" in shown
    assert "column public.plans.note was added, table public.sneaked was added" in shown
    assert fingerprint(live) == first


def test_what_was_done_by_hand_in_between_comes_back(live: Live, capsys: Captured) -> None:
    live.execute("create table public.sneaked (id integer)")
    applied(SECOND)
    capsys.readouterr()
    undone("--to", "1")
    shown = words(capsys.readouterr().out)
    assert "the database was changed between record 1 and record 2, and these changes stay or come back" in shown
    assert live.execute("select to_regclass('public.sneaked') is not null").fetchone() == (True,)


def test_a_failed_apply_needs_no_undo(live: Live, capsys: Captured) -> None:
    applied(FIRST + "create table more ();")
    live.execute("update dbsync.history set outcome = 'failed' where id = 2; drop table public.more")
    capsys.readouterr()
    undone()
    shown = words(capsys.readouterr().out)
    assert "Nothing to do: database" in shown
    assert "is what it was before record 2." in shown
    assert "record 2 failed and changed nothing; dbsync undo --to 0 undoes record 1" in shown
    assert outcomes(live) == [(1, "applied", None), (2, "failed", None)]


def test_a_partial_apply_is_undone(live: Live, capsys: Captured) -> None:
    first = fingerprint(live)
    applied(FIRST + "create table more (); create table most ();")
    live.execute("update dbsync.history set outcome = 'partial' where id = 2; drop table public.most")
    capsys.readouterr()
    undone()
    assert "record 2 did not end (partial)" in words(capsys.readouterr().out)
    assert fingerprint(live) == first


def test_nothing_to_undo(
    live: Live, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("DATABASE_URL", make_database().conninfo())
    assert cli.main(["undo", "--yes"]) == 5
    assert "dbsync has applied nothing to this database, so there is nothing to undo" in capsys.readouterr().err


def test_unknown_records(live: Live, capsys: Captured) -> None:
    assert cli.main(["undo", "--to", "7"]) == 2
    assert capsys.readouterr().err == "error: the history has no record 7\nhint: it has 1 only: dbsync history\n"
    assert cli.main(["undo", "--to", "1"]) == 2
    assert "record 1 is the last one: nothing was applied after it" in capsys.readouterr().err
    assert cli.main(["undo", "--to", "-1"]) == 2


def test_history_of_an_older_dbsync(live: Live, capsys: Captured) -> None:
    live.execute("alter table dbsync.history drop undoes, drop manage, drop before, drop objects")
    assert cli.main(["history"]) == 0
    assert cli.main(["undo", "--yes"]) == 5
    said = capsys.readouterr().err
    assert "record 1 keeps no schema to go back to: an older dbsync wrote it" in said
    first = fingerprint(live)
    applied(SECOND)
    undone()
    assert fingerprint(live) == first
    assert cli.main(["undo", "--to", "0", "--yes"]) == 5
    assert cli.main(["history", "show", "1"]) == 0
    assert "It cannot be undone" in capsys.readouterr().out
    assert cli.main(["history", "diff", "1", "2"]) == 0
    assert "only the schema files are compared" in capsys.readouterr().out


def test_history_that_may_not_be_read(
    live: Live, database: Target, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    live.execute("create role dbsync_stranger login; grant create on schema public to dbsync_stranger")
    try:
        monkeypatch.setenv("DATABASE_URL", Target({**database.parameters, "user": "dbsync_stranger"}).conninfo())
        for command in (["undo", "--yes"], ["history"], ["history", "show", "1"], ["history", "diff", "1"]):
            assert cli.main(command) == 4
            said = capsys.readouterr().err
            assert "cannot be read: permission denied for schema dbsync" in said
            assert "the role that applied the plans may read it" in said
    finally:
        live.execute("drop owned by dbsync_stranger; drop role dbsync_stranger")


def test_what_was_applied_is_told_also_where_nobody_can_look_back(
    live: Live, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise psycopg.errors.InsufficientPrivilege("permission denied for table pg_subscription")

    monkeypatch.setattr("dbsync.tasks.apply.snapshot", refuse)
    applied(SECOND)
    capsys.readouterr()
    assert cli.main(["undo", "--yes", "--allow", "all", "--format", "json"]) == 0
    assert output(capsys)["outcome"]["notes"] == [
        "applied; whether live is exactly back could not be read: permission denied for table pg_subscription"
    ]
    assert outcomes(live)[-1][1] == "applied"


def test_manage_none_leaves_privileges(live: Live) -> None:
    applied(FIRST + "create table more ();")
    live.execute("grant insert on public.plans to dbsync_writer")
    undone("--manage", "none")
    assert live.execute("select to_regclass('public.more')").fetchone() == (None,)
    granted = "select has_table_privilege('dbsync_writer', 'public.plans', 'insert')"
    assert live.execute(granted).fetchone() == (True,)


def test_no_password_is_kept_and_live_s_own_stays(live: Live, capsys: Captured) -> None:
    server = "create foreign data wrapper w; create server s foreign data wrapper w options (host '{}');"
    mapping = "create user mapping for public server s options (user '{}', password 'hush');"
    applied(FIRST + server.format("one") + mapping.format("u"))
    applied(FIRST + server.format("two") + mapping.format("v"))
    assert "hush" not in str(live.execute("select * from dbsync.history").fetchall())
    capsys.readouterr()
    undone()
    said = words("".join(capsys.readouterr()))
    assert 'user mapping s."" keeps the password that it has now: the history keeps none' in said
    assert "hush" not in said
    options = "select array(select unnest(umoptions) order by 1) from pg_user_mappings"
    assert live.execute(options).fetchone() == (["password=hush", "user=u"],)
    applied(FIRST)
    capsys.readouterr()
    undone()
    assert "comes back with *** as its password" in words(capsys.readouterr().out)
    assert live.execute(options).fetchone() == (["password=***", "user=u"],)
    live.execute("drop foreign data wrapper w cascade")


def test_database_without_public(live: Live) -> None:
    live.execute("drop schema public cascade")
    applied("create schema shop; create table shop.plans ();")
    undone()
    assert live.execute("select to_regnamespace('shop'), to_regnamespace('public')").fetchone() == (None, None)


def test_renames_are_taken_back_with_their_rows(live: Live, capsys: Captured) -> None:
    first = fingerprint(live)

    def schema(table: str, column: str, was: str = "", had: str = "") -> str:
        return f"""
            create type mood as enum ('sad', 'ok');
            {was}
            create table {table} (
                id integer primary key,
                {had}
                {column} varchar(20),
                mood mood check (mood in ('sad', 'ok'))
            );
            create index plans_name on {table} ({column}) where {column} <> '';
            create materialized view names as select {column} as name from {table};
            comment on table {table} is 'What is sold';
            grant select on {table} to dbsync_reader;
        """

    applied(schema("offers", "name", was="-- dbsync: renamed from plans"))
    assert live.execute("select name from public.offers").fetchall() == [("Free",)]
    applied(schema("offers", "title", had="-- dbsync: renamed from name"))
    assert live.execute("select title from public.offers").fetchall() == [("Free",)]
    capsys.readouterr()
    undone("--to", "1")
    assert "LOST" not in capsys.readouterr().out
    assert live.execute("select name from public.plans").fetchall() == [("Free",)]
    assert fingerprint(live) == first
    undone()
    assert live.execute("select title from public.offers").fetchall() == [("Free",)]

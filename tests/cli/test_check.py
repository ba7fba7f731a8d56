"""dbsync check: what is well, what is not, what mends it; nothing is ever written."""

import importlib.resources
import json
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest

from dbsync import cli
from dbsync.pg.connect import Target, connect
from dbsync.render.page import Page

Live = psycopg.Connection[Any]
Captured = pytest.CaptureFixture[str]

# What other runs remember is of another text.
SCHEMA = f"-- {uuid.uuid4()}\ncreate table plans (id integer primary key, name text);\n"

pytestmark = pytest.mark.usefixtures("kept_scratch")


@pytest.fixture
def live(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A database that holds the schema of the project in the current folder; nothing is remembered of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text(SCHEMA)
    with connect(database) as connection:
        connection.execute("create table public.plans (id integer primary key, name text)")
        yield connection


def found(capsys: Captured, code: int, *options: str) -> dict[str, Any]:
    """The findings of a check that ends with this code, by what they are about."""
    capsys.readouterr()
    assert cli.main(["check", "--format", "json", *options]) == code
    document = json.loads(capsys.readouterr().out)
    schema = json.loads(importlib.resources.files("dbsync.render").joinpath("schema.json").read_text())
    jsonschema.validate(document, schema)
    assert (document["exit_code"], document["healthy"]) == (code, code == 0)
    return {one["about"]: one for one in document["findings"]} | {"document": document}


def test_all_is_well(live: Live, capsys: Captured) -> None:
    assert cli.main(["check"]) == 0
    shown = capsys.readouterr().out
    assert "✓ schema      live is what schema.sql says" in shown
    assert "· history     dbsync has applied nothing here" in shown
    assert shown.endswith("All is well, with 1 note.\n")
    assert live.execute("select to_regnamespace('dbsync')").fetchone() == (None,)
    # What was proven once is remembered.
    assert found(capsys, 0, "--quick")["schema"]["state"] == "good"


def test_what_differs_is_named(live: Live, capsys: Captured) -> None:
    live.execute("alter table public.plans drop name, add price integer; create table public.more (id integer)")
    findings = found(capsys, 1)
    assert findings["schema"]["text"] == "live is not what schema.sql says: 1 to add, 2 to remove"
    assert findings["schema"]["details"] == [
        "+ column public.plans.name",
        "- column public.plans.price",
        "- table public.more",
    ]
    assert {one["name"] for one in findings["document"]["changes"]} >= {"table public.more", "column public.more.id"}
    # A difference is not remembered as if there were none.
    assert found(capsys, 0, "--quick")["schema"]["state"] == "unknown"


def test_another_name_is_a_difference(live: Live, capsys: Captured) -> None:
    """Also that of a label, which is no object; it is not remembered as if there were none."""
    label = "create type mood as enum (/* dbsync: renamed from sad */ 'blue', 'glad');\n"
    Path("schema.sql").write_text(SCHEMA + label)
    Path("seeds.sql").write_text("insert into plans values (1, 'Free');")
    live.execute("create type public.mood as enum ('sad', 'glad')")
    findings = found(capsys, 1)
    assert findings["schema"]["text"] == "live is not what schema.sql says: 1 to rename"
    assert findings["schema"]["details"] == ["~ label public.mood.sad → public.mood.blue"]
    assert [(one["name"], one["manner"]) for one in findings["document"]["changes"]] == [
        ("label public.mood.blue", "renamed")
    ]
    assert findings["seeds"]["state"] == "unknown"
    assert cli.main(["plan", "--no-seeds", "--format", "sql"]) == 0
    assert "RENAME VALUE 'sad' TO 'blue'" in capsys.readouterr().out
    assert found(capsys, 0, "--quick")["schema"]["state"] == "unknown"
    live.execute("alter type public.mood rename value 'sad' to 'blue'; alter table public.plans rename to rates")
    Path("schema.sql").write_text(SCHEMA.replace("create", "-- dbsync: renamed from rates\ncreate") + label)
    findings = found(capsys, 1, "--no-seeds")
    assert findings["schema"]["details"][0] == "~ table public.rates → public.plans"


def test_declared_rows(live: Live, capsys: Captured) -> None:
    Path("seeds.sql").write_text("insert into plans values (1, 'Free'), (2, 'Pro');")
    live.execute("insert into public.plans values (1, 'Fre')")
    seeds = found(capsys, 1)["seeds"]
    assert seeds["details"] == ["table public.plans: 2 declared, 1 missing, 1 different"]
    live.execute("alter table public.plans drop name")
    assert found(capsys, 1)["seeds"]["state"] == "unknown"


@pytest.mark.parametrize("granted", [False, True])
def test_quick_does_not_take_an_apply_without_a_record_for_a_change_by_hand(
    live: Live, database: Target, capsys: Captured, monkeypatch: pytest.MonkeyPatch, granted: bool
) -> None:
    role = f"app_{uuid.uuid4().hex[:12]}"
    live.execute(f"create role {role} login; grant all on schema public to {role}".encode())
    try:
        Path("schema.sql").write_text(f"{SCHEMA}create table notes (id integer);\n")
        assert cli.main(["apply", "--yes", "--quiet"]) == 0
        live.execute(f"grant usage on schema dbsync to {role}; grant select on dbsync.history to {role}".encode())
        if granted:
            live.execute(f"grant insert, update on dbsync.history to {role}".encode())
        monkeypatch.setenv("DATABASE_URL", Target({**database.parameters, "user": role}).conninfo())
        live.execute("alter table public.notes add column more integer")
        schema = found(capsys, 1 if granted else 0, "--quick")["schema"]
        if granted:
            assert schema["state"] == "bad"
            assert "by hand, or with dbsync as a role that may not write the history" in schema["hint"]
        else:
            assert schema["state"] == "unknown"
            assert f"what {role} applies leaves no record" in schema["text"]
            assert f"GRANT INSERT, UPDATE ON dbsync.history TO {role}" in schema["hint"]
            assert "by hand" not in schema["hint"]
    finally:
        live.execute(f"drop owned by {role}; drop role {role}".encode())


def test_quick_knows_what_was_applied(live: Live, capsys: Captured) -> None:
    Path("schema.sql").write_text(SCHEMA + "create table more (id integer);")
    assert cli.main(["apply", "--yes", "-q"]) == 0
    findings = found(capsys, 0, "--quick")
    assert findings["schema"]["text"] == "live is as record 1 left it, from this schema file"
    assert [one["id"] for one in findings["document"]["records"]] == [1]
    Path("schema.sql").write_text(SCHEMA)
    assert "has another text since" in found(capsys, 0, "--quick")["schema"]["text"]
    live.execute("alter table public.more add sneaked text")
    findings = found(capsys, 1, "--quick")
    assert findings["schema"]["text"] == "live is not as record 1 left it"
    assert findings["schema"]["details"] == ["column public.more.sneaked was added"]


@pytest.mark.parametrize(
    ("outcome", "state", "said"),
    [
        ("interrupted", "bad", "record 1 has no end: dbsync was stopped while it ran"),
        ("partial", "bad", "record 1 was applied in part"),
        ("failed", "note", "record 1 failed and changed nothing"),
    ],
)
def test_records_without_a_good_end(live: Live, outcome: str, state: str, said: str, capsys: Captured) -> None:
    Path("schema.sql").write_text(SCHEMA + "create table more (id integer);")
    assert cli.main(["apply", "--yes", "-q"]) == 0
    live.execute("update dbsync.history set outcome = %s", [outcome])
    live.execute("drop table public.more")
    history = found(capsys, 1 if state == "bad" else 0, "--quick")["history"]
    assert (history["state"], history["text"]) == (state, said)


def test_leftovers(live: Live, database: Target, capsys: Captured) -> None:
    live.execute("insert into public.plans values (1, 'a'), (2, 'a')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        live.execute("create unique index concurrently once on public.plans (name)")
    live.execute("create database dbsync_scratch_0123_copy")
    try:
        findings = found(capsys, 1, "--quick")
    finally:
        live.execute("drop database dbsync_scratch_0123_copy")
    assert findings["indexes"]["text"] == "1 index is not valid: written to, never used"
    assert findings["indexes"]["details"] == ["public.once"]
    assert findings["scratch"]["details"] == ["dbsync_scratch_0123_copy"]


def test_role_that_may_only_read(
    live: Live, database: Target, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    live.execute("create schema dbsync; create table dbsync.history ()")
    live.execute("create role dbsync_stranger login")
    try:
        monkeypatch.setenv("DATABASE_URL", Target({**database.parameters, "user": "dbsync_stranger"}).conninfo())
        findings = found(capsys, 0, "--quick")
    finally:
        live.execute("drop role dbsync_stranger")
    assert findings["role"]["text"] == (
        "dbsync_stranger may not make schemas in the database and does not own 1 of 1 tables"
    )
    assert findings["role"]["details"] == ["public.plans"]
    assert findings["history"]["state"] == "unknown"
    assert "permission denied for schema dbsync" in findings["history"]["text"]


def test_an_index_that_another_role_makes_is_not_broken(
    live: Live, database: Target, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    live.execute("create role dbsync_stranger login")
    maker = threading.Thread(
        target=lambda: live.execute("create index concurrently made on public.plans (name)"), daemon=True
    )
    try:
        with connect(database) as writer, writer.transaction():
            writer.execute("insert into public.plans values (1, 'a')")
            maker.start()
            while not writer.execute("select true from pg_index where not indisvalid").fetchone():
                time.sleep(0.05)
            monkeypatch.setenv("DATABASE_URL", Target({**database.parameters, "user": "dbsync_stranger"}).conninfo())
            assert "indexes" not in found(capsys, 0, "--quick")
        maker.join()
    finally:
        live.execute("drop role dbsync_stranger")


def test_read_only_sessions(live: Live, database: Target, capsys: Captured) -> None:
    live.execute(f"alter database {database.parameters['dbname']} set default_transaction_read_only = on")
    assert "sessions are read-only" in found(capsys, 0, "--quick")["server"]["text"]


def test_schema_file_that_cannot_be_loaded(live: Live, capsys: Captured) -> None:
    Path("schema.sql").write_text("create table plans (id nonsense);")
    findings = found(capsys, 3)
    assert "schema.sql:1" in findings["schema"]["text"]
    assert findings["connection"]["state"] == "good"


def test_no_connection(live: Live, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://someone:hush@127.0.0.1:1/none")
    assert cli.main(["check", "--format", "json"]) == 4
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["exit_code"] == 4
    assert "hush" not in captured.out + captured.err


PLANS = "create table tariffs (name text primary key, price integer, note text);\n"


@pytest.fixture
def tariffs(live: Live) -> Live:
    """Live has the rows of the seeds file."""
    Path("schema.sql").write_text(SCHEMA + PLANS)
    Path("seeds.sql").write_text(
        "insert into tariffs (name, price) values ('Free', 0), ('Starter', 900), ('Pro', 1900), ('Scale', 4900);\n"
    )
    live.execute(PLANS.replace("table ", "table public.").encode())
    live.execute("insert into public.tariffs values ('Free', 0), ('Starter', 900), ('Pro', 1900), ('Scale', 4900)")
    return live


def test_declared_rows_are_shown(tariffs: Live, capsys: Captured) -> None:
    assert cli.main(["check"]) == 0
    expected = """\
✓ seeds       the rows of seeds.sql are there
                table public.tariffs: 4 declared
                  name     price
                  Free         0
                  Starter    900
                  Pro       1900
                  Scale     4900
"""
    assert expected in capsys.readouterr().out
    # So they are from memory.
    (rows,) = found(capsys, 0, "--quick")["document"]["rows"]
    assert rows["there"] == [
        {"name": "Free", "price": "0"},
        {"name": "Starter", "price": "900"},
        {"name": "Pro", "price": "1900"},
        {"name": "Scale", "price": "4900"},
    ]


def test_declared_rows_that_differ_are_shown(tariffs: Live, capsys: Captured) -> None:
    tariffs.execute("update public.tariffs set price = 2100 where name = 'Pro'")
    tariffs.execute("delete from public.tariffs where name = 'Scale'")
    assert cli.main(["check"]) == 1
    expected = """\
✗ seeds       the rows of seeds.sql are not all there as it has them
                table public.tariffs: 4 declared, 1 missing, 1 different
                  + Scale: price 4900
                  ~ Pro: price 2100 → 1900
                  name     price
                  Free         0
                  Starter    900
                  Pro       2100
"""
    assert expected in capsys.readouterr().out
    (rows,) = found(capsys, 1)["document"]["rows"]
    assert (rows["declared"], rows["added"], rows["changed"], len(rows["there"])) == (4, 1, 1, 3)


def test_of_many_rows_the_first_are_shown(tariffs: Live, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    values = "select 'tariff ' || n, n, case when n > 1 then repeat('long ', 30) end from generate_series(1, 30) n"
    Path("seeds.sql").write_text(f"insert into tariffs {values};\n")
    tariffs.execute(f"insert into public.tariffs {values}".encode())
    monkeypatch.setattr("dbsync.cli.check.page", lambda _: Page(width=60))
    assert cli.main(["check"]) == 0
    shown = capsys.readouterr().out
    assert "table public.tariffs: 30 declared\n                  name       price\n" in shown
    assert "tariff 20     20\n                  and 1 more column\n                  and 10 more rows\n" in shown
    assert max(map(len, shown.splitlines())) <= 100

"""What -v shows of the SQL that is sent to live, and what it does not."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync import cli
from dbsync.load.secrets import masked, without_values
from dbsync.pg.connect import Target, connect


@pytest.fixture
def live(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text("create table plans (id integer primary key, name text default 'shown');\n")
    (tmp_path / "seeds.sql").write_text("insert into plans values (1, 'a private name');\n")
    with connect(database) as connection:
        yield connection


def test_sql_is_shown_and_values_are_not(live: psycopg.Connection[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["apply", "--yes", "-v"]) == 0
    said = capsys.readouterr().err
    assert re.search(r"(?m)^-- step 1 of 2\nCREATE TABLE public.plans \(\n", said, re.IGNORECASE)
    assert "'shown'" in said
    assert "INSERT INTO public.plans (id, name) VALUES ($1, $2);" in said
    assert "a private name" not in said
    assert "insert into dbsync.history" in said
    lines = said.splitlines()
    assert lines.index("begin;") < next(i for i, line in enumerate(lines) if line.startswith("-- step 1")) < len(lines)
    assert "commit;" in lines


def test_plan_only_reads(live: psycopg.Connection[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "-v"]) == 0
    said = capsys.readouterr().err
    assert said.count("\n") > 10
    assert not re.search(r"(?mi)^(create|alter|drop|insert|update|delete) ", said)


def test_nothing_without_it(live: psycopg.Connection[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["apply", "--yes"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CREATE SUBSCRIPTION s CONNECTION 'host=a password=hush' PUBLICATION p", "password=***"),
        ("ALTER SUBSCRIPTION s CONNECTION /* here */ 'postgresql://u:hush@h/d'", "password=***"),
        ("CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'u', password 'it''s hush')", "password '***')"),
        ('ALTER USER MAPPING FOR ü SERVER s OPTIONS (SET "Api_Key" $$hush$$)', "\"Api_Key\" '***')"),
        ("CREATE ROLE app PASSWORD E'hush'", "PASSWORD '***'"),
        ("CREATE SUBSCRIPTION s CONNECTION 'hush hush' PUBLICATION p", "CONNECTION '***'"),
    ],
)
def test_masked(text: str, shown: str) -> None:
    assert shown in masked(text)
    assert "hush" not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t (password text DEFAULT 'x', token text)",
        "CREATE SUBSCRIPTION s CONNECTION 'host=a dbname=b' PUBLICATION p",
        "COMMENT ON TABLE t IS 'the password is elsewhere'",
        "it is not 'SQL, password",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


def test_without_values() -> None:
    assert without_values("update t set a = 'x' where b = 3") == "update t set a = $1 where b = $2"
    assert without_values("select 'x'") == "select 'x'"
    assert without_values("") == ""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    shown = capsys.readouterr().out
    for words in ("dbsync 0.", "for PostgreSQL 15 to 18", "Python 3.", "psycopg 3.", "libpq ", "migra 3."):
        assert words in shown

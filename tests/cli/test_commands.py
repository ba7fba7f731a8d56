"""plan, apply and history on a real database, from files to exit codes."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync import cli
from dbsync.pg.connect import Target, connect
from dbsync.scratch import binaries

SCHEMA = """
create type mood as enum ('sad', 'ok');
create table plans (id integer primary key, name text not null unique);
comment on table plans is 'What is sold';
create view names as select name from plans;
create function one() returns integer language plpgsql as $$ begin return 1; end $$;
"""
SEEDS = "insert into plans values (1, 'Free'), (2, 'Pro') on conflict (id) do nothing;\n"


@pytest.fixture
def live(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    """An empty database, named by DATABASE_URL, and a project with a schema and seeds in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text(SCHEMA)
    (tmp_path / "seeds.sql").write_text(SEEDS)
    with connect(database) as connection:
        yield connection


Live = psycopg.Connection[Any]


def test_from_nothing_to_nothing_to_do(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "--exit-code"]) == 1
    shown = capsys.readouterr().out
    assert "+ table public.plans" in shown
    assert "Proven: " in shown
    assert "To apply it: dbsync apply\n" in shown

    assert cli.main(["apply", "--yes"]) == 0
    shown = capsys.readouterr().out
    assert "the history.\nrows: 2 rows inserted\n" in shown
    assert live.execute("select count(*) from public.plans").fetchone() == (2,)

    assert cli.main(["plan", "--exit-code"]) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert cli.main(["apply", "--yes"]) == 0
    assert "Nothing to do" in capsys.readouterr().out

    assert cli.main(["history"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("\tapplied")


def test_loss_is_refused_and_allowed(live: Live, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live.execute("create table public.old (id integer)")
    assert cli.main(["apply", "--yes", "--no-seeds"]) == 5
    assert "--yes does not agree to a loss: table public.old and its rows" in capsys.readouterr().err
    assert live.execute("select to_regclass('public.plans')").fetchone() == (None,)
    assert cli.main(["apply", "--yes", "--allow", "data-loss", "--no-seeds"]) == 0
    assert live.execute("select to_regclass('public.old')").fetchone() == (None,)


def test_a_right_of_the_servers_owner(live: Live, tmp_path: Path) -> None:
    """On the scratch server the server's own objects belong to somebody else."""
    (owner,) = live.execute("select pg_get_userbyid(relowner) from pg_class where oid = 'pg_proc'::regclass").fetchone()  # type: ignore[misc]
    (tmp_path / "schema.sql").write_text(f'{SCHEMA} grant select (prosrc) on pg_proc to "{owner}";')
    assert cli.main(["apply", "--yes"]) == 0
    assert cli.main(["plan", "--exit-code"]) == 0


def test_nobody_there(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        assert cli.main(["apply"]) == 5
    assert "nobody is there to ask" in capsys.readouterr().err
    assert live.execute("select to_regclass('public.plans')").fetchone() == (None,)


def test_script_is_what_psql_runs(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "--format", "sql"]) == 0
    script = capsys.readouterr().out
    at_hand = [one.program("psql") for one in (binaries.embedded(), *binaries.installations()) if one]
    psql = next(program for program in at_hand if program)
    done = subprocess.run(
        [psql, "-X", "-q", "-d", os.environ["DATABASE_URL"]],
        input=script,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert cli.main(["plan", "--exit-code"]) == 0


def test_schema_that_cannot_be_loaded(live: Live, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "schema.sql").write_text("create table a ();\ncreate table b (x nonsense);\n")
    assert cli.main(["plan"]) == 3
    assert "schema.sql:2" in capsys.readouterr().err


def test_missing_schema(live: Live, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "schema.sql").unlink()
    assert cli.main(["plan"]) == 3
    assert "schema.sql" in capsys.readouterr().err


def test_no_connection(live: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://someone:hush@127.0.0.1:1/none")
    for command in ("plan", "apply", "history"):
        assert cli.main([command]) == 4
        assert "hush" not in capsys.readouterr().err

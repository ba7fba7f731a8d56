"""A private server that all processes of a test run share: the first starts its keeper, the last to leave ends it."""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from dbsync.errors import ConnectionFailed, ScratchError
from dbsync.pg.connect import connect
from dbsync.pg.target import Target
from dbsync.scratch.binaries import Installation
from dbsync.scratch.cluster import SUPERUSER
from dbsync.testing.keeper import described

_PATIENCE = 90.0
_POLL = 0.005

# What the tests see comes behind the standard library, which their folders may have a types.py beside.
_KEEPER = """
import os, runpy, sys
sys.path += sys.argv.pop(1).split(os.pathsep)
runpy.run_module("dbsync.testing.keeper", run_name="__main__", alter_sys=True)
"""
# The shell ends at once: the keeper is nobody's child, and outlives whoever started it.
_DETACHED = 'folder=$1; shift; { "$@" || : >"$folder/failed"; } </dev/null >"$folder/log" 2>&1 &'


@contextlib.contextmanager
def kept_server(installation: Installation, folder: Path) -> Iterator[Target]:
    """The superuser's way to the server of these binaries; processes that give the same folder get the same server."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "users").open("ab") as users:
        with (folder / "starting").open("ab") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            # Waits only where the keeper has seen the last one leave, and ends.
            fcntl.flock(users, fcntl.LOCK_SH)
            target = _found(folder) or _started(installation, folder)
        yield target


def _found(folder: Path) -> Target | None:
    """The server that runs already; one that was killed leaves its answer behind."""
    try:
        target = _target(json.loads((folder / "server.json").read_text())["sockets"])
        connect(target).close()
    except (OSError, ValueError, KeyError, ConnectionFailed):
        return None
    return target


def _started(installation: Installation, folder: Path) -> Target:
    answer, failed = folder / "server.json", folder / "failed"
    for left in (answer, failed):
        left.unlink(missing_ok=True)
    path = os.pathsep.join(filter(None, sys.path))
    keeper = [sys.executable, "-P", "-c", _KEEPER, path, str(folder), described(installation)]
    subprocess.run(
        ["/bin/sh", "-c", _DETACHED, "dbsync", folder, *keeper],
        check=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + _PATIENCE
    while not answer.exists():
        if failed.exists() or time.monotonic() > deadline:
            said = (folder / "log").read_text(errors="replace").splitlines()
            raise ScratchError("The tests' server did not start", detail="\n".join(said[-15:]) or None)
        time.sleep(_POLL)
    said = json.loads(answer.read_text())
    if "error" in said:
        raise ScratchError(said["error"], detail=said["detail"], hint=said["hint"])
    return _target(said["sockets"])


def _target(sockets: str) -> Target:
    return Target({"host": sockets, "port": "5432", "dbname": "postgres", "user": SUPERUSER})

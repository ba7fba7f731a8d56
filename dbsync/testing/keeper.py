"""The process that keeps the tests' private server: as long as any process of a test run uses it, and no longer.

Who uses the server holds a shared lock on the file `users`, which the system lets go also when a process is killed. The
keeper waits for that file's exclusive lock, and ends the server when it gets it.
"""

import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any

from dbsync.errors import DbsyncError
from dbsync.scratch.binaries import Installation
from dbsync.scratch.launch import Fencing, launched

SETTINGS = {
    # Applications under test bring pools, and every worker of a run has its own.
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "max_prepared_transactions": "20",
    "max_wal_size": "128MB",
}


# The tests' own code is free to connect and to compute as it likes, and so is what it asks its server for; what the
# server has no business with are this machine's files and programs.
_FENCING = Fencing(connects="anywhere", bounded=False)


def keep(folder: Path, installation: Installation) -> None:
    """Run a server of these binaries; `server.json` in the folder says where it is, or why there is none."""
    answer = folder / "server.json"
    try:
        with launched(installation, settings=SETTINGS, fencing=_FENCING) as running:
            _say(answer, {"sockets": str(running.sockets)})
            with (folder / "users").open("rb") as users:
                fcntl.flock(users, fcntl.LOCK_EX)
                answer.unlink(missing_ok=True)
    except DbsyncError as error:
        _say(answer, {"error": error.message, "detail": error.detail, "hint": error.hint})


def described(installation: Installation) -> str:
    """An installation as the word of a command line."""
    one = installation
    return json.dumps({"bin": str(one.bin), "version": one.version, "source": one.source, "root": str(one.root)})


def _installation(word: str) -> Installation:
    found: dict[str, Any] = json.loads(word)
    return Installation(
        bin=Path(found["bin"]), version=found["version"], source=found["source"], root=Path(found["root"])
    )


def _say(answer: Path, what: dict[str, str | None]) -> None:
    """Written whole or not at all: others read it as soon as it is there."""
    draft = answer.with_suffix(".new")
    draft.write_text(json.dumps(what))
    draft.replace(answer)


if __name__ == "__main__":
    os.chdir("/")
    keep(Path(sys.argv[1]), _installation(sys.argv[2]))

"""Who runs a private server: PostgreSQL refuses root, which therefore lends it an unprivileged account."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbsync.errors import ScratchError

_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An account of this machine; `borrowed` when it is not our own."""

    name: str
    uid: int
    gid: int
    borrowed: bool

    def popen(self) -> dict[str, Any]:
        """The arguments with which subprocess runs a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.borrowed else {}

    def own(self, path: Path) -> None:
        """Gives a file or a folder to this account."""
        if self.borrowed:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def reaches(self, path: Path) -> bool:
        """Whether it may enter every folder on the way to this file or folder, and read what is there."""
        if not self.borrowed:
            return True
        folders = list(path.parents)
        return all(self._may(folder, stat.S_IXUSR) for folder in folders) and self._may(
            path, stat.S_IRUSR | (stat.S_IXUSR if path.is_dir() else 0)
        )

    def _may(self, path: Path, wanted: int) -> bool:
        try:
            found = path.stat()
        except OSError:
            return False
        shift = 0 if found.st_uid == self.uid else 3 if found.st_gid == self.gid else 6
        return (found.st_mode << shift) & wanted == wanted


def choose() -> Account:
    """Our own account, or for root one that exists and has no rights."""
    uid = os.geteuid()
    if uid != 0:
        return Account(name=str(uid), uid=uid, gid=os.getegid(), borrowed=False)
    for name in _ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=found.pw_uid, gid=found.pw_gid, borrowed=True)
    raise ScratchError(
        "PostgreSQL does not run as root, and this machine has neither an account postgres nor nobody",
        hint="run dbsync as an ordinary user, or make one of these accounts",
    )

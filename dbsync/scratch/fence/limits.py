"""How much of this machine a server and its processes may use, and how to find all of them again.

The system counts some things for each process: these it bounds by itself. What all of them use together nobody counts
for an ordinary account, so it is looked at while the server runs (`watch`).
"""

import contextlib
import os
import resource
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dbsync.scratch.account import Account
from dbsync.scratch.fence import kernel
from dbsync.scratch.fence.start import in_a_thread

_MB = 1_000_000
_TAG = 10
"""RLIMIT_LOCKS: nothing has heeded it since Linux 2.4.25, so that its value can be a name."""
_LINE = "Max file locks"
_ALL_ACCOUNTS = 1000
"""So many processes more than an account has now: what else it starts meanwhile counts, too."""
_UNSEEN = 10_000
"""In a container processes outside of it may count that cannot be seen."""
_FIRST_NAMESPACE = 0xEFFFFFFC
_KILLED_FIRST = "800"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a server may use."""

    memory: int
    """Bytes of all processes together; the system gives one of them half of that."""
    disk: int
    """Bytes that its folder may take."""
    file: int = 1 << 30
    """Bytes of one file; PostgreSQL's own are never larger."""
    processes: int = 64
    seconds: int = 3600
    """Of a processor's time, for one process."""


def usual(free: int) -> Limits:
    """Those of a scratch server, in a place with so many bytes free."""
    # A schema with 20,000 tables takes 3 GB of disk while it is planned, and 1 GB of memory.
    return Limits(memory=max(1000 * _MB, min(4000 * _MB, _memory() // 2)), disk=min(8000 * _MB, free // 10 * 9))


def new_tag() -> str:
    """A name for a server's processes, which they pass on and cannot lose."""
    hard = resource.getrlimit(_TAG)[1] if sys.platform == "linux" else 0
    most = 1 << 60 if hard == resource.RLIM_INFINITY else max(hard, 1)
    return str(secrets.randbelow(most // 2) + most // 2)


def bound(pid: int, account: Account, limits: Limits | None, tag: str) -> None:
    """Bounds a process that has just been started, and all that it will start, and gives them their name."""
    if sys.platform != "linux":
        return
    values = {_TAG: int(tag), resource.RLIMIT_CORE: 0}
    if limits:
        values |= {
            resource.RLIMIT_DATA: limits.memory // 2,
            resource.RLIMIT_FSIZE: limits.file,
            resource.RLIMIT_CPU: limits.seconds,
            resource.RLIMIT_NPROC: _tasks(account) + (_ALL_ACCOUNTS if _sees_all() else _UNSEEN),
        }

    def set_all() -> None:
        if account.borrowed:
            # Root in a container often lacks the right to bound other accounts' processes.
            kernel.become(account.uid, account.gid)
        for kind, value in values.items():
            hard = resource.prlimit(pid, kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.prlimit(pid, kind, (value, value))

    with contextlib.suppress(ProcessLookupError):
        in_a_thread(set_all)
    # Where memory ends all the same, the kernel takes it from these, and from nobody else.
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text(_KILLED_FIRST)


def tagged(account: Account, tag: str) -> Iterator[Path]:
    """The folders in /proc of the processes that have this name."""
    for folder in _processes(account):
        with contextlib.suppress(OSError):
            for line in (folder / "limits").read_text().splitlines():
                if line.startswith(_LINE) and line.split()[3] == tag and not _ended(folder):
                    yield folder


def _processes(account: Account) -> Iterator[Path]:
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == account.uid:
                yield Path(entry.path)


def _ended(folder: Path) -> bool:
    """Whether nothing is left of a process but that its parent has not asked for its end."""
    return (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"


def _tasks(account: Account) -> int:
    found = 0
    for folder in _processes(account):
        with contextlib.suppress(OSError):
            found += sum(1 for _ in (folder / "task").iterdir())
    return found


def _sees_all() -> bool:
    try:
        return Path("/proc/self/ns/pid").stat().st_ino == _FIRST_NAMESPACE
    except OSError:
        return False


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

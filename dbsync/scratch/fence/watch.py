"""Watches what a server's processes use together, and ends them where that is too much."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dbsync.scratch.account import Account
from dbsync.scratch.fence.limits import Limits, tagged

_EVERY = 0.1
_SHARED = 128_000_000
"""Bytes that all processes of a server have in common, so that they count for none."""
_SLACK = 0.5
"""The part of the limit that a disk may lose before files are added up."""


@dataclass
class Excess:
    """What a server used too much of, once it did."""

    what: str | None = None


@contextlib.contextmanager
def watched(
    folder: Path, account: Account, tag: str, limits: Limits, excess: Excess, end: Callable[[], None]
) -> Iterator[None]:
    """While the context is open; where the server uses too much, `excess` says so, and `end` must end all of it."""
    over = threading.Event()

    def watch() -> None:
        disk = _Disk(folder, limits.disk)
        while not over.wait(_EVERY):
            try:
                excess.what = disk.too_much() or _too_much_memory(account, tag, limits)
            except OSError:
                continue
            if excess.what:
                end()
                return

    thread = threading.Thread(target=watch, name="dbsync-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class _Disk:
    """The disk space that a folder takes: its files are added up only where the disk has lost much, to whomever."""

    def __init__(self, folder: Path, most: int):
        self._folder = folder
        self._most = most
        self._free = self._free_now()

    def too_much(self) -> str | None:
        free = self._free_now()
        if self._free - free < self._most * _SLACK:
            return None
        size = _size(self._folder)
        # What else is missing others have taken.
        self._free = free + size
        return f"more than {self._most // 1_000_000:,} MB of disk space" if size > self._most else None

    def _free_now(self) -> int:
        found = os.statvfs(self._folder)
        return found.f_bfree * found.f_frsize


def _too_much_memory(account: Account, tag: str, limits: Limits) -> str | None:
    page = os.sysconf("SC_PAGE_SIZE")
    memory, processes = 0, 0
    for process in tagged(account, tag):
        with contextlib.suppress(OSError):
            resident, shared = (int(word) * page for word in (process / "statm").read_text().split()[1:3])
            memory += resident - min(shared, _SHARED)
            processes += 1
    if processes > limits.processes:
        return f"more than {limits.processes} processes"
    if memory > limits.memory:
        return f"more than {limits.memory // 1_000_000:,} MB of memory"
    return None


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - for speed
    return total

"""The fence's files and folders as rules of Landlock (Linux; landlock(7))."""

import contextlib
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from dbsync.scratch.fence import kernel
from dbsync.scratch.fence.record import DEVICES, Fence

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_FILE, _MAKE_SOCKET = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 9
_MOVE, _TRUNCATE = 1 << 13, 1 << 14

_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_READ = _READ_FILE | _READ_DIR
_WRITE = _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_FILE | _MAKE_SOCKET | _MOVE | _TRUNCATE

_HANDLED = {1: (1 << 13) - 1, 2: _MOVE, 3: _TRUNCATE, 5: 1 << 15}
"""The rights over files that each version of the interface added: what is handled and not given is shut."""
_TCP = 0b11
_SCOPED = 0b11
"""Abstract sockets and processes outside: none can be connected to or signalled."""

COMPLETE = 3
"""From this version on no file outside can be changed; version 2 does not keep it from being emptied."""


@contextlib.contextmanager
def ruleset(fence: Fence, abi: int) -> Iterator[int]:
    """The rules, as a file descriptor, for a kernel with this version of the interface."""
    handled = 0
    for version, rights in _HANDLED.items():
        handled |= rights if version <= abi else 0
    closed = _TCP if abi >= 4 and fence.connects != "anywhere" else 0
    scoped = _SCOPED if abi >= 6 and fence.connects != "anywhere" else 0
    words = (handled, closed, scoped)[: 1 if abi < 4 else 2 if abi < 6 else 3]
    descriptor = kernel.landlock_create_ruleset(struct.pack(f"={len(words)}Q", *words))
    try:
        for path, rights in _rights(fence).items():
            _allow(descriptor, path, rights & handled)
        yield descriptor
    finally:
        os.close(descriptor)


def _rights(fence: Fence) -> dict[Path, int]:
    found = dict.fromkeys(DEVICES, _READ_FILE | _WRITE_FILE)
    given = ((fence.readable, _READ), (fence.executable, _READ | _EXECUTE), (fence.writable, _READ | _WRITE))
    for paths, rights in given:
        for path in paths:
            found[path] = found.get(path, 0) | rights
    return found


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_FILES
        kernel.landlock_add_rule(ruleset, struct.pack("=Qi", rights, descriptor))
    finally:
        os.close(descriptor)

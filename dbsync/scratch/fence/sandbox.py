"""The fence as a profile of macOS's sandbox, which sandbox-exec(1) puts around a program."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from dbsync.scratch.fence.record import DEVICES, Fence

PROGRAM = Path("/usr/bin/sandbox-exec")


def wrapped(command: Sequence[str | Path], fence: Fence) -> list[str | Path]:
    """The command, inside the fence."""
    return [PROGRAM, "-p", profile(fence), *command]


def profile(fence: Fence) -> str:
    """The fence in the sandbox's language. Links are followed: the sandbox knows a file by its real path."""
    return "\n".join(_lines(fence)) + "\n"


def _lines(fence: Fence) -> Iterator[str]:
    yield "(version 1)"
    yield "(deny default)"
    # Forks, shared memory, semaphores, and what the system's own libraries ask the kernel for.
    for act in (
        "process-fork",
        "sysctl-read",
        "ipc-sysv*",
        "ipc-posix*",
        "file-read-metadata",
        "signal (target same-sandbox)",
    ):
        yield f"(allow {act})"
    yield f"(allow process-exec {_paths(fence.executable, 'literal')})"
    yield f"(allow file-read* {_paths((*fence.readable, *fence.executable, *fence.writable), 'subpath')})"
    yield f"(allow file-read* file-write-data {_paths(DEVICES, 'literal')})"
    if fence.writable:
        yield f"(allow file-write* {_paths(fence.writable, 'subpath')})"
        yield f"(allow network-bind network-inbound {_paths(fence.writable, 'subpath')})"
    if fence.connects == "sockets":
        yield "(allow network-outbound (remote unix-socket))"
    elif fence.connects == "anywhere":
        yield "(allow network*)"


def _paths(paths: Sequence[Path], kind: str) -> str:
    return " ".join(f"({kind} {_quoted(os.path.realpath(path))})" for path in dict.fromkeys(paths))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

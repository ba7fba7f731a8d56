"""Which fence this machine has, and whether one is around scratch databases."""

import errno
import functools
import sys
from dataclasses import dataclass

from dbsync.errors import ScratchError
from dbsync.scratch.fence import kernel, landlock, sandbox


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a program can be fenced in with on this machine."""

    label: str
    """In words, such as `Landlock ABI 7, seccomp`; empty where there is nothing."""
    landlock: int = 0
    """The version of Landlock's interface, on Linux."""
    gap: str | None = None
    """Why there is no fence, or what a fence here does not shut; None where it is whole."""


@functools.cache
def means() -> Means:
    """What this machine has."""
    if sys.platform == "linux":
        return _linux()
    if sys.platform == "darwin" and sandbox.PROGRAM.exists():
        return Means(label="sandbox-exec")
    return Means(label="", gap="dbsync has none for this system")


def gap(choice: str) -> str | None:
    """Why no fence of the operating system is around scratch databases of this choice, or what it lacks; else None."""
    if choice == "server" or "://" in choice or "=" in choice:
        return "--scratch names a server that dbsync did not start"
    return means().gap


def require(choice: str) -> None:
    """ScratchError where there is no whole fence around scratch databases of this choice."""
    if why := gap(choice):
        raise ScratchError(
            f"There is no fence around the scratch server, and --require-fence wants one: {why}",
            hint="use --scratch auto on Linux 6.2 or newer, with Landlock; dbsync --version says what a machine has",
        )


def _linux() -> Means:
    if not kernel.known():
        return Means(label="", gap=f"dbsync has none for this processor, {kernel.machine()}")
    try:
        abi = kernel.landlock_abi()
    except OSError as error:
        switched_off = error.errno == errno.EOPNOTSUPP
        return Means(label="", gap=f"the kernel's Landlock is {'switched off' if switched_off else 'missing'}")
    if not kernel.seccomp_works():
        return Means(label="", gap="the kernel takes no filter of system calls (seccomp)")
    gap = None
    if abi < landlock.COMPLETE:
        gap = f"the kernel's Landlock is of version {abi}, which lets files outside be emptied"
    return Means(label=f"Landlock ABI {abi}, seccomp", landlock=abi, gap=gap)

"""What a program may reach of this machine, whichever system sees to it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Connects = Literal["nowhere", "sockets", "anywhere"]
"""Whom a program may connect to: nobody, Unix sockets only, or anybody."""

DEVICES = tuple(Path("/dev", name) for name in ("null", "zero", "random", "urandom"))
"""They hold nothing, and programs expect them."""


@dataclass(frozen=True, kw_only=True)
class Fence:
    """Everything that a program, and whatever it starts, may reach; all else is shut to them.

    A folder stands for all that lies in it; a path that does not exist stands for nothing.
    """

    readable: tuple[Path, ...]
    """Files and folders that it may open."""
    executable: tuple[Path, ...]
    """Files that it may execute."""
    writable: tuple[Path, ...] = ()
    """Folders in which it may make, change and remove files."""
    connects: Connects = "nowhere"

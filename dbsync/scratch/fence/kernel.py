"""System calls of Linux that Python has no functions for. They concern the calling thread alone, and what it starts."""

import ctypes
import functools
import os
import platform
import struct

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_CREDENTIALS = {"x86_64": (116, 119, 117), "aarch64": (159, 149, 147)}
"""The numbers of setgroups, setresgid and setresuid."""
_LANDLOCK = 444
"""The number of landlock_create_ruleset, on every processor; landlock_add_rule and landlock_restrict_self follow."""

_NO_NEW_PRIVS = 38
_LANDLOCK_VERSION, _PATH_BENEATH = 1, 1
_SECCOMP_SET_FILTER, _SECCOMP_ACTION_AVAILABLE = 1, 2
_REFUSE = 0x00050000
"""SECCOMP_RET_ERRNO: the call fails with an error number."""


def machine() -> str:
    """The processor's name, as the tables of system calls have it."""
    return {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine(), platform.machine())


def known() -> bool:
    """Whether the numbers of this processor's system calls are known here."""
    # A 32-bit program has other numbers than its kernel.
    return machine() in _SECCOMP and ctypes.sizeof(ctypes.c_void_p) == 8


def no_new_privileges() -> None:
    """From now on nothing that this thread executes gains rights (prctl(2), PR_SET_NO_NEW_PRIVS)."""
    if _libc().prctl(_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)):
        raise _error("prctl")


def landlock_abi() -> int:
    """The version of Landlock's interface that the kernel has (landlock_create_ruleset(2)). OSError if it has none."""
    return _call("landlock_create_ruleset", _LANDLOCK, None, 0, _LANDLOCK_VERSION)


def landlock_create_ruleset(attributes: bytes) -> int:
    """The file descriptor of a new set of rules (struct landlock_ruleset_attr)."""
    return _call("landlock_create_ruleset", _LANDLOCK, attributes, len(attributes), 0)


def landlock_add_rule(ruleset: int, attributes: bytes) -> None:
    """Adds a rule for a file, or for all that lies in a folder (struct landlock_path_beneath_attr)."""
    _call("landlock_add_rule", _LANDLOCK + 1, ruleset, _PATH_BENEATH, attributes, 0)


def landlock_restrict_self(ruleset: int) -> None:
    """Puts this thread under the rules, for good."""
    _call("landlock_restrict_self", _LANDLOCK + 2, ruleset, 0)


def seccomp_works() -> bool:
    """Whether the kernel lets a filter refuse system calls."""
    action = ctypes.c_uint32(_REFUSE)
    try:
        _call("seccomp", _SECCOMP[machine()], _SECCOMP_ACTION_AVAILABLE, 0, ctypes.byref(action))
    except OSError:
        return False
    return True


def seccomp_filter(program: bytes) -> None:
    """Puts a filter (an array of struct sock_filter) before every system call of this thread, for good."""
    buffer = ctypes.create_string_buffer(program, len(program))
    description = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    _call("seccomp", _SECCOMP[machine()], _SECCOMP_SET_FILTER, 0, description)


def become(uid: int, gid: int) -> None:
    """Gives this thread alone another account's rights: the library's function would change every thread's."""
    groups, gids, uids = _CREDENTIALS[machine()]
    _call("setgroups", groups, 0, None)
    _call("setresgid", gids, gid, gid, gid)
    _call("setresuid", uids, uid, uid, uid)


def _call(name: str, number: int, *arguments: object) -> int:
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = int(_libc().syscall(ctypes.c_long(number), *words))
    if result < 0:
        raise _error(name)
    return result


def _error(name: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), name)


@functools.cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc

"""A filter of system calls (Linux; seccomp(2)): it shuts what Landlock does not see, first of all other sockets.

Landlock knows files that are opened, and TCP. Not in its sight are the Unix sockets of other servers, UDP, the owner
and the mode of a file, watching a folder, other processes' memory and queues, keys, and new namespaces. All of these
are refused here, and what a kernel newer than this table may have: programs take it for an older one.
"""

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from dbsync.scratch.fence import kernel
from dbsync.scratch.fence.record import Connects

Code = tuple[int, int, int, int]
"""An instruction: operation, how many to skip if true, if false, operand."""

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

REFUSED: dict[str, tuple[int | None, int | None]] = {
    # Other processes: their memory, their files, their limits.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440),
    "setrlimit": (160, 164),
    "setpriority": (141, 140),
    # Messages and memory outside of the limits.
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "userfaultfd": (323, 282),
    # Keys of the account.
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # Files, other than by opening them.
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    # Another view of the machine.
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    # Calls that do the work of others, past this filter; and deep parts of the kernel.
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
}
"""Their numbers on x86_64 and aarch64 (None: it has no such call)."""

CONNECT = (42, 203)
SOCKET = (41, 198)
SOCKET_PAIR = (53, 199)
CLONE = (56, 220)
CLONE3 = (435, 435)
CHMOD: tuple[int | None, int | None] = (90, None)
FCHMODAT = (268, 53)
FCHMODAT2 = (452, 452)
PRLIMIT = (302, 261)
UNKNOWN = 463
"""The first number that this table does not know; x86_64's other convention (x32) begins far above it."""

_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, -CGROUP, -UTS, -IPC, -USER, -PID and -NET (clone(2))."""
_PRIVATE = 0o700
"""The one mode that files may be given by their names: PostgreSQL gives it to its socket."""

_LOAD, _IF_EQUAL, _IF_FROM, _IF_ANY, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16


def program(connects: Connects) -> bytes:
    """The filter (an array of struct sock_filter) for a program that may connect as `connects` says."""
    return b"".join(struct.pack("=HBBI", *code) for code in _codes(connects))


def _codes(connects: Connects) -> Iterator[Code]:
    machine = kernel.machine()
    column = list(_ARCHITECTURE).index(machine)
    refuse = _refuse(errno.EPERM)
    yield _load(_ARCH)
    yield from ((_IF_EQUAL, 1, 0, _ARCHITECTURE[machine]), refuse)
    yield _load(_NUMBER)
    yield from ((_IF_FROM, 0, 1, UNKNOWN), _refuse(errno.ENOSYS))
    refused = [*REFUSED.values(), *([CONNECT] if connects == "nowhere" else [])]
    for number in (one[column] for one in refused):
        if number is not None:
            yield from ((_IF_EQUAL, 0, 1, number), refuse)
    # Its flags lie in memory, where a filter cannot see them: libraries fall back to the older call.
    yield from ((_IF_EQUAL, 0, 1, CLONE3[column]), _refuse(errno.ENOSYS))
    for rule in _RULES:
        number = rule.call[column]
        if number is not None and not (rule.network and connects == "anywhere"):
            body = [*rule.test(), (_RETURN, 0, 0, _ALLOW)]
            yield (_IF_EQUAL, 0, len(body), number)
            yield from body
    yield (_RETURN, 0, 0, _ALLOW)


@dataclass(frozen=True)
class _Rule:
    """A call that is allowed with some arguments: `unless` holds the tests that a call must pass, in turn."""

    call: tuple[int | None, int | None]
    unless: tuple[tuple[Code, ...], ...]
    network: bool = False

    def test(self) -> Iterator[Code]:
        """Refuses the call, or falls through."""
        for one in self.unless:
            yield from one
            yield _refuse(errno.EPERM)


def _load(offset: int) -> Code:
    return (_LOAD, 0, 0, offset)


def _argument(number: int, *, high: bool = False) -> Code:
    """Loads half of an argument; both processors have the lower half first."""
    return _load(_ARGUMENTS + 8 * number + (4 if high else 0))


def _refuse(number: int) -> Code:
    return (_RETURN, 0, 0, _ERROR | number)


def _is(value: int) -> Code:
    """Skips the refusal that follows where the loaded value is this one."""
    return (_IF_EQUAL, 1, 0, value)


# A datagram needs no connect: only streams, and only between Unix sockets.
_STREAM = ((_argument(0), _is(socket.AF_UNIX)), (_argument(1), (_AND, 0, 0, 0xF), _is(socket.SOCK_STREAM)))

_RULES = (
    _Rule(SOCKET, _STREAM, network=True),
    _Rule(SOCKET_PAIR, _STREAM, network=True),
    _Rule(CLONE, ((_argument(0), (_IF_ANY, 0, 1, _NAMESPACES)),)),
    _Rule(CHMOD, ((_argument(1), _is(_PRIVATE)),)),
    _Rule(FCHMODAT, ((_argument(2), _is(_PRIVATE)),)),
    _Rule(FCHMODAT2, ((_argument(2), _is(_PRIVATE)),)),
    # Limits may be read: nothing is there to be set.
    _Rule(PRLIMIT, ((_argument(2), _is(0)), (_argument(2, high=True), _is(0)))),
)

"""Attacks by code of the attacker's own that runs inside of the server, as a superuser can load it."""

import contextlib
import errno
import os
from pathlib import Path

import pytest

from tests.fence.place import SECRET, Inside, Outside, linux

pytestmark = linux

LOADER = next((str(path) for path in Path("/lib64").glob("ld-*.so*")), "/lib/ld-linux-aarch64.so.1")

# The attack, its arguments (fields of what lies outside in braces), and whether it works on every machine without a
# fence: some kernels and containers refuse these by themselves.
ATTACKS = [
    ("shell", "echo x > {marker}", "", True),
    ("loader", LOADER, "echo x > {marker}", True),
    ("memory_file", "echo x > {marker}", "", True),
    ("opens", "{secret}", "", True),
    ("opens", "/etc/passwd", "", True),
    ("opens", "/etc/hostname", "", True),
    ("opens", "/proc/{victim}/environ", "", True),
    ("opens", "/proc/{victim}/cmdline", "", True),
    ("opens", "/proc/self/environ", "", True),
    ("opens", "/proc/self/root/etc/hostname", "", True),
    ("opens", "/dev/../etc/hostname", "", True),
    ("opens", "/proc/version", "", True),
    ("by_symlink", "{secret}", "", True),
    ("by_hard_link", "{secret}", "", False),
    ("writes", "{secret}", "", True),
    ("makes", "{marker}", "", True),
    ("makes", "/tmp/dbsync-fence-marker", "", True),
    ("makes", "/dev/shm/dbsync-fence-marker", "", True),
    ("makes_folder", "{marker}", "", True),
    ("moves_out", "{marker}", "", False),
    ("removes", "{secret}", "", True),
    ("empties", "{secret}", "", True),
    ("lists", "{folder}", "", True),
    ("lists", "/", "", True),
    ("changes_times", "{secret}", "", True),
    ("changes_mode", "{secret}", "", True),
    ("attributes", "{secret}", "", False),
    ("handles", "{secret}", "", False),
    ("watches_folder", "{folder}", "", True),
    ("connects", "{folder}/stream", "", True),
    ("connects", "@{folder}/stream", "", True),
    ("connects", "{other}", "", True),
    ("sends", "{folder}/datagram", "", True),
    ("sends", "@{folder}/datagram", "", True),
    ("sends_by_pair", "{folder}/datagram", "", True),
    ("tcp", "{tcp}", "", True),
    ("fast_open", "{tcp}", "", True),
    ("udp", "{udp}", "", True),
    ("listens", "", "", True),
    ("kills", "{victim}", "", True),
    ("kills_by_file", "{victim}", "", True),
    ("traces", "{victim}", "", False),
    ("reads_memory", "{victim}", "{address}", False),
    ("opens", "/proc/{victim}/maps", "", True),
    ("lowers_limits", "{victim}", "", True),
    ("lowers_own_limits", "", "", True),
    ("slows", "{victim}", "", True),
    ("rings", "", "", False),
    ("namespaces", "", "", False),
    ("namespaces_by_clone", "", "", False),
    ("keys", "", "", False),
    ("queues", "", "", True),
]


def attacked(server: Inside, outside: Outside, attack: tuple[str, str, str, bool]) -> int:
    """The number of the error that stopped it, 0 where it got through."""
    name, first, second, _ = attack
    words = {
        "marker": outside.marker,
        "secret": outside.secret,
        "folder": outside.folder,
        "tcp": outside.tcp,
        "udp": outside.udp,
        "victim": outside.victim,
        "other": outside.other.sockets / ".s.PGSQL.5432",
        "address": _address(outside.victim),
    }
    return server.attack(name, first.format(**words), second.format(**words))


def _address(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/maps").read_text().partition("-")[0]
    return "0"


@pytest.fixture(autouse=True)
def _swept() -> None:
    for folder in ("/tmp", "/dev/shm"):
        Path(folder, "dbsync-fence-marker").unlink(missing_ok=True)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: f"{one[0]} {one[1]}".strip())
def test_the_fence_stops_it(fenced: Inside, outside: Outside, attack: tuple[str, str, str, bool]) -> None:
    stopped = attacked(fenced, outside, attack)
    assert stopped in (errno.EACCES, errno.EPERM, errno.EXDEV, errno.EBADF, 127), os.strerror(stopped)
    assert not outside.marker.exists()
    assert outside.secret.read_text() == SECRET
    assert outside.secret.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("attack", [one for one in ATTACKS if one[3]], ids=lambda one: f"{one[0]} {one[1]}".strip())
def test_it_works_without(open_server: Inside, outside: Outside, attack: tuple[str, str, str, bool]) -> None:
    """Else the test above would show nothing."""
    assert attacked(open_server, outside, attack) == 0

"""The folder of one run of a private server, which is removed with the server however the run ends.

A watch, a shell of its own session, reads from a pipe that only our process holds open. When the pipe closes (the end
of the run, or the death of our process by any signal) it stops the server, ends every process that came from it, and
removes the folder. Should the watch be killed too, the next run finds the folder, sees that nobody holds its lock, and
does the same.
"""

import contextlib
import errno
import fcntl
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dbsync.errors import ScratchError
from dbsync.scratch import cache
from dbsync.scratch.account import Account
from dbsync.scratch.cluster import environment
from dbsync.scratch.fence import limits

PREFIX = "dbsync-"
_WANTED = 300_000_000
_LEAST = 100_000_000
_UNOWNED = 600.0
_LONGEST_SOCKET_FOLDER = 85

_CLEAR = r"""
read -r _
exec 2>/dev/null
read -r tag <"$1/tag"
read -r sockets <"$1/sockets"

servers() {
  if [ -d /proc/self ]; then
    for found in $(printf %s "-D$1/data" | grep -lsF -f - /proc/[0-9]*/cmdline); do
      found=${found#/proc/}; echo "${found%/*}"
    done
  else
    ps -axo pid=,args= | SERVER="-D$1/data" awk 'index($0, ENVIRON["SERVER"]) { print $1 }'
  fi
}

# Stops all before it ends them: one that runs could make another while the rest is ended.
end() {
  n=0 before=
  while [ -n "$tag" ] && [ $n -lt 1000 ]; do
    held= signal=STOP
    for found in $(grep -lsE "^Max file locks +$tag " /proc/[0-9]*/limits); do
      found=${found#/proc/} found=${found%/*}
      case " $1 " in *" $found "*) continue ;; esac
      grep -q "^State:.Z" "/proc/$found/status" || held="$held $found"
    done
    [ -n "$held" ] || break
    [ "$held" = "$before" ] && signal=KILL
    kill -$signal $held
    before=$held n=$((n+1))
  done
}

server=
if [ -e "$1/started" ]; then
  n=0
  while server=$(echo $(servers "$1")) && [ -z "$server" ] && [ $n -lt 100 ]; do sleep 0.02; n=$((n+1)); done
  kill -QUIT $server
fi
end "$server"
if [ -n "$server" ]; then
  n=0
  while [ -n "$(servers "$1")" ] && [ $n -lt 150 ]; do sleep 0.02; n=$((n+1)); done
  kill -KILL $(servers "$1")
  end
fi
rm -rf "$1" || { sleep 0.2; rm -rf "$1"; }
case $sockets in /tmp/dbsync-*[!a-zA-Z0-9_]*) ;; /tmp/dbsync-*) rm -rf "$sockets" ;; esac
"""
# The server itself goes last, by the signal at which it gives back its shared memory; the tag names all that came from
# it, wherever it went.


@dataclass(frozen=True)
class Run:
    """One run of a private server. Only `data` and `sockets` are the server's to write in; the rest is ours."""

    path: Path
    sockets: Path
    tag: str
    """The name of the server's processes (fence/limits)."""
    end: Callable[[], None]
    """Ends the server and all its processes at once, and removes the folder; it does not wait for that."""

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.path / "log"

    @property
    def started(self) -> Path:
        """A file that is there while the server may run."""
        return self.path / "started"


@contextlib.contextmanager
def folder(account: Account, environ: Mapping[str, str] = os.environ) -> Iterator[Run]:
    """A fresh folder for a run, with one for its socket (elsewhere, where the path would be too long for it)."""
    home = cache.folder(environ)
    places = _places(environ, home)
    sweep(places, account)
    place = next((place for place in places if _free(place) >= _WANTED), places[-1])
    if _free(place) < _LEAST:
        raise ScratchError(
            f"No room for a scratch server: {place} has {_free(place) // 1_000_000} MB free",
            hint=f"it takes {_LEAST // 1_000_000} MB there, or {_WANTED // 1_000_000} MB in /dev/shm",
        )
    path = _make(place, account)
    sockets = path / "socket"
    if len(os.fsencode(sockets)) > _LONGEST_SOCKET_FOLDER:
        sockets = _make(Path("/tmp"), account)
    with contextlib.ExitStack() as stack:
        stack.callback(_remove, path, sockets)
        stack.enter_context(_owner(path))
        sockets.mkdir(mode=0o700, exist_ok=True)
        account.own(sockets)
        tag = limits.new_tag()
        (path / "tag").write_text(f"{tag}\n")
        (path / "sockets").write_text(f"{sockets}\n")
        yield Run(path, sockets, tag, stack.enter_context(_watch(path, account)))


def sweep(places: list[Path], account: Account) -> None:
    """Stops and removes what runs left whose process is dead."""
    for place in places:
        for path in place.glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                if path.lstat().st_uid in (os.geteuid(), account.uid) and _abandoned(path):
                    with _watch(path, account):
                        pass


def _abandoned(path: Path) -> bool:
    try:
        owner = os.open(path / "owner", os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return path.is_dir() and time.time() - path.stat().st_mtime > _UNOWNED
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(owner)
    return True


def _places(environ: Mapping[str, str], home: Path) -> list[Path]:
    """Where runs may be, the fastest first: shared memory, the user's run-time folder, the cache."""
    runs = home / "runs"
    with contextlib.suppress(OSError):
        runs.mkdir(mode=0o755, exist_ok=True)
    candidates = [Path("/dev/shm")]
    if os.geteuid() != 0 and environ.get("XDG_RUNTIME_DIR"):
        candidates.append(Path(environ["XDG_RUNTIME_DIR"]))
    return [one for one in candidates if one.is_dir() and os.access(one, os.W_OK | os.X_OK)] + [runs]


def _free(place: Path) -> int:
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return 0


def _make(place: Path, account: Account) -> Path:
    try:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    except OSError as error:
        raise ScratchError(f"No folder for a scratch server can be made in {place}", detail=error.strerror) from error
    account.own(path)
    return path


@contextlib.contextmanager
def _owner(path: Path) -> Iterator[None]:
    """Holds a lock that the system lets go when our process dies; who we are stands in the file for people."""
    # It gets its name with the lock: another's sweep would take one without for that of a dead process.
    unnamed = path / "owner.new"
    descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP):
                raise
        who = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        os.write(descriptor, json.dumps(who).encode() + b"\n")
        unnamed.rename(path / "owner")
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _watch(path: Path, account: Account) -> Iterator[Callable[[], None]]:
    """Yields what makes the watch act now; it acts at the latest when the context ends, which waits for it."""
    watch = subprocess.Popen(
        ["/bin/sh", "-c", _CLEAR, "dbsync-watch", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=environment(),
        start_new_session=True,
        **account.popen(),
    )
    assert watch.stdin
    try:
        yield watch.stdin.close
    finally:
        watch.stdin.close()
        watch.wait()


def _remove(path: Path, sockets: Path) -> None:
    """Only where no watch could be started is there anything left to do."""
    for one in {path, sockets}:
        shutil.rmtree(one, ignore_errors=True)

"""The folder of what is made once and used again: copies of binaries, empty data directories."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import platformdirs

from dbsync.errors import ScratchError

_UNUSED = 90 * 24 * 3600
_ABANDONED = 3600


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Our cache: DBSYNC_CACHE, which may count from the current folder, else the user's; for root one that an
    unprivileged account can reach."""
    if named := environ.get("DBSYNC_CACHE"):
        return _made(named)
    if os.geteuid() != 0:
        return _made(platformdirs.user_cache_dir("dbsync", appauthor=False))
    return of_root(Path("/var/cache/dbsync"))


def _made(name: str) -> Path:
    try:
        # What is run from it is run in other folders.
        path = Path(name).expanduser().absolute()
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ScratchError(
            f"dbsync's cache cannot be in {name}: {why}", hint="name a folder that can be written to with DBSYNC_CACHE"
        ) from None
    return path


def of_root(preferred: Path) -> Path:
    """A folder of root's that others can enter: this one, or else one among the temporary files."""
    for path in (preferred, Path(tempfile.gettempdir()) / "dbsync-root"):
        try:
            path.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        found = path.lstat()
        # Others may write to the parent: what they made under this name is not ours.
        if path.is_dir() and not path.is_symlink() and found.st_uid == 0 and not found.st_mode & 0o022:
            return path
    raise ScratchError(f"Neither {preferred} nor a temporary folder can be used", hint="name one with DBSYNC_CACHE")


def key(*parts: object) -> str:
    """A short digest."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


def kept(home: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name`, made if it is not there: complete or not at all, also when two runs make it at once."""
    path = home / name
    if path.is_dir():
        _touch(path)
        return path
    try:
        _prune(home)
        with _staging(home) as staging:
            make(staging)
            try:
                staging.rename(path)
            except OSError:
                if not path.is_dir():
                    raise
    except OSError as error:
        raise ScratchError(
            f"Cannot write to dbsync's cache: {error.strerror or error}",
            detail=f"{home} has {shutil.disk_usage(home).free // 1_000_000} MB free",
            hint="make room there, or name another folder with DBSYNC_CACHE",
        ) from error
    return path


@contextlib.contextmanager
def _staging(home: Path) -> Iterator[Path]:
    """A folder that is gone at the end, unless it has another name by then."""
    path = Path(tempfile.mkdtemp(prefix="new-", dir=home))
    try:
        path.chmod(0o755)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def replace(path: Path, data: bytes) -> None:
    """Write a file of the cache: whole or not at all. OSError if it cannot be written."""
    descriptor, aside = tempfile.mkstemp(prefix="new-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def forget(home: Path, *, most: int) -> None:
    """Remove the files that were not used for longest: all but `most` of them."""
    found = []
    for path in home.iterdir():
        with contextlib.suppress(OSError):
            found.append((path.stat().st_mtime, path))
    now = time.time()
    for number, (used, path) in enumerate(sorted(found, reverse=True), 1):
        half_made = path.name.startswith("new-")
        if now - used > _ABANDONED if half_made else number > most:
            with contextlib.suppress(OSError):
                path.unlink()


def _touch(path: Path) -> None:
    try:
        os.utime(path)
    except OSError:
        return


def _prune(home: Path) -> None:
    """Removes what no run has used for long, and what a killed run left half made."""
    now = time.time()
    for path in home.iterdir():
        limit = _ABANDONED if path.name.startswith("new-") else _UNUSED
        if path.name.startswith(("new-", "cluster-", "binaries-")):
            try:
                old = now - path.stat().st_mtime > limit
            except OSError:
                continue
            if old:
                shutil.rmtree(path, ignore_errors=True)

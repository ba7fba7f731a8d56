"""Which files a schema file may include, and how much is read of them.

A schema file is a stranger's program, which must not show other files of the machine in an error message, nor fill its
memory. It reaches regular files below its own folder, and below those that the person who runs dbsync names; none that
is hidden (~/.pgpass, .git/config), since that is where secrets are kept.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from dbsync.errors import SchemaError
from dbsync.load.source import Source, source
from dbsync.visible import visible

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of one file."""
LARGEST_SUM = 256 * 1024 * 1024
"""Bytes of a file and all that it includes; one that is included twice counts twice."""
MOST_FILES = 10_000
DEEPEST = 100
"""Files that include one another."""

_START = "start from the database (pg_dump --schema-only --no-owner > schema.sql), or write CREATE statements"
_START += " into a new file"
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a link that leads to no file"),
)
# Where the system has it, a folder needs to be searchable, not readable.
_FOLDER = os.O_DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY)
# A pipe would wait for a writer, a terminal become the process's own.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


class Reach:
    """The files that a first one reaches: below its folder, and below the folders of `include_path`.

    It counts what was read through it. Every failure is a SchemaError that names the file; none shows what is in it.
    """

    def __init__(self, first: Path, include_path: Sequence[Path] = ()):
        self._folder = first.parent
        self._roots = [Path(os.path.realpath(one)) for one in (first.parent, *include_path)]
        self._files = 0
        self._bytes = 0

    def read(self, path: Path) -> Source:
        """The text of a file: UTF-8, without a byte order mark. SchemaError where it may not or cannot be read."""
        return source(str(path), self._data(path))

    def _data(self, path: Path) -> bytes:
        self._files += 1
        if self._files > MOST_FILES:
            raise _refused(path, f"would be more than {MOST_FILES:,} files read for one schema", "join files")
        try:
            descriptor = self._opened(path, Path(os.path.realpath(path)))
        except FileNotFoundError:
            raise SchemaError(visible(f"{path} does not exist"), hint=_START) from None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise SchemaError(visible(f"{path} cannot be read: {why}")) from None
        try:
            return self._content(path, descriptor)
        except OSError as error:
            raise SchemaError(visible(f"{path} cannot be read: {error.strerror}")) from None
        finally:
            os.close(descriptor)

    def _opened(self, path: Path, real: Path) -> int:
        """A descriptor of the file, reached from its root without following a link: one that was put in its place after
        it was resolved is an error."""
        roots = [one for one in self._roots if real.is_relative_to(one)]
        if not roots:
            raise self._outside(path)
        root = max(roots, key=lambda one: len(one.parts))
        *folders, name = real.relative_to(root).parts or (".",)
        if any(one.startswith(".") for one in (*folders, name) if one != "."):
            raise _refused(path, "is hidden: what begins with a dot is not read", "secrets are kept so; rename it")
        folder = os.open(root, _FOLDER)
        try:
            for one in folders:
                inner = os.open(one, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            # Some devices do something when they are opened.
            _only_regular(path, os.stat(name, dir_fd=folder, follow_symlinks=False))
            return os.open(name, _FILE, dir_fd=folder)
        finally:
            os.close(folder)

    def _content(self, path: Path, descriptor: int) -> bytes:
        status = os.fstat(descriptor)
        _only_regular(path, status)
        size = status.st_size
        if size > LARGEST_FILE:
            raise _refused(path, f"has {_size(size)}, more than the {_size(LARGEST_FILE)} that are read", "split it")
        self._bytes += size
        if self._bytes > LARGEST_SUM:
            raise _refused(
                path, f"would make more than {_size(LARGEST_SUM)} in all with what was read before it", "include less"
            )
        parts, left = list[bytes](), size + 1
        while left and (part := os.read(descriptor, left)):
            parts.append(part)
            left -= len(part)
        if left != 1:
            # Files of the kernel's, such as /proc/self/environ, do not say how long they are.
            raise SchemaError(
                visible(f"{path} is not as long as it says: it changed while it was read, or is no file on a disk"),
                hint="run again once it is written; an ordinary file is needed",
            )
        return b"".join(parts)

    def _outside(self, path: Path) -> SchemaError:
        link = Path(os.path.normpath(path.absolute())).is_relative_to(Path(os.path.normpath(self._folder.absolute())))
        where = "is a link that leads" if link else "lies"
        return _refused(
            path,
            f"{where} outside of {self._folder.absolute()}, the folder of the first file",
            "files are read below that folder; --include-path DIR names another whose files may be read",
        )


def _only_regular(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise SchemaError(visible(f"{path} is a folder, not a file"), hint="name the SQL file in it")
    if not stat.S_ISREG(status.st_mode):
        kind = next((words for is_one, words in _KINDS if is_one(status.st_mode)), "not an ordinary file")
        raise _refused(path, f"is {kind}", "only ordinary files are read")


def _refused(path: Path, why: str, hint: str) -> SchemaError:
    return SchemaError(visible(f"{path} {why}"), hint=hint)


def _size(number: int) -> str:
    return f"{number / 1024 / 1024:,.0f} MB"

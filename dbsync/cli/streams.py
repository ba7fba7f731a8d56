"""The standard streams, which may be closed or lead to a full disk: lost results are an error, lost words are not."""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from dbsync.errors import UsageError

_HINT = "nothing reads what the command shows: send it to a file with room, or to a terminal"


class _Stream:
    """A stream on which writing fails as `lost` says: when it has failed once, always."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._failure: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write."""
        self._do(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush."""
        self._do(self._stream.flush)

    def _do(self, action: Callable[[], object]) -> None:
        try:
            if not self._failure:
                action()
        except OSError as error:
            self._failure = error
        if self._failure:
            self.lost(self._failure)

    def close_if_lost(self) -> None:
        """What is still in the buffer would fail again when Python closes the stream: it is thrown away."""
        if self._failure:
            _to_nowhere(self._stream)

    def lost(self, error: OSError) -> None:
        """What was to be written is lost."""
        raise NotImplementedError


class _Results(_Stream):
    """What a command answers: without it nobody knows what it did."""

    def lost(self, error: OSError) -> None:
        """The end of a pipe is no error: its reader has seen enough."""
        if isinstance(error, BrokenPipeError):
            raise error
        raise UsageError(f"standard output cannot be written: {error.strerror}", hint=_HINT) from error


class _Closed(io.StringIO):
    """In place of a standard output that there is not."""

    def write(self, text: str) -> int:
        """Refuse."""
        del text
        raise OSError(errno.EBADF, "it is closed")


class _Words(_Stream):
    """Progress and messages: an apply goes on without them."""

    def lost(self, error: OSError) -> None:
        """They are gone."""
        del error


def _to_nowhere(stream: TextIO) -> None:
    """From now on what is written to a stream, with what is in its buffer, is thrown away."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextlib.contextmanager
def standing() -> Iterator[None]:
    """All three streams stand, also those that were closed when we were started.

    Else the next file or connection that is opened would get their number, and be written to by whoever means the
    stream.
    """
    before = (sys.stdin, sys.stdout, sys.stderr)
    closed = [number for number in range(3) if not _is_open(number)]
    for _ in closed:
        # The lowest number that is free is taken.
        os.open(os.devnull, os.O_RDWR)
    try:
        ours = (_Results(before[1] or _Closed()), _Words(before[2] or io.StringIO()))
        sys.stdin, sys.stdout, sys.stderr = before[0] or io.StringIO(), *ours
        for stream in ours:
            if reconfigure := getattr(stream, "reconfigure", None):
                reconfigure(errors="backslashreplace")
        yield
        for stream in ours:
            stream.close_if_lost()
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True

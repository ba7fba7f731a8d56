"""Writes the files that a user asks for: whole, or not at all."""

import contextlib
import os
import shutil
from pathlib import Path

from dbsync.errors import UsageError


def same(text: str, path: Path) -> bool:
    """Whether the file holds this text. UsageError where it cannot be read."""
    try:
        return path.read_bytes() == text.encode()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def save(text: str, path: Path) -> None:
    """Write the file, if it does not hold this text already. UsageError where that cannot be."""
    try:
        if path.exists() and not path.is_file():  # a device, a pipe
            path.write_text(text, encoding="utf-8")
        elif not same(text, path):
            if not path.parent.exists():
                path.parent.mkdir(parents=True)
            _replace(text, path.resolve())
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def _replace(text: str, path: Path) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(path, draft)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise

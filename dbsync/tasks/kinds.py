"""The kinds of objects that dbsync knows."""

from dbsync.codegen import coverage
from dbsync.config import closest
from dbsync.errors import UsageError
from dbsync.model.coverage import Kind


def kinds(name: str | None = None) -> tuple[Kind, ...]:
    """All of them, or the one of this name."""
    every = coverage.kinds()
    if name is None:
        return every
    found = tuple(kind for kind in every if kind.name == name)
    if not found:
        raise UsageError(f"there is no kind {name!r}", hint=closest(name, [kind.name for kind in every]))
    return found

"""How a database and its pool are."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Health:
    """What a health check tells; `problem` is None while all is well, and holds no secret."""

    ok: bool
    milliseconds: float
    server: str | None
    connections: int
    """Those that the pool has."""
    used: int
    waiting: int
    """Callers that wait for one."""
    problem: str | None = None

"""How an application uses its database."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from dbsync.errors import UsageError
from dbsync.pg.target import Target

Isolation = Literal["read committed", "repeatable read", "serializable"]
Types = Mapping[tuple[str, str], type[Any]]
"""Classes for types of the database, by schema and name: what `dbsync models` writes as TYPES."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What may be told a Database; times are in seconds.

    A `slow` query is logged; None logs none. `check` sees that each connection still works before it is lent, which
    makes a restart of the server go unnoticed between two queries; it is a round trip for one that has rested for a
    second. With `fingerprint` (the
    constant that `dbsync models` writes) it does not start on another schema, or only warns of it.
    """

    url: str | None = field(default=None, repr=False)
    """Where the database is; None is DATABASE_URL, or what libpq finds in PGHOST and the like."""
    min_size: int = 1
    max_size: int = 20
    timeout: float = 30.0
    """How long to wait for a free connection."""
    connect_timeout: float = 10.0
    max_lifetime: float = 3600.0
    max_idle: float = 600.0
    slow: float | None = 1.0
    check: bool = True
    types: Types = field(default_factory=lambda: MappingProxyType({}), repr=False)
    fingerprint: str | None = None
    mismatch: Literal["refuse", "warn"] = "refuse"
    application_name: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.min_size <= self.max_size or self.max_size < 1:
            raise UsageError(f"a pool cannot have {self.min_size} to {self.max_size} connections")

    def target(self) -> Target:
        """The database."""
        return Target.parse(self.url or os.environ.get("DATABASE_URL") or None)

    def parameters(self, target: Target) -> dict[str, str]:
        """What libpq is told."""
        name = self.application_name
        return {
            "fallback_application_name": "dbsync.runtime",
            "connect_timeout": str(max(round(self.connect_timeout), 2)),
            **target.parameters,
            **({"application_name": name} if name else {}),
        }

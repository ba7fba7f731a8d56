"""What one apply works with: its connection, its limits, and how far it has come."""

import dataclasses
from collections.abc import Callable

from dbsync.apply.history import OpenRecord
from dbsync.apply.preflight import Backend, Connect, Connection
from dbsync.model.outcome import End, Observer
from dbsync.model.plan import Batch, Plan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """How long an apply waits, in seconds, and how often it tries."""

    lock_timeout: float = 2.0
    lock_budget: float = 2.0
    """How long a transaction waits for locks in sum, once it holds one that keeps others waiting."""
    statement_timeout: float = 0.0
    """How long a step may run; 0 for any time."""
    build_patience: float = 600.0
    """How long a concurrent index waits for other transactions: it does so without standing in anyone's way."""
    attempts: int = 10
    patience: float = 300.0
    """How long a transaction is tried again and again because of locks."""
    other_apply: float = 300.0
    """How long another apply is waited for."""
    first_pause: float = 0.5
    longest_pause: float = 10.0
    reconnect: float = 15.0


@dataclasses.dataclass(frozen=True)
class Checks:
    """What planning knows of the live database.

    `fingerprint` is its fingerprint now; Stale where it can say what changed. `end` compares it with the plan's end.
    `same` raises Stale where a new connection reaches another database, or what the plan is about was changed
    meanwhile. `settle` writes down how those applies ended that could not do so themselves.
    """

    fingerprint: Callable[[Connection], str]
    end: Callable[[Connection, Plan], End]
    same: Callable[[Connection, Plan], None] = lambda _connection, _plan: None
    settle: Callable[[Connection], None] = lambda _connection: None


@dataclasses.dataclass(kw_only=True)
class Session:
    """The state of one apply."""

    connect: Connect
    connection: Connection
    backend: Backend
    """The server process behind the connection."""
    observer: Observer
    limits: Limits
    checks: Checks
    plan: Plan
    record: OpenRecord | None = None
    """The history record; None where none is kept."""
    committed: int = 0
    """How many batches are applied for good."""
    written: int = 0
    """How many steps the history record says are applied."""
    notes: list[str] = dataclasses.field(default_factory=list)
    """What the operator should read at the end."""
    number: int = 0
    """The step that runs, counted from 1 over the whole plan."""
    left: bool = False
    """Whether a step that failed left something behind that could not be removed."""

    @property
    def batch(self) -> Batch | None:
        """The batch that runs."""
        return self.plan.batches[self.committed] if self.committed < len(self.plan.batches) else None

    @property
    def steps_applied(self) -> int:
        """How many steps are applied for good."""
        return sum(len(batch.steps) for batch in self.plan.batches[: self.committed])

    def progress_words(self) -> str:
        """What was applied and what was not, as a sentence."""
        total, done = len(self.plan.steps), self.steps_applied
        if not done:
            return "Nothing was applied."
        if done == total:
            return f"All {total} steps were applied." if total > 1 else "The only step was applied."
        applied = "Step 1 was applied" if done == 1 else f"Steps 1 to {done} were applied"
        rest = f"step {total} was not" if total - done == 1 else f"steps {done + 1} to {total} were not"
        return f"{applied}, {rest}."

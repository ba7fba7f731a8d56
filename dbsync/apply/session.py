"""What one apply works with: its connection, its limits, and how far it has come."""

import dataclasses
from collections.abc import Callable

from dbsync.apply.preflight import Connect, Connection
from dbsync.model.objects import Id
from dbsync.model.outcome import Observer
from dbsync.model.plan import Batch, Plan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """How long an apply waits, in seconds, and how often it tries."""

    lock_timeout: float = 2.0
    statement_timeout: float = 0.0
    patient_lock_timeout: float = 600.0
    """For what runs outside of a transaction: a concurrent index waits without standing in anyone's way."""
    attempts: int = 10
    first_pause: float = 0.5
    longest_pause: float = 10.0
    other_apply: float = 30.0
    reconnect: float = 15.0


@dataclasses.dataclass(frozen=True)
class Checks:
    """What planning knows of live: its fingerprint now (Stale where it can say what changed), and what still differs
    from the plan's end."""

    fingerprint: Callable[[Connection], str]
    remaining: Callable[[Connection, Plan], tuple[Id, ...]]


@dataclasses.dataclass(kw_only=True)
class Session:
    """The state of one apply."""

    connect: Connect
    connection: Connection
    observer: Observer
    limits: Limits
    plan: Plan
    committed: int = 0
    """How many batches are applied for good."""
    number: int = 0
    """The step that runs, counted from 1 over the whole plan."""

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

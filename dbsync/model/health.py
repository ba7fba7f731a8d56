"""What a check found: one finding for each thing that it looked at."""

import dataclasses
from typing import Literal

from dbsync.model.outcome import Record
from dbsync.model.plan import Plan
from dbsync.model.rows import TableRows

State = Literal["good", "note", "bad", "unknown"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """`about` in a word, what was found as a sentence, and what mends it; `rows` are the declared ones, looked at."""

    about: str
    state: State
    text: str
    details: tuple[str, ...] = ()
    hint: str | None = None
    exit_code: int = 1
    """What a bad one ends with."""
    rows: tuple[TableRows, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Health:
    """The findings. `plan` says what differs from the files, None where that was not compared."""

    target: str
    findings: tuple[Finding, ...]
    plan: Plan | None = None
    records: tuple[Record, ...] = ()
    """The last records of the history, the newest first."""

    @property
    def exit_code(self) -> int:
        """0 where nothing is bad, else that of what keeps the check from its work, or else 1."""
        return max((one.exit_code for one in self.findings if one.state == "bad"), default=0)

"""What a plan is asked for."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from dbsync.pg.target import Target

Progress = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """Live, the schema file and the seeds file, and how to get there."""

    target: Target
    schema: Path
    seeds: Path | None = None
    manage: str = "auto"
    scratch: str = "auto"
    author: str = "best"
    environ: Mapping[str, str] = dataclasses.field(default_factory=dict)
    online: str = "auto"
    question_timeout: float = 10.0
    """So many seconds live is given to answer a question about its rows."""
    load_timeout: float = 600.0
    """So many seconds the statements of a session on the scratch server have in all."""
    include_path: tuple[Path, ...] = ()
    """Folders whose files the schema file and the seeds file may include, besides those below their own."""

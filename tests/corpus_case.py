"""The cases of the corpus: folders `corpus/<kind>/<case>` with two schemas, and what may be said of them.

`from.sql`, `to.sql`   the schemas, planned in both directions
`rows.sql`             rows that live has before (`rows_back.sql` for the way back, where those do not fit)
`case.toml`            where the default is not enough; what stands in `[forth]` or `[back]` is for that direction:

    min_version = 16                  # as max_version: servers that have what the case is about
    manage = "auto"                   # all of what may be managed is, by default
    forbidden = ["DROP TABLE"]        # texts that no step may hold
    wanted = ["ALTER TYPE"]           # texts that a step must hold
    loses = ["table public.t …"]      # beyond what must be lost: what the goal has not, or has with another type
    changes = ["public.t.a"]          # columns whose values change with their type
    next = {"public.t.id" = 51}       # what a column's sequence gives afterwards; that it goes on is always seen to
    cascades = true                   # PostgreSQL drops it in no other way, as base types with their functions
    refused = "…"                     # there is no plan by nature, and its error says this
    pinned = "why"                    # a known gap: the case must fail
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parent / "corpus"
DIRECTIONS = ("forth", "back")
_KEYS = frozenset({"manage", "forbidden", "wanted", "loses", "changes", "next", "cascades", "refused", "pinned"})
_EXCUSED = frozenset({"refused", "pinned", "manage"})
_VERSIONS = frozenset({"min_version", "max_version"})


@dataclass(frozen=True)
class Case:
    """One direction of a folder."""

    folder: Path
    direction: str
    said: dict[str, Any]
    again: bool = False
    """Whether it is planned once more afterwards: that takes as long as all the rest of it."""

    @property
    def start(self) -> Path:
        """The schema that live has."""
        return self.folder / ("from.sql" if self.direction == "forth" else "to.sql")

    @property
    def end(self) -> Path:
        """The schema that live is to have."""
        return self.folder / ("to.sql" if self.direction == "forth" else "from.sql")

    @property
    def rows(self) -> str:
        """What fills live's tables; empty where nothing does."""
        names = ["rows_back.sql", "rows.sql"] if self.direction == "back" else ["rows.sql"]
        return next((path.read_text() for name in names if (path := self.folder / name).exists()), "")

    @property
    def next(self) -> dict[str, int]:
        """For columns what their sequences are to give next."""
        return dict(self.said.get("next", {}))

    def texts(self, key: str) -> list[str]:
        """A list of the case's."""
        return list(self.said.get(key, []))


def cases() -> list[Any]:
    """Both directions of every folder, with the marks that their case.toml gives them."""
    return [
        pytest.param(case, id=f"{folder.parent.name}/{folder.name}-{case.direction}", marks=_marks(case))
        for kind in sorted(CORPUS.iterdir())
        for number, folder in enumerate(sorted(path.parent for path in kind.glob("*/from.sql")))
        for direction in DIRECTIONS
        for case in [Case(folder, direction, _said(folder, direction), again=(number, direction) == (0, "forth"))]
    ]


def schemas(major: int) -> list[Path]:
    """Every schema that loads on a server of this version, of the cases that may be plans from any schema to it."""
    found = []
    for folder in sorted(path.parent for path in CORPUS.glob("*/*/from.sql")):
        said = _said(folder, "forth") | _said(folder, "back")
        if said.get("min_version", major) <= major <= said.get("max_version", major) and not _EXCUSED & said.keys():
            found += [folder / "from.sql", folder / "to.sql"]
    return found


def _said(folder: Path, direction: str) -> dict[str, Any]:
    path = folder / "case.toml"
    if not path.exists():
        return {}
    whole = tomllib.loads(path.read_text())
    both = {key: value for key, value in whole.items() if key not in DIRECTIONS}
    own: dict[str, Any] = whole.get(direction, {})
    if unknown := (both.keys() - _KEYS - _VERSIONS) | (own.keys() - _KEYS):
        raise pytest.UsageError(f"{path}: {', '.join(sorted(unknown))} means nothing")
    return both | own


def _marks(case: Case) -> list[pytest.MarkDecorator]:
    marks = []
    if "min_version" in case.said:
        marks.append(pytest.mark.pg(f">= {case.said['min_version']}"))
    if "max_version" in case.said:
        marks.append(pytest.mark.pg(f"<= {case.said['max_version']}"))
    if "pinned" in case.said:
        marks.append(pytest.mark.xfail(strict=True, reason=case.said["pinned"]))
    return marks

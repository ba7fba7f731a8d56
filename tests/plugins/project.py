"""A project with a schema and rows, and its live database: what a test of declared rows works with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync import config
from dbsync.model.outcome import Observer, Outcome
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.tasks import apply, plan, undo

Connection = psycopg.Connection[Any]


class Project:
    """The files, the database, and what is done with them."""

    def __init__(self, folder: Path, target: Target, live: Connection):
        self.folder = folder
        self.target = target
        self.live = live
        # Nothing that another test has proven is remembered.
        self.environ = {"DBSYNC_CACHE": str(folder / "cache")}

    def write(self, *, schema: str | None = None, seeds: str | None = None) -> None:
        """Write one or both files."""
        for name, text in (("schema.sql", schema), ("seeds.sql", seeds)):
            if text is not None:
                (self.folder / name).write_text(text)

    def config(self, **options: Any) -> config.Config:
        """The settings of a run in this project."""
        return config.load({"database": self.target.conninfo(), **options}, self.environ, self.folder)

    def plan(self, **options: Any) -> Plan:
        """Plan."""
        return plan.plan(self.config(**options), Observer()).plan

    def apply(self, **options: Any) -> Outcome | None:
        """Plan and apply, whatever is lost."""
        return apply.apply(self.config(**options), lambda _: None, Observer())

    def settled(self, **options: Any) -> Plan:
        """Apply; the plan that was applied. The next has nothing to do."""
        seen: list[Plan] = []
        apply.apply(self.config(**options), lambda planned: seen.append(planned.plan), Observer())
        again = self.plan(**options)
        assert [one.step.sql for one in again.steps] == []
        return seen[0]

    def undo(self) -> None:
        """Undo the last record, whatever is lost."""
        undo.undo(self.config(), None, lambda _: None, Observer())

    def run(self, text: str) -> None:
        """Run statements on live."""
        self.live.execute(text.encode())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask live."""
        return self.live.execute(query.encode()).fetchall()


@pytest.fixture
def project(database: Target, tmp_path: Path, kept_scratch: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project whose live database is empty."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    with connect(database) as live:
        live.execute("set search_path = public")
        yield Project(tmp_path, database, live)

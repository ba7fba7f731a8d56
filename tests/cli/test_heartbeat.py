"""What a run without a terminal says of what it waits for."""

import contextlib
import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync import cli
from dbsync.apply.lock import KEY
from dbsync.cli import heartbeat
from dbsync.cli.screen import Screen
from dbsync.pg.connect import Target, connect
from tests.by_hand import holding, waits

Live = psycopg.Connection[Any]

pytestmark = pytest.mark.usefixtures("kept_scratch")


class Heard(io.StringIO):
    """A stream that is no terminal, on which a test waits for a word."""

    def __init__(self) -> None:
        super().__init__()
        self._news = threading.Condition()

    def write(self, text: str) -> int:
        with self._news:
            self._news.notify_all()
            return super().write(text)

    def wait_for(self, *words: str) -> str:
        """The line that has all of these words, as soon as there is one."""
        with self._news:
            assert self._news.wait_for(lambda: self._line(words), timeout=90), (words, self.getvalue())
            return self._line(words)

    def _line(self, words: tuple[str, ...]) -> str:
        lines = self.getvalue().splitlines()
        return next((line for line in lines if all(word in line for word in words)), "")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What is written on stderr; a line every tenth of a second."""
    monkeypatch.setattr(heartbeat, "EVERY", 0.1)
    return Heard()


@pytest.fixture
def live(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A database, and a project that adds a column and an index to its table."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text("create table t (id integer, more text);")
    with connect(database) as connection:
        connection.execute("create table public.t (id integer)")
        yield connection


@contextlib.contextmanager
def running(heard: Heard, *arguments: str) -> Iterator[None]:
    """Runs dbsync beside; it has to end well."""
    # pytest sets its own stream for each part of a test.
    with contextlib.redirect_stderr(heard), ThreadPoolExecutor(1) as beside:
        code = beside.submit(cli.main, arguments)
        yield
        assert code.result(timeout=90) == 0


def test_a_lock(live: Live, database: Target, heard: Heard) -> None:
    with (
        holding(database, "lock public.t in access share mode") as gate,
        running(heard, "apply", "--yes", "--lock-timeout", "30s", "--attempts", "2"),
    ):
        process = gate.info.backend_pid
        line = heard.wait_for("waiting for a lock")
        gate.rollback()
    assert line.startswith("after ")
    assert f"s: step 1 of 1, waiting for a lock held by process {process} of role " in line
    assert "(holder), idle in transaction, in a transaction since 20" in line
    assert "access share" not in line


def test_another_apply(live: Live, heard: Heard) -> None:
    live.execute("select pg_advisory_lock(%s)", [KEY])
    with running(heard, "apply", "--yes", "--patience", "2min"):
        heard.wait_for("s: waiting for another apply to end: process ", f"{live.info.backend_pid}", "connected since")
        live.execute("select pg_advisory_unlock(%s)", [KEY])


def test_an_index_that_is_built(live: Live, database: Target, tmp_path: Path, heard: Heard) -> None:
    (tmp_path / "schema.sql").write_text("create table t (id integer); create index i on t (id);")
    with (
        holding(database, "insert into public.t values (1)") as gate,
        running(heard, "apply", "--yes", "--online", "always"),
    ):
        waits(live, "create index concurrently")
        heard.wait_for("step 1 of 1, waiting for a lock held by process", "(holder)")
        gate.rollback()


def test_what_is_done_meanwhile(live: Live, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stage waits until its line is there."""
    real, seen = Screen.progress, list[str]()

    def progress(screen: Screen, text: str) -> None:
        real(screen, text)
        if text not in seen:
            seen.append(text)
            heard.wait_for(f"s: {text}")

    monkeypatch.setattr(Screen, "progress", progress)
    with running(heard, "plan"):
        pass
    assert {"reading live", "starting a scratch server", "copying live's schema", "loading schema.sql"} <= set(seen)


def test_nothing_is_said_where_that_is_wanted(live: Live, heard: Heard) -> None:
    live.execute("select pg_advisory_lock(%s)", [KEY])
    with running(heard, "apply", "--yes", "--quiet"):
        heard.wait_for("waiting for another apply to end: process")
        live.execute("select pg_advisory_unlock(%s)", [KEY])
    assert "after " not in heard.getvalue()


def test_who_is_asked_is_not_disturbed(heard: Heard) -> None:
    with contextlib.redirect_stderr(heard), Screen() as screen:
        screen.progress("something")
        heard.wait_for("s: something")
        screen.rest()
        beats = heard.getvalue().count("after ")
        threading.Event().wait(0.5)
        assert heard.getvalue().count("after ") <= beats + 1

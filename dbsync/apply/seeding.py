"""Runs the seeds file's statements on live, in one transaction."""

from typing import Any

import psycopg

from dbsync.apply.session import Session
from dbsync.apply.transaction import InDoubtError, transaction
from dbsync.errors import ApplyFailed
from dbsync.model.outcome import Seeded
from dbsync.model.text import Script, Statement
from dbsync.pg.failures import Failure

_COUNTED = """
    select coalesce(sum(n_tup_ins), 0)::bigint, coalesce(sum(n_tup_upd), 0)::bigint,
           coalesce(sum(n_tup_del), 0)::bigint
    from pg_catalog.pg_stat_xact_user_tables
"""


def run_seeds(session: Session, script: Script) -> Seeded:
    """Run them, and say how many rows they changed."""
    state = _Seeding(session, script)
    try:
        transaction(session, state.body)
    except psycopg.Error as error:
        raise _failed(session, state.at, error) from None
    except InDoubtError as doubt:
        if not doubt.committed:
            known = "they were rolled back" if doubt.committed is False else "it is not known whether they were kept"
            raise ApplyFailed(
                f"the connection was lost while the seeds were committed: {known}", hint="run dbsync apply again"
            ) from None
    except KeyboardInterrupt:
        raise ApplyFailed(f"interrupted. {_schema(session)} The seeds were rolled back.") from None
    return state.seeded


class _Seeding:
    """One run over the statements: where it is, and what it changed."""

    def __init__(self, session: Session, script: Script):
        self.session = session
        self.script = script
        self.at: Statement | None = None
        self.seeded = Seeded()

    def body(self) -> None:
        connection = self.session.connection
        connection.execute("select set_config('search_path', '\"$user\", public', true)")
        with connection.cursor() as cursor:
            before = _counted(cursor)
            for statement in self.script.statements:
                self.at = statement
                self.session.observer.progress(f"seeds: {statement.place}")
                _run(cursor, statement)
            self.at = None
            after = _counted(cursor)
        self.seeded = Seeded(*(new - old for old, new in zip(before, after, strict=True)))


def _counted(cursor: psycopg.Cursor[Any]) -> tuple[int, ...]:
    """The session's counters; they still hold what its earlier transactions did."""
    row = cursor.execute(_COUNTED).fetchone()
    assert row is not None
    return tuple(map(int, row))


def _run(cursor: psycopg.Cursor[Any], statement: Statement) -> None:
    if statement.data is None:
        cursor.execute(statement.sql.encode())
        return
    with cursor.copy(statement.sql.encode()) as copy:
        copy.write(statement.data)


def _failed(session: Session, at: Statement | None, error: psycopg.Error) -> ApplyFailed:
    failure = Failure.of(error)
    where = f"{at.place}: " if at else "the seeds failed: "
    details = [f"{label}: {text}" for label, text in (("detail", failure.detail), ("context", failure.context)) if text]
    details += getattr(error, "__notes__", [])
    details.append(f"{_schema(session)} The seeds were rolled back.")
    shown = "\n".join("  " + line[:160] for line in at.sql.strip().splitlines()[:8]) if at else None
    return ApplyFailed(where + failure.message, detail="\n".join(details), hint=failure.hint, excerpt=shown)


def _schema(session: Session) -> str:
    return "The schema was applied." if session.committed else "The schema needed no change."

"""Loads a script into a scratch database: each statement by itself, so that a failure has its place."""

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg

from dbsync import sql
from dbsync.errors import ScratchError
from dbsync.load import rules
from dbsync.load.elevation import may_elevate
from dbsync.load.failures import schema_error
from dbsync.load.places import Places, Recorder, recording
from dbsync.load.source import failure
from dbsync.model.text import Place, Script, Statement
from dbsync.pg.connect import PINNED

# As psql has them: the file may rely on the default path, and its functions are checked as it is loaded.
LOADING = {**PINNED, "search_path": '"$user", public'}

Elevate = Callable[[], AbstractContextManager[None]]

_GRANTED_NOTHING = frozenset({"01006", "01007"})


@dataclasses.dataclass(frozen=True)
class Elevated:
    """A statement that the session's role might not run, and what PostgreSQL said to it."""

    statement: Statement
    reason: str


@dataclasses.dataclass(frozen=True)
class Note:
    """A statement that was passed over, and why."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loaded:
    """What loading a script brought about besides the objects in the database."""

    elevated: tuple[Elevated, ...]
    roles: tuple[str, ...]
    """Roles that the file makes and the server did not have."""
    notes: tuple[Note, ...]
    places: Places


def load(
    connection: "psycopg.Connection[Any]",
    script: Script,
    *,
    elevate: Elevate,
    admin: "psycopg.Connection[Any] | None" = None,
) -> Loaded:
    """Runs the statements as psql would, each in a transaction of its own; the connection is left in autocommit.
    One in which BEGIN was run runs them all in that transaction.

    `elevate` gives the session's role a superuser's rights while it is open. `admin`, a superuser's connection to
    the same database, lets the places of objects be recorded. The session keeps what the file SETs.
    """
    if not connection.autocommit:
        connection.autocommit = True
    with recording(admin) as recorder, connection.cursor() as cursor:
        loading = _Loading(connection, cursor, script, elevate, recorder)
        connection.add_notice_handler(loading.hear)
        try:
            for index, statement in enumerate(script.statements):
                loading.run(index, statement)
        finally:
            connection.remove_notice_handler(loading.hear)
    return Loaded(
        elevated=tuple(loading.elevated),
        roles=tuple(loading.roles),
        notes=tuple(loading.notes),
        places=recorder.places,
    )


class _Loading:
    def __init__(
        self,
        connection: "psycopg.Connection[Any]",
        cursor: "psycopg.Cursor[Any]",
        script: Script,
        elevate: Elevate,
        recorder: Recorder,
    ) -> None:
        self.elevated: list[Elevated] = []
        self.roles: list[str] = []
        self.notes: list[Note] = []
        self._connection = connection
        self._cursor = cursor
        self._statements = script.statements
        self._texts = dict(script.files)
        self._elevate = elevate
        self._recorder = recorder
        self._warning: str | None = None

    def hear(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """Takes note of what was made, and of a GRANT that granted nothing, which PostgreSQL only warns of."""
        message = diagnostic.message_primary or ""
        if not self._recorder.hear(message) and diagnostic.sqlstate in _GRANTED_NOTHING:
            self._warning = message

    def run(self, index: int, statement: Statement) -> None:
        rule = rules.rule(statement)
        match rule:
            case rules.PassOver(note):
                if note:
                    self._note(statement, note)
            case rules.Refuse(why, hint):
                length = len(statement.sql.split("\n", 1)[0])
                raise failure(self._texts[statement.place.file], statement.place, why, length=length, hint=hint)
            case rules.MakeRole(name):
                self._make_role(index, name)
            case rules.Run():
                self._run(index, statement, rule)
                self._recorder.made(statement)

    def _run(self, index: int, statement: Statement, rule: rules.Run) -> None:
        text = (rule.instead or statement.sql).encode()
        self._warning = None
        try:
            self._send(statement, text)
        except psycopg.Error as error:
            if error.sqlstate and error.sqlstate in rule.forgiven:
                self._note(statement, f"passed over: {rule.forgiven[error.sqlstate]}")
            elif may_elevate(error.sqlstate, statement.node):
                self._run_elevated(index, statement, text, error.diag.message_primary or "")
            else:
                raise self._failure(error, index, rewritten=rule.instead is not None) from error
        else:
            if self._warning and statement.node == "GrantStmt":
                self._run_elevated(index, statement, text, self._warning)

    def _run_elevated(self, index: int, statement: Statement, text: bytes, reason: str) -> None:
        try:
            with self._elevate():
                self._send(statement, text)
        except psycopg.Error as error:
            raise self._failure(error, index, rewritten=text != statement.sql.encode()) from error
        self.elevated.append(Elevated(statement, reason))

    def _send(self, statement: Statement, text: bytes) -> None:
        if statement.data is None:
            self._cursor.execute(text)
            return
        with self._cursor.copy(text) as copy:
            copy.write(statement.data)

    def _make_role(self, index: int, name: str) -> None:
        known = self._connection.execute("select 1 from pg_catalog.pg_roles where rolname = %s", [name]).fetchone()
        if known:
            return
        try:
            with self._elevate():
                self._connection.execute(f"CREATE ROLE {sql.name(name)}".encode())
                self._connection.execute(f"GRANT {sql.name(name)} TO CURRENT_USER".encode())
        except psycopg.Error as error:
            raise self._failure(error, index, rewritten=True) from error
        self.roles.append(name)

    def _note(self, statement: Statement, why: str) -> None:
        first = " ".join(statement.sql.split(None, 4)[:4])
        self.notes.append(Note(statement.place, f"{first} …: {why}"))

    def _failure(self, error: psycopg.Error, index: int, *, rewritten: bool) -> Exception:
        if self._connection.closed or error.sqlstate is None:
            place = self._statements[index].place
            return ScratchError(f"the scratch server ended the connection at {place}", detail=str(error).strip())
        return schema_error(error, self._texts, self._statements, index, rewritten=rewritten)

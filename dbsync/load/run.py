"""Loads a script into a scratch database, so that a failure has its place.

Statements that only define something go together, which spares the way there and back; where one of them fails, each
is run again by itself.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from dbsync import sql
from dbsync.errors import ScratchError, TimeIsUp
from dbsync.load import rules
from dbsync.load.acts import Elevate, act, may_act
from dbsync.load.failures import endless, schema_error
from dbsync.load.places import Places, Recorder, recording
from dbsync.load.source import failure
from dbsync.load.unsafe import UnsafeActError
from dbsync.load.wrong_row import wrong_row
from dbsync.model.text import Place, Script, Statement
from dbsync.pg.settings import PINNED

# As psql has them: the file may rely on the default path, and its functions are checked as it is loaded.
LOADING = {**PINNED, "search_path": '"$user", public'}

_TOGETHER = frozenset(
    {
        "AlterDomainStmt",
        "AlterOwnerStmt",
        "AlterSeqStmt",
        "AlterTableStmt",
        "CommentStmt",
        "CompositeTypeStmt",
        "CreateDomainStmt",
        "CreateEnumStmt",
        "CreateFunctionStmt",
        "CreatePolicyStmt",
        "CreateSchemaStmt",
        "CreateSeqStmt",
        "CreateStmt",
        "CreateTrigStmt",
        "IndexStmt",
        "ViewStmt",
    }
)
"""What is the same in one transaction with others as in one of its own, or fails there: none sets what others see."""
_MOST = 32
"""How many go together: in one transaction each foreign key takes longer than the one before."""

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
    """Runs the statements with the effect that they have in psql, each in a transaction of its own; the connection is
    left in autocommit. One in which BEGIN was run runs them all in that transaction.

    `elevate` gives the session's role a superuser's rights for what only a superuser may do. `admin`, a superuser's
    connection to the same database, lets the places of objects be recorded. The session keeps what the file SETs.
    """
    if not connection.autocommit:
        connection.autocommit = True
    with recording(admin, script.statements) as recorder, connection.cursor() as cursor:
        loading = _Loading(connection, cursor, script, elevate, recorder)
        connection.add_notice_handler(loading.hear)
        try:
            for numbers in loading.stretches():
                loading.run(numbers)
        except TimeIsUp as error:
            raise endless(error, script, recorder.running(error.mark)) from error
        finally:
            connection.remove_notice_handler(loading.hear)
    return Loaded(
        elevated=tuple(loading.elevated),
        roles=tuple(loading.roles),
        notes=tuple(loading.notes),
        places=recorder.places,
    )


def _encoded(text: str) -> bytes:
    """As it came: a dump of a database without an encoding may hold bytes that are no UTF-8."""
    return text.encode(errors="surrogateescape")


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
        self._script = script
        self._statements = script.statements
        self._texts = dict(script.files)
        self._elevate = elevate
        self._recorder = recorder
        self._warning: str | None = None

    def hear(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """Takes note of a GRANT that granted nothing, which PostgreSQL only warns of."""
        if diagnostic.sqlstate in _GRANTED_NOTHING:
            self._warning = diagnostic.message_primary or ""

    def stretches(self) -> Iterator[Sequence[int]]:
        """The numbers of the statements, in order, with those together that may be run together."""
        alone = self._connection.info.transaction_status != TransactionStatus.IDLE
        # What an event trigger does may not be undone with the statement that woke it.
        alone = alone or any(one.node == "CreateEventTrigStmt" for one in self._statements)
        for together, found in itertools.groupby(
            range(len(self._statements)), lambda number: not alone and self._statements[number].node in _TOGETHER
        ):
            numbers = list(found)
            size = _MOST if together else 1
            for first in range(0, len(numbers), size):
                yield numbers[first : first + size]

    def run(self, numbers: Sequence[int]) -> None:
        """Runs statements, together if they can be."""
        if len(numbers) == 1 or not self._run_together(numbers):
            for number in numbers:
                self._run_alone(number)

    def _run_together(self, numbers: Sequence[int]) -> bool:
        texts: list[bytes] = []
        for number in numbers:
            statement = self._statements[number]
            rule = rules.rule(statement)
            if not isinstance(rule, rules.Run):
                return False
            texts += [self._recorder.mark(number), _encoded(rule.instead or statement.sql)]
        try:
            # A statement may end in a comment, which goes on to the end of its line.
            self._cursor.execute(b"\n;".join([*texts, self._recorder.asking]))
        except psycopg.Error as error:
            if self._connection.closed or error.sqlstate is None:
                raise self._failure(error, numbers[0], rewritten=False) from error
            return False
        self._recorder.hear(self._cursor)
        return True

    def _run_alone(self, index: int) -> None:
        statement = self._statements[index]
        rule = rules.rule(statement)
        match rule:
            case rules.PassOver(note):
                if note:
                    self._note(statement, note)
            case rules.Refuse(why, hint):
                raise self._refusal(statement, why, hint)
            case rules.MakeRole(name):
                self._make_role(index, name)
            case rules.Run():
                self._cursor.execute(self._recorder.mark(index))
                self._run(index, statement, rule)
                self._cursor.execute(self._recorder.asking)
                self._recorder.hear(self._cursor)

    def _run(self, index: int, statement: Statement, rule: rules.Run) -> None:
        text = _encoded(rule.instead or statement.sql)
        self._warning = None
        try:
            self._send(statement, text)
        except psycopg.Error as error:
            if error.sqlstate and error.sqlstate in rule.forgiven:
                self._note(statement, f"passed over: {rule.forgiven[error.sqlstate]}")
            elif may_act(error.sqlstate, rule.instead or statement.sql):
                self._act(index, rule, error.diag.message_primary or "")
            else:
                raise self._failure(error, index, rewritten=rule.instead is not None) from error
        else:
            if self._warning and statement.node == "GrantStmt":
                self._act(index, rule, self._warning)

    def _act(self, index: int, rule: rules.Run, reason: str) -> None:
        statement = self._statements[index]
        try:
            act(self._connection, self._elevate, rule.instead or statement.sql)
        except UnsafeActError as error:
            if statement.node == "GrantStmt":
                # A live database may have given a right to read files; here nobody needs it.
                self._note(statement, f"passed over: {error.message}")
                return
            raise self._refusal(statement, error.message, error.hint) from None
        except psycopg.Error as error:
            raise self._failure(error, index, rewritten=True) from error
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
            with self._elevate(self._connection):
                self._connection.execute(f"CREATE ROLE {sql.name(name)}".encode())
                self._connection.execute(f"GRANT {sql.name(name)} TO CURRENT_USER".encode())
        except psycopg.Error as error:
            raise self._failure(error, index, rewritten=True) from error
        self.roles.append(name)

    def _note(self, statement: Statement, why: str) -> None:
        first = " ".join(statement.sql.split(None, 4)[:4])
        self.notes.append(Note(statement.place, f"{first} …: {why}"))

    def _refusal(self, statement: Statement, why: str, hint: str) -> Exception:
        length = len(statement.sql.split("\n", 1)[0])
        return failure(self._texts[statement.place.file], statement.place, why, length=length, hint=hint)

    def _failure(self, error: psycopg.Error, index: int, *, rewritten: bool) -> Exception:
        if self._connection.closed or error.sqlstate is None:
            place = self._statements[index].place
            return ScratchError(f"the scratch server ended the connection at {place}", detail=str(error).strip())
        row = None
        if self._connection.info.transaction_status == TransactionStatus.IDLE:
            row = wrong_row(self._connection, self._script, self._statements[index], error)
        return schema_error(error, self._texts, self._statements, index, rewritten=rewritten, row=row)

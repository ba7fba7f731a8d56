"""Puts questions to the live database: each in a read-only transaction of its own, as the owner of the rows, with
timeouts, and with an answer in any case."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.hazards import _texts
from dbsync.model.hazards import Attempt, Hazard, Question, Size
from dbsync.pg.failures import Failure
from dbsync.pg.foreign_code import as_owner, forbidden
from dbsync.pg.settings import READING, known

Connection = psycopg.Connection[Any]

_EXAMPLES = 3
_LONGEST = 60
"""So many characters of a key's value are shown."""

_INSUFFICIENT_PRIVILEGE, _QUERY_CANCELED, _LOCK_NOT_AVAILABLE = "42501", "57014", "55P03"
# data_exception and integrity_constraint_violation: a row is the reason.
_OF_A_ROW = ("22", "23")
_FALSE = "22DBS"
"""What a row raises for which a condition is false."""

_UNREADABLE = """
    select t, current_user::text, pg_catalog.has_table_privilege(t, 'select')
    from pg_catalog.unnest(%s::text[]) t
    where not pg_catalog.has_table_privilege(t, 'select') or pg_catalog.row_security_active(t)
"""
_SIZES = """
    select t.name, coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0)::bigint,
           case when bool_or(c.reltuples < 0 and pg_catalog.pg_relation_size(c.oid) > 0) then null
                else sum(greatest(c.reltuples, 0)) end::bigint
    from pg_catalog.unnest(%s::text[]) t (name)
    cross join lateral (
        select p.relid from pg_catalog.pg_partition_tree(pg_catalog.to_regclass(t.name)) p where p.isleaf
        union
        select pg_catalog.to_regclass(t.name)
    ) p (oid)
    join pg_catalog.pg_class c on c.oid = p.oid and c.relkind in ('r', 'm')
    group by t.name
"""
# What fails for a row is tried row by row: a subtransaction each, which writes nothing.
_SCAN = """
#variable_conflict use_column
DECLARE
    dbsync_row record;
    dbsync_failed bigint := 0;
    dbsync_keys jsonb := '[]';
    dbsync_said text;
BEGIN
    FOR dbsync_row IN {scan} LOOP
        BEGIN
            {trial};
        EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
            dbsync_failed := dbsync_failed + 1;
            dbsync_said := coalesce(dbsync_said, nullif(SQLSTATE, '{false}'));
            IF dbsync_failed <= {examples} THEN
                dbsync_keys := dbsync_keys || pg_catalog.jsonb_build_array(pg_catalog.to_jsonb(dbsync_row.key));
            END IF;
        END;
    END LOOP;
    PERFORM pg_catalog.set_config('dbsync.found',
        pg_catalog.jsonb_build_array(dbsync_failed, dbsync_keys, dbsync_said)::text, true);
END
"""
_FAILS = "PERFORM {0} FROM {1}"
_FAILS_OR_IS_FALSE = f"IF (SELECT NOT ({{0}}) FROM {{1}}) THEN RAISE SQLSTATE '{_FALSE}'; END IF"


def ask(
    connection: Connection,
    questions: Sequence[Question],
    *,
    timeout: float,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Hazard, ...]:
    """The answers of live, in the order of the questions, each within `timeout` seconds.

    Whatever goes wrong with one of them is its answer. ConnectionFailed and psycopg.Error are not raised.
    """
    found = []
    for number, one in enumerate(questions, 1):
        progress(f"asking the live database about its rows ({number} of {len(questions)})")
        found.append(_Asked(connection, one, timeout).answer())
    return tuple(found)


def sizes(connection: Connection, tables: Iterable[str]) -> dict[str, Size]:
    """How large these tables are; a partitioned one with all its partitions. Tables that are not there are left out."""
    with contextlib.suppress(psycopg.Error), _reading(connection, 10):
        rows = connection.execute(_SIZES, [list(tables)]).fetchall()
        return {name: Size(size, tuples) for name, size, tuples in rows}
    return {}


@contextlib.contextmanager
def _reading(connection: Connection, timeout: float) -> Iterator[None]:
    """A read-only transaction; its settings are its own, since a pooler may give every transaction another session."""
    limits = {"statement_timeout": _milliseconds(timeout), "lock_timeout": _milliseconds(min(timeout / 2, 2))}
    settings = {**known(READING, connection.info.server_version), **limits}
    with connection.transaction():
        connection.execute("set transaction read only")
        calls = ", ".join("pg_catalog.set_config(%s, %s, true)" for _ in settings)
        connection.execute(f"select {calls}".encode(), [text for pair in settings.items() for text in pair])
        yield


class _NotAllowedError(Exception):
    """Reading the tables would run somebody's code with rights that they have not; the message says whose."""


class _Asked:
    """One question on its way."""

    def __init__(self, connection: Connection, question: Question, timeout: float):
        self.connection = connection
        self.question = question
        self.timeout = timeout
        self.deadline = time.monotonic() + timeout

    def answer(self) -> Hazard:
        if self.question.cannot:
            return self._unknown(self.question.cannot)
        try:
            # What fails without a row is wrong with the question.
            for text in self._texts():
                self._rows(f"EXPLAIN {text}")
        except psycopg.Error as error:
            return self._unknown(self._reason(Failure.of(error)))
        except _NotAllowedError as error:
            return self._unknown(str(error))
        try:
            return self._loss() if self.question.loss else self._in_the_way()
        except psycopg.Error as error:
            failure = Failure.of(error)
            if (failure.sqlstate or "")[:2] in _OF_A_ROW and not self.question.loss and self.question.attempt:
                return self._row_by_row(self.question.attempt, failure)
            return self._unknown(self._reason(failure))
        except _NotAllowedError as error:
            return self._unknown(str(error))

    def _texts(self) -> Iterator[str]:
        if self.question.query:
            yield self.question.query
        if self.question.attempt:
            yield _texts.attempted(self.question.attempt)

    def _loss(self) -> Hazard:
        (rows,) = self._rows(_texts.counting(self.question))[0]
        of = self._rows(_texts.whole(self.question))[0][0] if self.question.whole else None
        return Hazard(question=self.question, rows=rows, of=of)

    def _in_the_way(self) -> Hazard:
        examples: list[Any] = []
        if self.question.query:
            # A few are found soon where there are many; to count them takes a look at every row.
            examples = self._rows(f"{_texts.listing(self.question)} LIMIT {_EXAMPLES}")
        if not examples:
            if self.question.attempt:
                self._rows(_texts.attempted(self.question.attempt))
            return Hazard(question=self.question, rows=0)
        shown = self._named(examples)
        try:
            (rows,) = self._rows(_texts.counting(self.question))[0]
        except psycopg.Error:
            return Hazard(question=self.question, rows=len(examples), at_least=True, examples=shown)
        return Hazard(question=self.question, rows=rows, examples=shown)

    def _row_by_row(self, attempt: Attempt, failure: Failure) -> Hazard:
        trial = _FAILS_OR_IS_FALSE if attempt.condition else _FAILS
        trial = trial.format(attempt.expression, attempt.single)
        block = _SCAN.format(scan=attempt.scan, trial=trial, examples=_EXAMPLES, false=_FALSE)
        try:
            with self._reading():
                self.connection.execute(f"DO {sql.literal(block)}".encode())
                row = self.connection.execute("select pg_catalog.current_setting('dbsync.found')::jsonb").fetchone()
        except psycopg.Error:
            row = None
        if row is None or not row[0][0]:
            return Hazard(question=self.question, rows=1, at_least=True, failure=failure.kind)
        rows, examples, said = row[0]
        kind = Failure("", sqlstate=said).kind if said else ""
        return Hazard(question=self.question, rows=rows, examples=self._named(examples), failure=kind)

    def _rows(self, text: str) -> list[Any]:
        with self._reading():
            return self.connection.execute(text.encode()).fetchall()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """A transaction within what is left of the time, in which nothing is read that must not be."""
        one, left = self.question, max(self.deadline - time.monotonic(), 0)
        with _reading(self.connection, left), as_owner(self.connection, one.tables) as strange:
            why = strange or forbidden(self.connection, one.tables, one.types, checks=one.stands)
            if why:
                raise _NotAllowedError(why)
            yield

    def _named(self, rows: Iterable[Sequence[str | None]]) -> tuple[str, ...]:
        """Rows by their keys: "id 3"."""
        if not self.question.key:
            return ()
        return tuple(
            ", ".join(f"{name} {_cut(value)}" for name, value in zip(self.question.key, row, strict=True))
            for row in rows
        )

    def _unknown(self, reason: str) -> Hazard:
        return Hazard(question=self.question, unknown=reason)

    def _reason(self, failure: Failure) -> str:
        if failure.lost:
            return "the connection to live was lost"
        if failure.sqlstate == _QUERY_CANCELED:
            return f"took longer than {self.timeout:g} s"
        if failure.sqlstate == _LOCK_NOT_AVAILABLE:
            return "somebody holds a lock on the table"
        if failure.sqlstate == _INSUFFICIENT_PRIVILEGE:
            with contextlib.suppress(psycopg.Error):
                if why := self._unreadable():
                    return why
        return f"PostgreSQL says: {failure.kind}"

    def _unreadable(self) -> str:
        """Which of the tables may not be read, by whom."""
        tables = list(self.question.tables)
        with _reading(self.connection, 10), as_owner(self.connection, tables, lock=False):
            found = self.connection.execute(_UNREADABLE, [tables]).fetchall()
        if refused := [table for table, _, allowed in found if not allowed]:
            return f"no SELECT on {', '.join(refused)} for {found[0][1]}"
        return "".join(f"a row-level security policy hides rows of {table} from {role}" for table, role, _ in found[:1])


def _cut(value: str | None) -> str:
    text = "NULL" if value is None else value
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _milliseconds(seconds: float) -> str:
    return f"{max(round(seconds * 1000), 1)}ms"

"""The history of a database: a record of every apply, in its schema dbsync."""

import getpass
import json
import socket
from typing import Any

import psycopg

import dbsync
from dbsync.apply.preflight import Connection
from dbsync.load.secrets import masked
from dbsync.model.outcome import Record
from dbsync.model.plan import Plan

_TABLE = """
    create table if not exists dbsync.history (
        id bigint generated always as identity primary key,
        started_at timestamptz not null default clock_timestamp(),
        finished_at timestamptz,
        applied_by text not null default session_user,
        os_user text not null,
        host text not null,
        version text not null,
        digest text not null,
        schema_digest text not null,
        schema_text text not null,
        current_fingerprint text not null,
        desired_fingerprint text not null,
        steps jsonb not null,
        duration_ms bigint,
        outcome text not null check (outcome in ('running', 'applied', 'failed', 'partial', 'interrupted')),
        error text
    )
"""
_COMMENT = "comment on schema dbsync is 'What dbsync applied to this database; dbsync history shows it.'"

_BEGUN = """
    insert into dbsync.history (os_user, host, version, digest, schema_digest, schema_text,
        current_fingerprint, desired_fingerprint, steps, outcome)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, 'running') returning id
"""
_ENDED = """
    update dbsync.history set outcome = %s, error = %s, finished_at = clock_timestamp(),
        duration_ms = extract(epoch from clock_timestamp() - started_at) * 1000
    where id = %s
"""
_ABANDONED = """
    update dbsync.history set outcome = 'interrupted', error = 'dbsync ended before it could say how this went'
    where outcome = 'running'
"""
_ALL = """
    select id, started_at, finished_at, applied_by, host, version, digest, jsonb_array_length(steps), outcome, error
    from dbsync.history order by id desc
"""


def exists(connection: Connection) -> bool:
    """Whether the database has a history."""
    row = connection.execute("select to_regclass('dbsync.history') is not null").fetchone()
    return bool(row and row[0])


def begin(connection: Connection, plan: Plan) -> int:
    """Write the record of an apply that is about to run, and make the table for the first one.

    Under the lock nobody else applies: what is still called running was abandoned.
    """
    with connection.transaction():
        if not exists(connection):
            connection.execute("create schema if not exists dbsync")
            connection.execute(_TABLE)
            connection.execute(_COMMENT)
        connection.execute(_ABANDONED)
        row = connection.execute(_BEGUN, _values(plan)).fetchone()
        assert row is not None
        return int(row[0])


def _values(plan: Plan) -> list[str]:
    steps = [
        {"sql": masked(one.step.sql), "about": str(one.step.about), "author": one.step.author} for one in plan.steps
    ]
    return [
        _user(),
        socket.gethostname(),
        dbsync.__version__,
        plan.digest,
        plan.schema_digest,
        plan.schema_text,
        plan.current_fingerprint,
        plan.desired_fingerprint,
        # jsonb refuses this one character; a statement cannot hold it either.
        json.dumps(steps).replace("\\u0000", ""),
    ]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def end(connection: Connection, record: int | None, outcome: str, error: str | None = None) -> None:
    """Write how it went: as a part of the transaction that the connection is in, if it is in one."""
    if record is not None:
        connection.execute(_ENDED, [outcome, error, record])


def records(connection: Connection) -> tuple[Record, ...]:
    """All records, the newest first."""
    if not exists(connection):
        return ()
    return tuple(_record(*row) for row in connection.execute(_ALL))


def _record(*row: Any) -> Record:
    number, started, finished, user, host, version, digest, steps, outcome, error = row
    return Record(
        id=number,
        started_at=started,
        finished_at=finished,
        applied_by=user,
        host=host,
        version=version,
        digest=digest,
        steps=steps,
        outcome=outcome,
        error=error,
    )


def not_allowed(error: psycopg.Error) -> str:
    """What to say where the role may not keep a history."""
    return f"no history was written: {(error.diag.message_primary or str(error)).strip()}"

"""The history of a database: a record of every apply and undo, in its schema dbsync."""

import getpass
import json
import socket

import psycopg
from psycopg.rows import dict_row

import dbsync
from dbsync.apply.preflight import Connection
from dbsync.load.secrets import masked
from dbsync.model.coding import from_id, from_state, packed
from dbsync.model.outcome import Record
from dbsync.model.plan import Plan
from dbsync.model.steps import Step

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
# Those that came later: the records of an older dbsync hold nothing in them.
_LATER = {
    "undoes": "bigint",
    "manage": "text",
    # JSON: live as it was before; pg_dump's text and the rows that were written in base64 of zlib, and the statements
    # for what a dump leaves out.
    "before": "json",
    # JSON: the server's version, which code read the objects, and the objects of live with their digests: all before,
    # what is new or another after, renamed, or gone.
    "objects": "json",
}
_LONGEST = 4_000
_COMMENT = "comment on schema dbsync is 'What dbsync applied to this database; dbsync history shows it.'"

_BEGUN = """
    insert into dbsync.history (os_user, host, version, digest, schema_digest, schema_text,
        current_fingerprint, desired_fingerprint, steps, undoes, manage, before, objects, outcome)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s::json, %s::json, 'running') returning id
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
_COLUMNS = """
    select attname::text from pg_catalog.pg_attribute
    where attrelid = 'dbsync.history'::regclass and attnum > 0 and not attisdropped
"""
_LISTED = ("id", "started_at", "finished_at", "applied_by", "host", "version", "digest", "outcome", "error", "undoes")


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
        there = columns(connection)
        for name, kind in _LATER.items():
            if name not in there:
                connection.execute(f"alter table dbsync.history add column {name} {kind}".encode())
        connection.execute(_ABANDONED)
        row = connection.execute(_BEGUN, _values(plan, connection.info.server_version)).fetchone()
        assert row is not None
        return int(row[0])


def columns(connection: Connection) -> frozenset[str]:
    """The columns that the history has, which an older dbsync may have made."""
    return frozenset(name for (name,) in connection.execute(_COLUMNS))


def _values(plan: Plan, server: int) -> list[str | int | None]:
    from dbsync.snapshot import edition  # with all kinds, which reading the history does without

    steps = [
        {"sql": masked(_text(one.step)), "about": str(one.step.about), "author": one.step.author, "lost": one.lost}
        for one in plan.steps
    ]
    changed = {one: digest for one, digest in plan.replayed.items() if plan.current.get(one) != digest}
    objects = {
        "server": server,
        "edition": edition(),
        "before": packed(plan.current),
        "after": packed(changed),
        "renamed": [[from_id(one.before), from_id(one.after)] for one in plan.renamed],
        "gone": [from_id(one) for one in sorted(plan.current.keys() - plan.replayed.keys())],
    }
    return [
        _user(),
        socket.gethostname(),
        dbsync.__version__,
        plan.digest,
        plan.schema_digest,
        plan.schema_text,
        plan.current_fingerprint,
        plan.desired_fingerprint,
        json.dumps(steps),
        plan.undoes,
        plan.manage,
        json.dumps(from_state(plan.before)) if plan.before else None,
        json.dumps(objects),
    ]


def _text(step: Step) -> str:
    """The statement; one that writes many rows is kept in part."""
    long = step.rows and len(step.sql) > _LONGEST
    return f"{step.sql[:_LONGEST]} … ({step.rows:,} rows)" if long else step.sql


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
    there = columns(connection)
    listed = ", ".join(name for name in _LISTED if name in there)
    query = f"select {listed}, jsonb_array_length(steps) as steps from dbsync.history order by id desc"
    with connection.cursor(row_factory=dict_row) as cursor:
        return tuple(Record(**row) for row in cursor.execute(query.encode()))


def not_allowed(error: psycopg.Error) -> str:
    """What to say where the role may not keep a history."""
    return f"no history was written: {(error.diag.message_primary or str(error)).strip()}"

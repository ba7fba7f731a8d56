"""The history of a database: a record of every apply and undo, in its schema dbsync."""

import dataclasses
import getpass
import json
import socket
from collections.abc import Container

import psycopg
from psycopg.rows import dict_row

import dbsync
from dbsync import sql
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
    # How many steps are applied for good: written in the transaction of these steps.
    "done": "integer",
}

_LONGEST = 4_000
_COMMENT = "comment on schema dbsync is 'What dbsync applied to this database; dbsync history shows it.'"

_REACHED = """
    update dbsync.history set done = %s where id = %s
"""
_ENDED = """
    update dbsync.history set outcome = %s, error = %s, finished_at = clock_timestamp(),
        duration_ms = extract(epoch from clock_timestamp() - started_at) * 1000
    where id = %s
"""
_SETTLED = """
    update dbsync.history set outcome = %s, error = %s where id = %s and outcome = 'running'
"""
_COLUMNS = """
    select attname::text from pg_catalog.pg_attribute
    where attrelid = 'dbsync.history'::regclass and attnum > 0 and not attisdropped
"""
_LISTED = ("id", "started_at", "finished_at", "applied_by", "host", "version", "digest", "outcome", "error", "undoes")


# Each by itself: has_table_privilege() with several is true where one of them is there.
_RIGHTS = """
    select current_user::text, current_database()::text, has_database_privilege(d.oid, 'create'),
           n.oid is not null, coalesce(has_schema_privilege(n.oid, 'usage'), false),
           coalesce(has_schema_privilege(n.oid, 'create'), false), c.oid is not null,
           coalesce(has_table_privilege(c.oid, 'select'), false),
           coalesce(has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update'), false)
    from pg_catalog.pg_database d left join pg_catalog.pg_namespace n on n.nspname = 'dbsync'
    left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'history'
    where d.datname = current_database()
"""


@dataclasses.dataclass(frozen=True)
class Rights:
    """What the session's role may do with the history: whether there is one that it may read, and why it can keep no
    record, with what to do about it; None where it can."""

    readable: bool
    refusal: str | None = None


def rights(connection: Connection) -> Rights:
    """Read from the catalog alone."""
    row = connection.execute(_RIGHTS).fetchone()
    assert row is not None
    role, database, creates, schema, uses, makes, table, reads, writes = row
    missing = []
    if not schema and not creates:
        missing = [f"GRANT CREATE ON DATABASE {sql.name(database)} TO {sql.name(role)}"]
    elif schema and not table and not (uses and makes):
        missing = [f"GRANT USAGE, CREATE ON SCHEMA dbsync TO {sql.name(role)}"]
    elif table:
        missing = [] if uses else [f"GRANT USAGE ON SCHEMA dbsync TO {sql.name(role)}"]
        granted = f"GRANT SELECT, INSERT, UPDATE ON dbsync.history TO {sql.name(role)}"
        missing += [] if reads and writes else [granted]
    readable = table and uses and reads
    if not missing:
        return Rights(readable)
    return Rights(
        readable,
        f"no history will be kept of it, and dbsync undo will not know it: role {role} lacks the right to write one;"
        f" {'; '.join(missing)} gives it",
    )


@dataclasses.dataclass(frozen=True)
class OpenRecord:
    """A record whose apply runs; `counts` says whether the table has a column for the steps that are done, which that
    of an older dbsync has only when its owner has applied something since."""

    id: int
    counts: bool


def exists(connection: Connection) -> bool:
    """Whether the database has a history."""
    row = connection.execute("select to_regclass('dbsync.history') is not null").fetchone()
    return bool(row and row[0])


def begin(connection: Connection, plan: Plan) -> OpenRecord:
    """Write the record of an apply that is about to run, and make the table for the first one."""
    with connection.transaction():
        if not exists(connection):
            connection.execute("create schema if not exists dbsync")
            connection.execute(_TABLE)
            connection.execute(_COMMENT)
        there = _extended(connection)
        values = {name: value for name, value in _values(plan, connection.info.server_version).items() if name in there}
        query = f"""
            insert into dbsync.history ({", ".join(values)}, outcome)
            values ({", ".join(["%s"] * len(values))}, 'running') returning id
        """
        row = connection.execute(query.encode(), list(values.values())).fetchone()
        assert row is not None
        return OpenRecord(row[0], "done" in there)


def _extended(connection: Connection) -> frozenset[str]:
    """The columns of the table, to which its owner adds those that it lacks; for others the record holds less."""
    there = columns(connection)
    missing = [f"add column {name} {kind}" for name, kind in _LATER.items() if name not in there]
    if not missing:
        return there
    try:
        with connection.transaction():
            connection.execute(f"alter table dbsync.history {', '.join(missing)}".encode())
    except psycopg.errors.InsufficientPrivilege:
        return there
    return there | _LATER.keys()


def columns(connection: Connection) -> frozenset[str]:
    """The columns that the history has, which an older dbsync may have made."""
    return frozenset(name for (name,) in connection.execute(_COLUMNS))


def _values(plan: Plan, server: int) -> dict[str, str | int | None]:
    from dbsync.snapshot import edition  # with all kinds, which reading the history does without

    steps = [
        {
            "sql": masked(_text(one.step)),
            "about": str(one.step.about),
            "author": one.step.author,
            "lost": one.lost,
            "transactional": batch.transactional,
        }
        for batch in plan.batches
        for one in batch.steps
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
    return {
        "os_user": _user(),
        "host": socket.gethostname(),
        "version": dbsync.__version__,
        "digest": plan.digest,
        "schema_digest": plan.schema_digest,
        "schema_text": plan.schema_text,
        "current_fingerprint": plan.current_fingerprint,
        "desired_fingerprint": plan.desired_fingerprint,
        "steps": json.dumps(steps),
        "undoes": plan.undoes,
        "manage": plan.manage,
        "before": json.dumps(from_state(plan.before)) if plan.before else None,
        "objects": json.dumps(objects),
        "done": 0,
    }


def _text(step: Step) -> str:
    """The statement; one that writes many rows is kept in part."""
    long = step.rows and len(step.sql) > _LONGEST
    return f"{step.sql[:_LONGEST]} … ({step.rows:,} rows)" if long else step.sql


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def reach(connection: Connection, record: OpenRecord | None, steps: int) -> None:
    """Write how many steps are applied for good, as `end` does."""
    if record is not None and record.counts:
        connection.execute(_REACHED, [steps, record.id])


def stands(connection: Connection, record: OpenRecord | None, steps: Container[int]) -> bool:
    """Whether the record says that one of these numbers of steps is applied, and nobody else has ended it."""
    if record is None:
        return True
    done = "done" if record.counts else "null"
    query = f"select {done} from dbsync.history where id = %s and outcome in ('running', 'applied')"
    row = connection.execute(query.encode(), [record.id]).fetchone()
    return row is not None and (not record.counts or row[0] in steps)


def end(connection: Connection, record: OpenRecord | None, outcome: str, error: str | None = None) -> None:
    """Write how it went: as a part of the transaction that the connection is in, if it is in one."""
    if record is not None:
        connection.execute(_ENDED, [outcome, error, record.id])


def settle(connection: Connection, record: Record) -> None:
    """Write how an apply ended that could not do so itself, unless somebody else has. Nobody knows when it ended."""
    connection.execute(_SETTLED, [record.outcome, record.error, record.id])


def open_records(connection: Connection) -> frozenset[int]:
    """The records that have no end yet."""
    if not exists(connection):
        return frozenset()
    rows = connection.execute("select id from dbsync.history where outcome = 'running'")
    return frozenset(number for (number,) in rows)


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


def not_written(error: psycopg.Error) -> str:
    """What to say where the history could not be written just now."""
    why = (error.diag.message_primary or str(error)).strip()
    return f"the history record could not be written ({why}); the next apply does it"

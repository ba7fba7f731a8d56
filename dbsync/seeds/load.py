"""Loads a seeds file, in one transaction, and where it is asked for marks which statement wrote which rows.

A row's xmin tells: every statement runs in a subtransaction of its own, whose number a row in `marks` has, too. What
a statement's names mean is asked right before it runs: its own session knows.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from dbsync import sql
from dbsync.errors import ConnectionFailed, DbsyncError, SchemaError, ScratchError, TimeIsUp
from dbsync.load import tree
from dbsync.load.failures import endless, schema_error
from dbsync.load.source import failure
from dbsync.load.wrong_row import wrong_row
from dbsync.model.text import Script, Statement
from dbsync.seeds.cells import NOT_RUN, Cells
from dbsync.seeds.complaints import forced
from dbsync.seeds.statements import Gives, gives

Connection = psycopg.Connection[Any]

SCHEMA = "dbsync_seeds"

_RUN = frozenset(
    """InsertStmt CopyStmt UpdateStmt DeleteStmt MergeStmt SelectStmt DoStmt CallStmt TruncateStmt VariableSetStmt
    ConstraintsSetStmt PrepareStmt ExecuteStmt DeallocateStmt ExplainStmt""".split()
)
_TEMPORARY = frozenset({"CreateStmt", "CreateTableAsStmt", "IndexStmt", "DropStmt"})
_PASSED_OVER = frozenset({"VacuumStmt", "LockStmt", "CommentStmt"})


_BEGINNING, _STATEMENT = "begin; savepoint dbsync", "release dbsync; savepoint dbsync"
_OPENING = """
    begin; create temp table dbsync_marks (statement int);
    create temp table dbsync_named (statement int, number int, relation oid);
    grant insert on dbsync_marks, dbsync_named to public; savepoint dbsync"""
_NAMED = """
    select d.statement, d.number, d.relation::bigint, array[n.nspname, r.relname]::text[]
    from pg_temp.dbsync_named d join pg_catalog.pg_class c on c.oid = d.relation
    join pg_catalog.pg_class r on r.oid = coalesce(pg_catalog.pg_partition_root(c.oid)::oid, c.oid)
    join pg_catalog.pg_namespace n on n.oid = r.relnamespace"""
_REFUSED = "42501"
_FORCED = """
    select array[n.nspname, c.relname]::text[] from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid in (select pg_catalog.to_regclass(name) from pg_catalog.unnest(%s::text[]) name)
      and c.relforcerowsecurity and pg_catalog.row_security_active(c.oid)"""
_NAMES = """
    select a.attrelid::bigint, array_agg(a.attname::text order by a.attnum) from pg_catalog.pg_attribute a
    where a.attrelid in (select relation from pg_temp.dbsync_named) and a.attnum > 0 and not a.attisdropped
    group by 1"""


def load(
    connection: Connection, admin: Connection, script: Script, cells: Mapping[int, Cells]
) -> tuple[tuple[Gives, ...], ...]:
    """Run the statements as `run` does, and mark what they wrote: what each of them gives to which tables.

    `admin` is a session in the same database; `dbsync_seeds.marks` (xid, statement) is there afterwards, and
    `dbsync_seeds.cells` (relation, place, written, statement) with the rows of `cells`, which stand for another
    statement than the one that has `written` them.
    """
    given = [gives(statement) for statement in script.statements]

    def refused(index: int, error: psycopg.Error) -> ConnectionFailed | None:
        """Where a table's row-level security is forced on its owner, that is what refuses."""
        if error.sqlstate != _REFUSED:
            return None
        connection.execute("rollback")
        rows = connection.execute(_FORCED, [[one.name for one in given[index]]]).fetchall()
        return forced(tuple(rows[0][0]), script.statements[index].place, error) if rows else None

    places: list[tuple[int, str, int, int]] = []

    def returned(index: int, rows: Sequence[tuple[Any, ...]]) -> None:
        numbers = cells[index].rows
        # Where a trigger or a conflict kept some out, it is not known which.
        if len(rows) == len(numbers):
            places.extend((*row[-2:], index, number) for row, number in zip(rows, numbers, strict=True))

    def before(index: int) -> None:
        # The last statement may have taken another role.
        connection.execute(f"{_STATEMENT}; {_mark(index, given[index])}".encode())
        given[index] = tuple(_measured(connection, given[index]))

    told = {index: one.returning for index, one in cells.items() if _is_table(connection, given[index])}
    run(connection, script, opening=_OPENING, before=before, refused=refused, returning=told, returned=returned)
    connection.execute("reset session authorization; reset role")
    marks = connection.execute("select xmin::text::bigint, statement from pg_temp.dbsync_marks").fetchall()
    admin.execute(f"create schema {SCHEMA}".encode())
    admin.execute(f"create table {SCHEMA}.marks (xid bigint primary key, statement int not null)".encode())
    with admin.cursor() as cursor, cursor.copy(f"copy {SCHEMA}.marks from stdin".encode()) as copy:
        for row in marks:
            copy.write_row(row)
    admin.execute(
        f"""create table {SCHEMA}.cells (relation bigint, place tid, written int, statement int);
            analyze {SCHEMA}.marks""".encode()
    )
    with admin.cursor() as cursor, cursor.copy(f"copy {SCHEMA}.cells from stdin".encode()) as copy:
        for place in places:
            copy.write_row(place)
    resolved = list(_resolved(connection, given))
    for index, one in cells.items():
        for number, left in one.left.items():
            resolved[number] = tuple(dataclasses.replace(gives, left=left) for gives in resolved[index] if gives.outer)
    return tuple(resolved)


def _mark(index: int, given: Sequence[Gives]) -> str:
    """Takes down that a statement begins, and what its names mean now."""
    text = f"insert into pg_temp.dbsync_marks values ({index})"
    if not given:
        return text
    found = (
        f"({index}, {number}, pg_catalog.to_regclass({sql.literal(one.name)}))" for number, one in enumerate(given)
    )
    return f"{text}; insert into pg_temp.dbsync_named values {', '.join(found)}"


def _measured(connection: Connection, given: Sequence[Gives]) -> Iterator[Gives]:
    """The same, with as many columns as their queries have: PostgreSQL describes these, and runs none."""
    for one in given:
        width = None
        if one.query is not None:
            session = connection.pgconn
            connection.execute("savepoint dbsync_query")
            prepared = session.prepare(b"", one.query.encode())
            if prepared.status == psycopg.pq.ExecStatus.COMMAND_OK:
                width = session.describe_prepared(b"").nfields
            # One that PostgreSQL does not take fails in the user's own words, when the statement runs.
            connection.execute("rollback to dbsync_query; release dbsync_query")
        yield one if width is None else dataclasses.replace(one, width=width)


def _resolved(connection: Connection, given: Sequence[Sequence[Gives]]) -> tuple[tuple[Gives, ...], ...]:
    """The same, with what PostgreSQL found by their names; what is gone by now was temporary."""
    names = dict(connection.execute(_NAMES).fetchall())
    found = {
        (index, number): (tuple(path), tuple(names.get(one, ())))
        for index, number, one, path in connection.execute(_NAMED).fetchall()
    }
    nothing = (None, ())
    return tuple(
        tuple(
            dataclasses.replace(one, path=path, names=columns)
            for number, one in enumerate(several)
            for path, columns in [found.get((index, number), nothing)]
        )
        for index, several in enumerate(given)
    )


def run(
    connection: Connection,
    script: Script,
    *,
    opening: str = _BEGINNING,
    before: Callable[[int], None] | None = None,
    refused: Callable[[int, psycopg.Error], DbsyncError | None] | None = None,
    returning: Mapping[int, str] | None = None,
    returned: Callable[[int, Sequence[tuple[Any, ...]]], None] | None = None,
) -> None:
    """Run the statements as the connection's role. SchemaError where PostgreSQL refuses one, ScratchError if it ends.

    `opening` begins the transaction with a savepoint, `before` renews it before the statement of a number. `refused`
    may know a better error for one that PostgreSQL refuses. `returning` is put behind the statements of some numbers,
    and `returned` takes the rows that they give then.
    """
    texts = dict(script.files)
    index = 0
    try:
        connection.execute(opening.encode())
        for index, statement in enumerate(script.statements):
            if _runs(statement, texts):
                if before:
                    before(index)
                else:
                    connection.execute(_STATEMENT)
                more = (returning or {}).get(index, "")
                rows = _send(connection, statement, more)
                if more and returned:
                    returned(index, rows)
        # What is deferred fails here, and not at a COMMIT that has no place in the file.
        connection.execute("set constraints all immediate")
        connection.execute("commit")
    except TimeIsUp as error:
        raise endless(error, script, index) from error
    except psycopg.Error as error:
        if connection.closed or error.sqlstate is None:
            raise ScratchError(
                f"the scratch server ended the connection at {script.statements[index].place}",
                detail=str(error).strip(),
            ) from error
        row = None
        if connection.info.transaction_status == TransactionStatus.INERROR:
            connection.execute("rollback to dbsync")
            row = wrong_row(connection, script, script.statements[index], error)
        if refused and (better := refused(index, error)):
            raise better from error
        raise schema_error(error, texts, script.statements, index, rewritten=False, row=row) from error


def _runs(statement: Statement, texts: dict[str, str]) -> bool:
    node = tree.node(statement.sql) if statement.node not in _RUN and statement.node != NOT_RUN else None
    if statement.node == "TransactionStmt" and node:
        if tree.begins_or_commits(node):
            return False
        raise _refused(statement, texts, "this has no meaning in a seeds file", "it is loaded in one transaction")
    if statement.node == "CopyStmt":
        if statement.data is not None:
            return True
        raise _refused(statement, texts, "only COPY … FROM stdin gives rows", "write the rows behind it")
    if statement.node in _PASSED_OVER or statement.node == NOT_RUN:
        return False
    # What the parser at hand does not know, the server knows better.
    if (
        not statement.node
        or statement.node in _RUN
        or (statement.node in _TEMPORARY and node and tree.is_temporary(node))
    ):
        return True
    raise _refused(statement, texts, "a seeds file holds rows, and this is none of them", "write it in the schema file")


def _refused(statement: Statement, texts: dict[str, str], why: str, hint: str) -> SchemaError:
    length = len(statement.sql.split("\n", 1)[0])
    return failure(texts[statement.place.file], statement.place, why, length=length, hint=hint)


def _send(connection: Connection, statement: Statement, more: str) -> Sequence[tuple[Any, ...]]:
    """Run a statement with more text behind it, if any: the rows that this makes it give."""
    with connection.cursor() as cursor:
        if statement.data is None:
            cursor.execute((statement.sql + more).encode())
            return cursor.fetchall() if more else ()
        with cursor.copy(statement.sql.encode()) as copy:
            copy.write(statement.data)
    return ()


def _is_table(connection: Connection, given: Sequence[Gives]) -> bool:
    """Whether what a statement is about is a table, whose rows have places."""
    names = [one.name for one in given if one.outer]
    query = "select relkind in ('r', 'p') from pg_catalog.pg_class where oid = pg_catalog.to_regclass(%s)"
    return any(row == (True,) for name in names for row in connection.execute(query, [name]).fetchall())

"""Loads a seeds file, in one transaction, and where it is asked for marks which statement wrote which rows.

A row's xmin tells: every statement runs in a subtransaction of its own, whose number a row in `marks` has, too.
"""

from collections.abc import Callable
from typing import Any

import psycopg

from dbsync.errors import SchemaError, ScratchError
from dbsync.load import tree
from dbsync.load.failures import schema_error
from dbsync.load.source import failure
from dbsync.model.text import Script, Statement

Connection = psycopg.Connection[Any]

SCHEMA = "dbsync_seeds"

_RUN = frozenset(
    """InsertStmt CopyStmt UpdateStmt DeleteStmt MergeStmt SelectStmt DoStmt CallStmt TruncateStmt VariableSetStmt
    ConstraintsSetStmt PrepareStmt ExecuteStmt DeallocateStmt ExplainStmt""".split()
)
_TEMPORARY = frozenset({"CreateStmt", "CreateTableAsStmt", "IndexStmt", "DropStmt"})
_PASSED_OVER = frozenset({"VacuumStmt", "LockStmt", "CommentStmt"})


def load(connection: Connection, admin: Connection, script: Script) -> None:
    """Run the statements as `run` does, and mark what they wrote.

    `admin` is a session in the same database; `dbsync_seeds.marks` (xid, statement) is there afterwards.
    """
    run(
        connection,
        script,
        opening="begin; create temp table dbsync_marks (statement int); savepoint dbsync",
        before=lambda index: f"release dbsync; savepoint dbsync; insert into pg_temp.dbsync_marks values ({index})",
    )
    marks = connection.execute("select xmin::text::bigint, statement from pg_temp.dbsync_marks").fetchall()
    admin.execute(f"create schema {SCHEMA}".encode())
    admin.execute(f"create table {SCHEMA}.marks (xid bigint primary key, statement int not null)".encode())
    with admin.cursor() as cursor, cursor.copy(f"copy {SCHEMA}.marks from stdin".encode()) as copy:
        for row in marks:
            copy.write_row(row)
    admin.execute(f"analyze {SCHEMA}.marks".encode())


def run(
    connection: Connection, script: Script, *, opening: str = "begin", before: Callable[[int], str] | None = None
) -> None:
    """Run the statements as the connection's role. SchemaError where PostgreSQL refuses one, ScratchError if it ends.

    `opening` begins the transaction, `before` is what is run before the statement of a number.
    """
    texts = dict(script.files)
    index = 0
    try:
        connection.execute(opening.encode())
        for index, statement in enumerate(script.statements):
            if _runs(statement, texts):
                if before:
                    connection.execute(before(index).encode())
                _send(connection, statement)
        # What is deferred fails here, and not at a COMMIT that has no place in the file.
        connection.execute("set constraints all immediate")
        connection.execute("commit")
    except psycopg.Error as error:
        if connection.closed or error.sqlstate is None:
            raise ScratchError(
                f"the scratch server ended the connection at {script.statements[index].place}",
                detail=str(error).strip(),
            ) from error
        raise schema_error(error, texts, script.statements, index, rewritten=False) from error


def _runs(statement: Statement, texts: dict[str, str]) -> bool:
    node = tree.node(statement.sql) if statement.node not in _RUN else None
    if statement.node == "TransactionStmt" and node:
        if tree.begins_or_commits(node):
            return False
        raise _refused(statement, texts, "this has no meaning in a seeds file", "it is loaded in one transaction")
    if statement.node == "CopyStmt":
        if statement.data is not None:
            return True
        raise _refused(statement, texts, "only COPY … FROM stdin gives rows", "write the rows behind it")
    if statement.node in _PASSED_OVER:
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


def _send(connection: Connection, statement: Statement) -> None:
    with connection.cursor() as cursor:
        if statement.data is None:
            cursor.execute(statement.sql.encode())
            return
        with cursor.copy(statement.sql.encode()) as copy:
            copy.write(statement.data)

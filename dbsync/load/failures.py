"""A server's error about a statement becomes an error about a place in the schema file."""

import re
from collections.abc import Mapping, Sequence

import psycopg

from dbsync.errors import SchemaError, TimeIsUp
from dbsync.load.definitions import earlier, later
from dbsync.load.places import place_in
from dbsync.load.source import failure
from dbsync.load.wrong_row import WrongRow
from dbsync.model.text import Script, Statement
from dbsync.pg.sealing import RULE, refused
from dbsync.visible import visible

_EXISTS = frozenset({"42P07", "42710", "42P06", "42723", "42701"})
_MISSING = frozenset({"42P01", "42704", "42883", "3F000"})
_NO_ROLE = frozenset({"get_role_oid", "get_rolespec_oid", "get_rolespec_tuple"})
_TOKEN = re.compile(r'"[^"\n]*"(?:\."[^"\n]*"|\.\w+)*|\w+(?:\.\w+|\."[^"\n]*")*|.')
_QUOTED = re.compile(r'"([^"]+)"')


def schema_error(
    error: psycopg.Error,
    texts: Mapping[str, str],
    statements: Sequence[Statement],
    index: int,
    *,
    rewritten: bool,
    row: WrongRow | None = None,
) -> SchemaError:
    """The failure of `statements[index]`, with its place, PostgreSQL's words, and what the file says elsewhere.

    `row` is the one of its rows that it failed for.
    """
    error = row.error if row else error
    statement = statements[index]
    said = error.diag
    position = 0
    length = len(statement.sql.split("\n", 1)[0].rstrip())
    if said.statement_position and not rewritten:
        position = int(said.statement_position) - 1
        token = _TOKEN.match(statement.sql, position)
        length = len(token[0]) if token else 1
    seen = _elsewhere(error, statements, index)
    details = [said.message_detail, said.context, seen]
    hint = said.message_hint or _hint(error, statement)
    place = row.place if row else place_in(statement, position)
    length = row.length if row else length
    found = failure(
        texts[statement.place.file],
        place,
        refused(said.message_primary or "") or said.message_primary or str(error).strip(),
        length=length,
        detail=visible_lines("\n".join(one for one in details if one)) or None,
        hint=visible_lines(hint) if hint else None,
    )
    found.__cause__ = error
    return found


def endless(error: TimeIsUp, script: Script, index: int) -> SchemaError:
    """The time that the script has is up while its statement of this number runs."""
    statement = script.statements[index]
    return failure(
        dict(script.files)[statement.place.file],
        statement.place,
        f"this did not end within the {error.time} that loading may take",
        length=len(statement.sql.split("\n", 1)[0].rstrip()),
        hint=error.advice,
    )


def visible_lines(text: str) -> str:
    """The text with its lines kept and everything else that would command a terminal made visible."""
    return "\n".join(visible(line) for line in text.split("\n"))


def _elsewhere(error: psycopg.Error, statements: Sequence[Statement], index: int) -> str | None:
    """Where an object that exists was made before, or one that is missing is made after."""
    if error.sqlstate in _EXISTS:
        first = earlier(statements[index], statements[:index])
        return f"It is made before, at {first.place}:{first.place.column}." if first else None
    if error.sqlstate in _MISSING:
        for name in _QUOTED.findall(error.diag.message_primary or ""):
            second = later(name, statements[index + 1 :])
            if second:
                return f"It is made only after, at {second.place}:{second.place.column}: statements run in their order."
    return None


def _hint(error: psycopg.Error, statement: Statement) -> str | None:
    if refused(error.diag.message_primary or ""):
        return f"{RULE}; take the call out of the file"
    if error.diag.source_function in _NO_ROLE:
        return "create the role on the server, or write CREATE ROLE before this statement"
    if error.sqlstate == "42P06":
        return "write CREATE SCHEMA IF NOT EXISTS; schema public is in every new database"
    if (error.sqlstate or "").startswith("23") and statement.node in ("AlterTableStmt", "IndexStmt"):
        return "rows that the file itself writes break it; leave them out, or keep them in seeds.sql"
    if error.sqlstate == "23503":
        return "the file is loaded into empty tables: let it give the row that this one refers to, too"
    if error.sqlstate == "42601" and "\n" in statement.sql:
        return "is a semicolon missing before this?" if error.diag.statement_position else None
    return None

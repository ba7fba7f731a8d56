"""Finds the row that PostgreSQL refuses in an INSERT of many rows or in the block of a COPY."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
from postgast import pg_query_pb2 as pb

from dbsync.load.places import place_in
from dbsync.load.source import Source
from dbsync.load.tokens import CLOSE, COMMENTS, OPEN, tokens
from dbsync.model.text import Place, Script, Statement

_OF_A_ROW = frozenset({"22", "23", "44", "P0"})
"""Classes of errors that a row can be the reason of: its values, constraints, the check of a view, a trigger."""
_LINE = re.compile(r"COPY [^\n]*?, line (\d+)")
_COMMA = pb.ASCII_44


class Ordinal(NamedTuple):
    """Which of the rows that a statement gives a table: its number, from 0, and how many they are."""

    number: int
    of: int


class WrongRow(NamedTuple):
    """Where a row stands, how long the part of it on its first line is, and what PostgreSQL says to it."""

    place: Place
    length: int
    error: psycopg.Error


def wrong_row(
    connection: "psycopg.Connection[Any]", script: Script, statement: Statement, error: psycopg.Error
) -> WrongRow | None:
    """The row that a statement failed for; None where it is no single one, or PostgreSQL names the place itself.

    The session must take statements again; what is tried in it to find the row is rolled back.
    """
    if error.diag.statement_position or (error.sqlstate or "")[:2] not in _OF_A_ROW:
        return None
    if statement.data is not None:
        return _copied(script, statement, error)
    rows = list(row_spans(statement.sql)) if statement.node == "InsertStmt" else []
    # What is only checked at the end does not fail here.
    if not rows or _refusal(connection, statement.sql) is None:
        return None
    # Of the first rows so many are taken, and so many are too many.
    taken, refused = 0, len(rows)
    while refused - taken > 1:
        middle = (taken + refused) // 2
        refusal = _refusal(connection, statement.sql[: rows[middle - 1][1]] + statement.sql[rows[-1][1] :])
        if refusal is None:
            taken = middle
        elif refusal.sqlstate == error.sqlstate:
            refused, error = middle, refusal
        else:
            return None
    return WrongRow(*_inserted(statement, rows[refused - 1]), error)


def row_at(script: Script, statement: Statement, ordinal: Ordinal) -> tuple[Place, int] | None:
    """Where a row stands, and how long the part of it on its first line is; None where the statement has another number
    of rows, since it is no list of them, or not all of them came to be."""
    if statement.data is not None:
        lines = statement.data.count("\n")
        return _copied_at(script, statement, ordinal.number) if lines == ordinal.of else None
    rows = list(row_spans(statement.sql)) if statement.node == "InsertStmt" else []
    return _inserted(statement, rows[ordinal.number]) if len(rows) == ordinal.of else None


def _inserted(statement: Statement, span: tuple[int, int]) -> tuple[Place, int]:
    start, end = span
    return place_in(statement, start), len(statement.sql[start:end].split("\n", 1)[0].rstrip())


def row_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the rows of an INSERT … VALUES begin and end, in characters; nothing for one with another source."""
    depth, start, after_values = 0, 0, False
    for one in tokens(text):
        if one.kind in COMMENTS:
            continue
        if depth == 0 and not after_values:
            after_values = one.kind == pb.VALUES
        elif depth == 0 and one.kind not in (OPEN, _COMMA):
            return
        if one.kind == OPEN:
            start = start if depth else one.start
            depth += 1
        elif one.kind == CLOSE:
            depth -= 1
            if after_values and not depth:
                yield start, one.end


def _refusal(connection: "psycopg.Connection[Any]", text: str) -> psycopg.Error | None:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(text.encode())
    except psycopg.Error as error:
        if connection.closed:
            raise
        return error
    return None


def _copied(script: Script, statement: Statement, error: psycopg.Error) -> WrongRow | None:
    """The row of a COPY, whose number PostgreSQL tells."""
    found = _LINE.search(error.diag.context or "")
    place = _copied_at(script, statement, int(found[1]) - 1) if found else None
    return WrongRow(*place, error) if place else None


def _copied_at(script: Script, statement: Statement, number: int) -> tuple[Place, int] | None:
    lines = (statement.data or "").split("\n")
    if not 0 <= number < len(lines):
        return None
    source = Source(statement.place.file, dict(script.files)[statement.place.file])
    # They begin on the line after the one that the statement ends on.
    start = source.text.find(f"\n{statement.data}", source.position(statement.place) + len(statement.sql))
    if start < 0:
        return None
    first = source.place(start + 1)
    return Place(first.file, first.line + number), len(lines[number].rstrip())

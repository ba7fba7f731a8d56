"""How live's columns meet values of others, and live's rows the rules that they need not keep."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg

from dbsync.model.rows import KeyColumn
from dbsync.seeds.tables import Column

Connection = psycopg.Connection[Any]

_FAMILIES = (
    frozenset({"smallint", "integer", "bigint", "numeric"}),
    frozenset({"text", "character varying"}),
    frozenset({"date", "timestamp without time zone", "timestamp with time zone"}),
)
"""Types that PostgreSQL compares with each other."""

_NOT_VALID = """
    select format('ALTER %s %s %%s CONSTRAINT %I', case when conrelid <> 0 then 'TABLE' else 'DOMAIN' end,
                  case when conrelid <> 0 then conrelid::regclass::text else contypid::regtype::text end, conname),
           pg_catalog.pg_get_constraintdef(oid)
    from pg_catalog.pg_constraint where contype in ('c', 'n') and not convalidated and coninhcount = 0 order by oid"""


def typed(column: Column, given: Column) -> KeyColumn | None:
    """How a column of live's meets values of a column; None where they may mean the same in other words."""
    if column.enum or given.enum:
        # A label may not be there yet.
        return KeyColumn(column.name, "")
    if column.base == given.base:
        return KeyColumn(column.name, column.base, column.equal)
    if any({column.base, given.base} <= family for family in _FAMILIES):
        return KeyColumn(column.name, given.base)
    return None


def text_or(column: Column, given: Column) -> KeyColumn:
    """The same, by their texts where nothing better is known."""
    return typed(column, given) or KeyColumn(column.name, "")


@contextlib.contextmanager
def lifted(copy: Connection) -> Iterator[None]:
    """Without the constraints that are NOT VALID, which rows of live may break; afterwards they are there again."""
    found: list[tuple[str, str]] = []
    while more := copy.execute(_NOT_VALID.encode()).fetchall():
        for text, definition in more:
            copy.execute((text % "DROP").encode())
            found.append((text, definition))
    yield
    for text, definition in reversed(found):
        copy.execute(f"{text % 'ADD'} {definition}".encode())

"""A digest of rows of live, by which it can be seen later whether any of them has changed."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.model.rows import KeyColumn, Watched
from dbsync.seeds.guarded import guarded
from dbsync.seeds.tables import Table

Connection = psycopg.Connection[Any]

PARAMETER = "\0"
"""Stands for a parameter until `parametrized`; no name can hold it."""


def seen(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    key: tuple[KeyColumn, ...],
    keys: tuple[tuple[str, ...], ...] | None,
) -> Watched:
    """The rows of a table with these keys, or all of them, as they are now."""
    one = Watched(table=table.path, alone=table.alone, columns=tuple(columns), key=key, keys=keys, digest="")
    return Watched(**{**vars(one), "digest": digest(connection, one)})


def digest(connection: Connection, one: Watched) -> str:
    """What the rows are like now, read in a transaction that is open: equal for equal rows, in whatever order they
    stand. ConnectionFailed where they are not to be read."""
    with guarded(connection, one.table):
        return own_digest(connection, one)


def own_digest(connection: Connection, one: Watched) -> str:
    """The same of a table of ours on the scratch server, which runs nobody's code to read it."""
    number = total = 0
    texts = ", ".join(f"t.{sql.name(name)}" for name in one.columns)
    name = sql.qualified(*one.table)
    rows = f"only {name}" if one.alone else name
    for source, values in _sources(one, rows):
        query = f"select count(*), coalesce(sum(hashtextextended(row({texts})::text, 0)::numeric), 0) from {source}"
        row = connection.execute(*parametrized(query, values)).fetchone()
        assert row is not None
        number, total = number + int(row[0]), total + int(row[1])
    return f"{number}:{total}"


def changed(connection: Connection, watched: Sequence[Watched]) -> list[str]:
    """The tables whose rows are not what they were, as SQL names."""
    with connection.transaction():
        connection.execute("select set_config('row_security', 'off', true)")
        return [sql.qualified(*one.table) for one in watched if digest(connection, one) != one.digest]


def same(connection: Connection, watched: Sequence[Watched]) -> bool:
    """Whether the rows are what they were, and no sequence has fallen behind."""
    return not behind(connection, watched) and not changed(connection, watched)


def behind(connection: Connection, watched: Sequence[Watched]) -> bool:
    """Whether a sequence is not past the declared values of its column."""
    for name, last in (pair for one in watched for pair in one.sequences):
        row = connection.execute(f"select last_value - (not is_called)::int < {last} from {name}".encode()).fetchone()
        if row and row[0]:
            return True
    return False


def joined(
    rows: str, key: Sequence[KeyColumn], values: Sequence[str], numbers: str | None = None
) -> tuple[str, list[str]]:
    """What stands behind FROM for rows `t` that have one of the keys `k`, and its parameters.

    `values` are arrays of texts, one for each column of the key; `numbers` is an array of what is to be known of each.
    """
    arrays = ["text[]" for _ in key] if numbers is None else ["bigint[]", *("text[]" for _ in key)]
    names = [f"c{position}" for position, _ in enumerate(key)]
    match = " and ".join(_equal(one, f"k.{name}") for one, name in zip(key, names, strict=True))
    given = ", ".join(f"{PARAMETER}::{array}" for array in arrays)
    columns = ", ".join(names if numbers is None else ["n", *names])
    source = f"{rows} t join unnest({given}) as k ({columns}) on {match}"
    return source, [*([] if numbers is None else [numbers]), *values]


def parametrized(query: str, values: Sequence[Any]) -> tuple[bytes, Sequence[Any] | None]:
    """A query around what `joined` gave, with its parameters, as psycopg takes them."""
    if not values:
        return query.encode(), None
    return query.replace("%", "%%").replace(PARAMETER, "%s").encode(), values


def _equal(one: KeyColumn, value: str) -> str:
    name = f"t.{sql.name(one.name)}"
    test = f"{name} {one.equal} {value}::{one.type}" if one.type else f"{name}::text = {value}"
    return f"({test} or {name} is null and {value} is null)" if one.nulls else test


def _sources(one: Watched, rows: str) -> Iterator[tuple[str, list[str]]]:
    if one.keys is None:
        yield f"{rows} t", []
    else:
        yield from (joined(rows, one.key, values) for values in one.keys)

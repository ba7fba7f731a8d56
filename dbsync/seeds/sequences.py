"""The sequences of declared rows' columns: on the copy they are where live's are, and what they would give is there."""

import contextlib
from typing import Any

import psycopg

from dbsync import sql
from dbsync.seeds.staging import Staging
from dbsync.seeds.tables import Column, Table
from dbsync.seeds.wanted import Wanted

Connection = psycopg.Connection[Any]

_BIGGEST = 2**63 - 1


def sequences(
    live: Connection, seeded: Connection, staging: Staging, one: Wanted, table: Table
) -> tuple[tuple[str, int], ...]:
    """Set the copy's sequences where live's are; one that may not be read counts as past all rows. Rows with the
    numbers that they would give next are brought: they may be behind them.

    Those that can be read, and the largest values that the file gives their columns.
    """
    known = []
    for name, column in table.columns.items():
        if column.counted is None:
            continue
        row = None
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege), live.transaction():
            row = live.execute(
                f"""select last_value, is_called, seqincrement from {column.counted}, pg_catalog.pg_sequence
                    where seqrelid = {sql.literal(column.counted)}::regclass""".encode()
            ).fetchone()
        given = last(seeded, one.added, one.table.columns[name]) if name in one.sometimes else None
        if row is None:
            there = last(staging.copy, staging.stage(table), column)
            at, called = max((one for one in (given, there) if one is not None), default=None), True
        else:
            at, called, step = row
            if name not in one.always:
                first, final = sorted((at, max(-_BIGGEST, min(_BIGGEST, at + step * one.count))))
                near = f"t.{sql.name(column.name)} between {first} and {final}"
                staging.bring(table, f"{table.rows} t join (select null::bigint as n) k on {near}", [])
            if given is not None:
                known.append((column.counted, given))
        staging.copy.execute(
            f"""select setval(seqrelid::regclass, least(seqmax, greatest(seqmin, {"null" if at is None else at})),
                    {called})
                from pg_catalog.pg_sequence where seqrelid = {sql.literal(column.counted)}::regclass""".encode()
        )
    return tuple(known)


def last(connection: Connection, table: str, column: Column) -> int | None:
    """The largest value that a table has of a column's sequence."""
    name, sequence = sql.name(column.name), sql.literal(column.counted or "")
    row = connection.execute(
        f"""select max({name})::bigint from {table}, pg_catalog.pg_sequence
            where seqrelid = {sequence}::regclass and {name} between seqmin and seqmax""".encode()
    ).fetchone()
    return row[0] if row else None

"""Tells by digests that the live database has the declared rows already, so that none has to be brought and compared.

Two lists of rows are the same where their columns have the same types and each row's text is the same: what is equal in
other words, such as json with other blanks, is left to the comparison.
"""

import contextlib
import dataclasses
from collections.abc import Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.model.rows import Watched
from dbsync.seeds import watch
from dbsync.seeds.matching import typed
from dbsync.seeds.sequences import last
from dbsync.seeds.staging import batches
from dbsync.seeds.tables import Table, tables
from dbsync.seeds.wanted import ROW, Wanted

Connection = psycopg.Connection[Any]


def unchanged(live: Connection, seeded: Connection, wanted: Sequence[Wanted]) -> tuple[Watched, ...] | None:
    """What was read of live, where its tables hold every declared row already; None where they may not, or where live
    does not let them be read. `live` is in a read-only transaction."""
    with contextlib.suppress(psycopg.ProgrammingError, psycopg.DataError), live.transaction():
        live.execute("select set_config('row_security', 'off', true), set_config('lock_timeout', '10s', true)")
        return _unchanged(live, seeded, wanted)
    return None


def _unchanged(live: Connection, seeded: Connection, wanted: Sequence[Wanted]) -> tuple[Watched, ...] | None:
    known = tables(live)
    found = []
    for one in wanted:
        table = known.get(one.table.path)
        if table is None or not _comparable(one, table):
            return None
        seen = _seen(live, seeded, one, table)
        if seen.digest != _declared(seeded, one) or watch.behind(live, (seen,)):
            return None
        found.append(seen)
    return tuple(found)


def _comparable(one: Wanted, table: Table) -> bool:
    """Whether equal digests mean equal rows: every row is given the same columns, whose values say all."""
    whole = one.whole is None and one.there is None and not one.references and one.mode != "insert-only"
    return (
        whole
        and all(set(given.columns) == set(given.compared) == set(one.sometimes) for given in one.given.values())
        and all(
            name in table.columns and table.columns[name].type == one.table.columns[name].type for name in one.sometimes
        )
    )


def _seen(live: Connection, seeded: Connection, one: Wanted, table: Table) -> Watched:
    key = tuple(
        dataclasses.replace(column, nulls=one.nulls(name))
        for name in one.key
        if (column := typed(table.columns[name], one.table.columns[name]))
    )
    texts = ", ".join(f"{sql.name(name)}::text" for name in one.key)
    query = f"select {ROW}, {texts} from {one.store} order by {ROW}"
    keys = None if one.mode == "exact" else tuple(batch[1:] for batch in batches(seeded, query, len(one.key)))
    sequences = tuple(
        (column.counted, most)
        for name, column in table.columns.items()
        if column.counted and name in one.sometimes
        if (most := last(seeded, one.store, one.table.columns[name])) is not None
    )
    return dataclasses.replace(watch.seen(live, table, one.sometimes, key, keys), sequences=sequences)


def _declared(seeded: Connection, one: Wanted) -> str:
    """The digest of the declared rows."""
    schema, table = one.store.split(".")
    store = Watched(table=(schema, table), alone=False, columns=one.sometimes, key=(), keys=None, digest="")
    return watch.own_digest(seeded, store)

"""Refuses a plan that gives a table more columns than PostgreSQL allows, which counts those that were dropped.

A copy of live is made without the dropped ones, so the steps run there: only live knows how many it has had.
"""

from typing import Any

import psycopg

from dbsync import sql
from dbsync.errors import NoPlan
from dbsync.hazards import Lineage

MOST = 1600
"""MaxHeapAttributeNumber: the manual's appendix on limits."""

_NUMBERS = """
    select c.relnatts::int, (select count(*) from pg_catalog.pg_attribute a
                             where a.attrelid = c.oid and a.attnum > 0 and a.attisdropped)
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = %s and c.relname = %s
"""


def refuse_too_wide(live: "psycopg.Connection[Any]", lineage: Lineage) -> None:
    """NoPlan names the table of live that the plan would make too wide, with the numbers."""
    for origin in lineage.tables.values():
        row = live.execute(_NUMBERS, list(origin.path)).fetchone() if origin.added > 0 else None
        if row is None or row[0] + origin.added <= MOST:
            continue
        name, (used, dropped) = sql.qualified(*origin.path), row
        raise NoPlan(
            f"Table {name} has no room for {origin.added:,} more columns: PostgreSQL allows {MOST:,}, and counts those"
            " that were dropped",
            detail=f"it has {used - dropped:,} columns, {dropped:,} dropped ones count as well, and with the new ones"
            f" that is {used + origin.added:,}",
            hint="copy its rows into a new table and rename that, which is rid of the dropped ones, then plan again; or"
            " put some of the columns into a table of their own",
        )

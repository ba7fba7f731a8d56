"""Generated columns: rows for which the expression of a new column fails."""

from collections.abc import Iterator
from functools import partial

from dbsync import sql
from dbsync.hazards._facts import Facts
from dbsync.kinds.column import Column
from dbsync.model.hazards import Question


def questions(facts: Facts) -> Iterator[Question]:
    """One for each stored column of a table with rows that is new, or computed in another way."""
    for change in facts.of_kind("column"):
        now = change.after
        if isinstance(now, Column) and now.generated == "s":
            yield from facts.put("generated", change.id, partial(_question, facts, now))


def _question(facts: Facts, column: Column) -> Question | None:
    table, name = column.path[:2], sql.name(column.path[2])
    origin = facts.lineage.tables.get(table)
    live = facts.live_column(origin, column.path[2]) if origin else None
    if live and (live.expression, live.type) == (column.expression, column.type):
        return None
    rows = facts.rows(table, (column.path[2],))
    if rows is None:
        return None
    return Question(
        hazard="generated",
        about=column.id,
        tables=rows.tables,
        key=rows.key,
        problem=f"of {rows.label} for which {column.expression}, the expression of {name}, fails",
        advice="Change these rows first, or the expression.",
        attempt=rows.attempt(name),
    )

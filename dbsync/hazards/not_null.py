"""NOT NULL: rows in which a column has no value that must have one."""

from collections.abc import Iterator
from functools import partial

from dbsync import sql
from dbsync.hazards._facts import Facts
from dbsync.kinds.column import Column
from dbsync.model.hazards import Question


def questions(facts: Facts) -> Iterator[Question]:
    """One for each column of a table with rows that becomes NOT NULL, or is new and is."""
    for change in facts.of_kind("column"):
        was, now = change.before, change.after
        assert isinstance(now, Column)
        new = any(now.path[2] not in origin.columns for origin in facts.origins(now.path[:2]))
        before = isinstance(was, Column) and was.not_null and was.not_null_valid and not new
        if now.not_null and now.not_null_valid and not before and not _filled(facts, now, new=new):
            yield from facts.put("not-null", change.id, partial(_question, facts, now, new=new))


def _filled(facts: Facts, column: Column, *, new: bool) -> bool:
    """Whether a new column has a value in every row: only what is computed may be NULL."""
    return new and bool(column.identity or facts.default(column))


def _question(facts: Facts, column: Column, *, new: bool) -> Question | None:
    table, name = column.path[:2], column.path[2]
    written = sql.name(name)
    plain = new and not column.generated
    rows = facts.rows(table, () if plain else (name,), only=column.not_null_no_inherit)
    if rows is None:
        return None
    if plain:
        problem = f"of {rows.label} without a value for the new column {written} (NOT NULL, no default)"
        advice = f"Give {written} a DEFAULT, or let it be NULL until its values are there."
    else:
        problem = f"of {rows.label} with NULL in {written}, which becomes NOT NULL"
        advice = f"Give {written} a value in these rows first, or let it be NULL."
    return Question(
        hazard="not-null",
        about=column.id,
        tables=rows.tables,
        query=rows.listing((), "") if plain else rows.listing((name,), f"{written} IS NULL"),
        key=rows.key,
        problem=problem,
        advice=advice,
        attempt=rows.attempt(written) if column.generated else None,
    )

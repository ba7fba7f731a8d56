"""Composite types: rows whose values do not fit the attributes that the type has when it is made anew."""

from collections.abc import Iterator
from functools import partial

from dbsync import sql
from dbsync.hazards._facts import CannotAskError, Facts
from dbsync.kinds.column import Column
from dbsync.kinds.composite_type import CompositeType
from dbsync.model.hazards import Question


def questions(facts: Facts) -> Iterator[Question]:
    """One for each column of a table with rows whose type is made anew: its values go over as text."""
    for was, now in facts.going_over:
        for one in facts.types(now):
            before, after = facts.current.objects.get(one), facts.goal.objects[one]
            if isinstance(before, CompositeType) and isinstance(after, CompositeType):
                yield from facts.put(
                    "composite-type",
                    now.id,
                    partial(_question, facts, was, now, before, after),
                )


def _question(facts: Facts, was: Column, now: Column, before: CompositeType, after: CompositeType) -> Question | None:
    rows = facts.rows(now.path[:2])
    if rows is None:
        return None
    if len(rows.sources) > 1 or now.type.endswith("[]"):
        raise CannotAskError("its values are inside of others")
    name = sql.name(was.path[2])
    attributes = list(zip(before.names, before.types, after.types, strict=False))
    others = [f"({name}).{sql.name(own)}::text::{new}" for own, old, new in attributes if old != new]
    fewer = len(before.names) != len(after.names)
    return Question(
        hazard="composite-type",
        about=now.id,
        tables=rows.tables,
        query=rows.listing((was.path[2],), f"{name}::text IS NOT NULL") if fewer else "",
        key=rows.key,
        problem=f"of {rows.label} with a value in {name} that does not fit the attributes of {now.type}",
        advice="Empty these values first, and fill them again after the change.",
        attempt=rows.attempt(f"ROW({', '.join(others)})") if others and not fewer else None,
    )

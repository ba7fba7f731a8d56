"""Loss of data: how many rows and values are lost with the tables, columns and types of a plan."""

from collections.abc import Iterator
from functools import partial

from dbsync import sql
from dbsync.hazards._facts import Facts
from dbsync.hazards._lineage import Path
from dbsync.hazards._types import type_of
from dbsync.kinds.column import Column
from dbsync.model.hazards import Question
from dbsync.model.objects import Id


def questions(facts: Facts) -> Iterator[Question]:
    """One for each loss that the replay saw."""
    for table in facts.lineage.lost_tables:
        if (loss := f"table {_name(table.path)} and its rows") in facts.losses:
            yield _counted(facts, Id("table", table.path), loss, table.path)
    for table, column, end in facts.lineage.lost_columns:
        # The plan may have given the table its new name before.
        for path in {table.path, end}:
            if (loss := f"column {_name((*path, column))} and its values") in facts.losses:
                about = Id("column", (*table.path, column))
                yield _counted(facts, about, loss, table.path, f"{sql.name(column)} IS NOT NULL")
    for was, now in facts.retyped.values():
        names = tuple(f"column {_name(path)}: " for path in (was.path, now.path))
        for loss in (loss for loss in facts.losses if loss.startswith(names)):
            yield from facts.put("data-loss", was.id, partial(_altered, facts, was, now, loss))


def _altered(facts: Facts, was: Column, now: Column, loss: str) -> Question:
    """The values that do not come back as they were."""
    name, table = sql.name(was.path[2]), was.path[:2]
    new = type_of(facts.desired, now.path[:2], now.path[2])
    kind = new.text + ("[]" if new.array else "") if new.kind == "d" else now.type
    return _counted(facts, was.id, loss, table, f"{name}::{kind}::{was.type} IS DISTINCT FROM {name}")


def _counted(facts: Facts, about: Id, loss: str, table: Path, condition: str = "") -> Question:
    """The rows that meet the condition; they are a part of the table's."""
    # What inherits from a table is another loss; a partitioned one has no rows of its own.
    item = ("" if table in facts.parts[0] else "ONLY ") + _name(table)
    return Question(
        hazard="data-loss",
        about=about,
        tables=(_name(table),),
        query=f"SELECT 1 FROM {item}" + (f" WHERE {condition}" if condition else ""),
        loss=loss,
        whole=item if condition else "",
    )


def _name(path: Path) -> str:
    return sql.qualified(*path)

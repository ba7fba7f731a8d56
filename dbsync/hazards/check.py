"""CHECK: rows that do not meet a condition which is added, or validated."""

from collections.abc import Iterator
from functools import partial

from dbsync.hazards._facts import Facts
from dbsync.hazards._verified import verified
from dbsync.kinds._expression import enclosed
from dbsync.kinds.constraint import Constraint
from dbsync.model.hazards import Question

_CONDITION = """
    select pg_catalog.pg_get_expr(conbin, conrelid), connoinherit from pg_catalog.pg_constraint where oid = %s
"""


def questions(facts: Facts) -> Iterator[Question]:
    """One for each check constraint that a table with rows gets, or whose columns get another type."""
    for one in verified(facts, "c"):
        yield from facts.put("check", one.id, partial(_question, facts, one))


def _question(facts: Facts, one: Constraint) -> Question | None:
    table = one.path[:2]
    if facts.rows(table) is None:
        return None
    row = facts.desired.execute(_CONDITION, [facts.oids[one.id]]).fetchone()
    assert row is not None
    condition, alone = row
    facts.ready(one.id)
    columns = facts.needed(one.id, table)
    rows = facts.rows(table, columns, only=alone)
    assert rows is not None
    return Question(
        hazard="check",
        about=one.id,
        tables=rows.tables,
        query=rows.listing(columns, f"NOT ({condition})"),
        key=rows.key,
        problem=f"of {rows.label} against CHECK {enclosed(condition)}",
        advice="Change these rows first, or the condition.",
        attempt=rows.attempt(condition, condition=True),
        stands=_stands(facts, one, columns),
    )


def _stands(facts: Facts, one: Constraint, columns: tuple[str, ...]) -> bool:
    """Whether the constraint is there already, NOT VALID, over the same columns."""
    before = facts.changed[one.id].before if one.id in facts.changed else None
    same = isinstance(before, Constraint) and before.enforced and _condition(before) == _condition(one)
    return same and not any((*one.path[:2], name) in facts.retyped for name in columns)


def _condition(one: Constraint) -> str:
    return one.printed.removesuffix(" NOT VALID")

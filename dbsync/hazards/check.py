"""CHECK: rows that do not meet a condition which is added, or validated."""

from collections.abc import Iterator
from functools import partial

from dbsync.hazards._facts import Facts
from dbsync.hazards._verified import verified
from dbsync.kinds._expression import enclosed
from dbsync.kinds.constraint import Constraint
from dbsync.model.hazards import Question

_CONDITION = """
    select pg_catalog.pg_get_expr(conbin, conrelid), conbin::text, connoinherit from pg_catalog.pg_constraint
    where oid = %s
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
    condition, tree, alone = row
    facts.ready(one.id)
    facts.steady(tree)
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
    )

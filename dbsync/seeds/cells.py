"""DEFAULT in the rows of an INSERT: each cell for itself leaves its column to the database.

Rows of one statement that leave other columns out are taken for rows of another statement: one that stands at the end
of the script with the same text and place, and is not run.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from dbsync.load import tree
from dbsync.model.text import Script, Statement
from dbsync.seeds.statements import defaults

NOT_RUN = "rows of another statement"
"""What such a statement has in the place of its parse node's name."""


@dataclasses.dataclass(frozen=True)
class Cells:
    """The rows of one INSERT: `rows` has for each the number of the statement whose row it is, `left` for each of these
    statements the positions at which DEFAULT stands. `returning` is what makes the INSERT tell where its rows are."""

    rows: tuple[int, ...]
    left: Mapping[int, frozenset[int]]
    returning: str


def apart(script: Script) -> tuple[Script, dict[int, Cells]]:
    """The script with a statement more for each set of columns that only some rows of an INSERT leave out, and what is
    to be known of such INSERTs, by their numbers."""
    more: list[Statement] = []
    found: dict[int, Cells] = {}
    for index, statement in enumerate(script.statements):
        patterns = _patterns(statement)
        if len({*patterns}) < 2:
            continue
        first = frozenset.intersection(*patterns)
        numbers = {first: index}
        for pattern in patterns:
            if pattern not in numbers:
                numbers[pattern] = len(script.statements) + len(more)
                more.append(dataclasses.replace(statement, node=NOT_RUN))
        rows = tuple(numbers[pattern] for pattern in patterns)
        left = {number: pattern for pattern, number in numbers.items()}
        found[index] = Cells(rows, left, _returning(statement))
    return dataclasses.replace(script, statements=(*script.statements, *more)), found


def _patterns(statement: Statement) -> Sequence[frozenset[int]]:
    """For each row of VALUES the positions at which DEFAULT stands."""
    if statement.node != "InsertStmt" or "default" not in statement.sql.lower():
        return ()
    node = tree.node(statement.sql)
    return defaults(node.insert_stmt.select_stmt.select_stmt.values_lists) if node else ()


def _returning(statement: Statement) -> str:
    node = tree.node(statement.sql)
    said = node is not None and node.insert_stmt.HasField("returning_clause")
    return f"\n{',' if said else 'returning'} tableoid::bigint, ctid::text"

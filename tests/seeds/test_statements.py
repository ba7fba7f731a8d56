"""What can be told of a statement of the seeds file without running it."""

import pytest

from dbsync.load.script import script_of
from dbsync.seeds.statements import may_move


@pytest.mark.parametrize(
    ("text", "moves"),
    [
        (
            "insert into t (a, \"values\") values (1, 'known'), (-2.5, null), /* two */ (+0x1f, E'x\\n'), (true, B'1')",
            False,
        ),
        ("insert into t values (1, now())", True),
        ("insert into t values (1, 'now')", True),
        ("insert into t values (1, current_date)", True),
        ("insert into t values (1, default)", True),
        ("insert into t values (1, 'x'::timestamptz)", True),
        ("insert into t values (1) on conflict do nothing", True),
        ("with x as (select random() as n) insert into t select n from x", True),
        ("insert into t default values", True),
        ("update t set a = 1", True),
        ("copy t from stdin;\n1\tknown\n\\.\n", False),
        ("copy t from stdin;\n1\tToday\n\\.\n", True),
        ("copy t from stdin (default '\\D');\n1\t\\D\n\\.\n", True),
    ],
)
def test_whether_values_may_move(text: str, moves: bool) -> None:
    (statement,) = script_of("seeds.sql", text).statements
    assert may_move(statement) == moves

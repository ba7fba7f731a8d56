"""What can be told of a statement of the seeds file without running it."""

import time

import pytest

from dbsync.load.script import script_of
from dbsync.load.tokens import Characters, tokens
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
        ("insert into größen values (1, 'ü'), (2, '🐘'), (3, 'now')", True),
        ("copy t from stdin;\n1\tknown\n\\.\n", False),
        ("copy t from stdin;\n1\tToday\n\\.\n", True),
        ("copy t from stdin (default '\\D');\n1\t\\D\n\\.\n", True),
    ],
)
def test_whether_values_may_move(text: str, moves: bool) -> None:
    (statement,) = script_of("seeds.sql", text).statements
    assert may_move(statement) == moves


@pytest.mark.parametrize("word", ["'x'", "'ü🐘'"])
def test_places_in_a_long_text(word: str) -> None:
    """They are counted in characters, and in a time that grows with the text, not with its square."""
    text = "select " + ", ".join([word] * 100_000)
    began = time.process_time()
    found = tokens(text)
    assert time.process_time() - began < 20
    assert {text[one.start : one.end] for one in found[1::2]} == {word}
    at = Characters(word)
    assert [at[offset] for offset in (len(word.encode()), 1, 0)] == [len(word), 1, 0]

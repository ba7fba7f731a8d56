import pytest

from dbsync.runtime.hiding import hidden


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("select * from t where a = 'secret' and b = 42", "select * from t where a = ? and b = ?"),
        ("select 'it''s', E'a\\'b', e'\\\\', N'x', U&'\\0041'", "select ?, ?, ?, N?, U&?"),
        ("select $$body 'x'$$, $tag$ $$ $tag$, $1", "select ?, ?, $1"),
        ("select 1.5e10, .5, 0xFF, t1.c2 from t1", "select ?, ?, ?, t1.c2 from t1"),
        ('select "a ""1"" b" from "T"', 'select "a ""1"" b" from "T"'),
        ("select %s, %(name)s, 10 %% 3", "select %s, %(name)s, ? %% ?"),
        ("select 1 -- secret\n from t", "select ? from t"),
        ("select /* a /* nested 'x */ secret */ b", "select b"),
        ("select 'never closed", "select ?"),
        ("select 'a\\b\\\\', b", "select ?, b"),
        # The end of these depends on standard_conforming_strings.
        ("select 'a\\'secret', b", "select ?"),
        ("select '\\''secret', b", "select ?"),
        ("select 'never closed \\", "select ?"),
        ("select $a$ never closed", "select ?"),
        ("select E'never \\", "select ?"),
        ("select /* never closed", "select"),
    ],
)
def test_hidden(statement: str, shown: str) -> None:
    assert hidden(statement) == shown


def test_long() -> None:
    assert len(hidden("select " + "a, " * 1000)) == 1000

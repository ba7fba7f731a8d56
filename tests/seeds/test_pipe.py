"""Rows go from one database to another, however many come at a time; what fails on the way is an error."""

import contextlib

import psycopg
import pytest

from dbsync.pg.connect import Target, connect
from dbsync.seeds.pipe import pipe


@pytest.mark.parametrize("rows", [0, 1, 2, 1000, 200_000])
def test_all_rows(database: Target, rows: int) -> None:
    with contextlib.closing(connect(database)) as source, contextlib.closing(connect(database)) as goal:
        goal.execute("create table public.t (n int, text text)")
        query = b"select n, repeat('x', n %% 500) || E'\\n' from generate_series(1, %s) n"
        assert pipe(source, query, goal, b"public.t (n, text)", [rows]) == rows
        found = goal.execute("select count(*), count(distinct n), sum(length(text)) from public.t").fetchone()
        assert found == (rows, rows, sum(n % 500 + 1 for n in range(1, rows + 1)) or None)
        # Both sessions take more.
        assert pipe(source, b"select 1, null", goal, b"public.t") == 1


@pytest.mark.parametrize("rows", [1, 100_000])
def test_errors_on_either_side(database: Target, rows: int) -> None:
    with contextlib.closing(connect(database)) as source, contextlib.closing(connect(database)) as goal:
        goal.execute("create table public.t (n int check (n > 0))")
        with pytest.raises(psycopg.errors.DivisionByZero):
            pipe(source, b"select 1 / (%s - n) from generate_series(1, %s) n", goal, b"public.t", [rows, rows])
        with pytest.raises(psycopg.errors.CheckViolation):
            pipe(source, b"select %s - n from generate_series(1, %s) n", goal, b"public.t", [rows, rows])
        assert goal.execute("select count(*) from public.t").fetchone() == (0,)
        assert pipe(source, b"select 1", goal, b"public.t") == 1

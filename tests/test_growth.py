"""A plan's work grows with the schema, and not faster: counted in calls, which are the same on every machine."""

import sys
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import dbsync
from dbsync.pg.connect import Target, connect
from dbsync.planning import drafting, planner
from dbsync.planning.request import PlanRequest

pytestmark = pytest.mark.usefixtures("kept_scratch")

SIZES = (25, 50, 100)
TOLERANCE, MUCH = 0.1, 200
"""The part, and the calls, by which a function may be called more often than grows with the schema."""
OURS = str(Path(dbsync.__file__).parent)
VALUES = str(Path("psycopg", "types"))
"""Where what queries take along is written; how often psycopg waits for the server is chance."""


def schema(tables: int, *, changed: bool) -> str:
    """One of five tables is changed, each in another way."""
    return "".join(_table(n, n // 5 % 5 if changed and n % 5 == 0 else -1) for n in range(tables))


def _table(n: int, way: int) -> str:
    before = f"t{n - 1}" if n else "t0"
    return f"""
        create type e{n} as enum ('a', 'b'{", 'c'" if way == 1 else ""});
        create table t{n} (id bigint primary key, state e{n}, label {"text" if way == 2 else "varchar(20)"},
            amount integer check (amount > {1 if way == 3 else 0}), before bigint references {before});
        create index on t{n} (label);
        create view v{n} as select id, label{", amount" if way == 0 else ""} from t{n};
        comment on table t{n} is 'The {"other " if way == 4 else ""}{n}th';
        grant select on t{n} to public;
    """


def calls(run: Callable[[], Any]) -> Counter[str]:
    """How often each of our functions was called, and called another, while something ran in however many threads."""
    found: Counter[str] = Counter()

    def seen(frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call") and (OURS in (file := frame.f_code.co_filename) or VALUES in file):
            called = "" if event == "call" else f", {argument.__name__}"
            found[f"{file}: {frame.f_code.co_qualname}{called}"] += 1

    threading.setprofile(seen)
    sys.setprofile(seen)
    try:
        run()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return found


@pytest.mark.parametrize("changed", [False, True], ids=["no-change", "changed"])
def test_the_work_of_a_plan_grows_no_faster_than_the_schema(
    database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, changed: bool
) -> None:
    monkeypatch.setattr(drafting, "_LARGE", 0)  # migra's work is not ours
    found = []
    for tables in SIZES:
        with connect(database) as session:
            session.execute("drop schema public cascade; create schema public; set search_path to public")
            session.execute(schema(tables, changed=False).encode())
        file = tmp_path / "schema.sql"
        file.write_text(schema(tables, changed=changed))
        request = PlanRequest(target=database, schema=file)
        found.append(calls(partial(planner.make_plan, request, lambda _: None)))
    small, middle, large = found
    assert large.total() > MUCH * 10
    faster = {
        name: (small[name], middle[name], count)
        for name, count in large.items()
        if count - middle[name] > 2 * max(middle[name] - small[name], 0) * (1 + TOLERANCE) + MUCH
    }
    assert faster == {}

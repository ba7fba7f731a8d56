"""Large tables are changed without blocking writes for long, in steps that are proven like any others."""

import re
from pathlib import Path

import psycopg
import pytest

from dbsync import cli
from dbsync.apply.engine import apply_plan
from dbsync.apply.session import Checks, Limits
from dbsync.errors import ApplyFailed
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.planning.live import fingerprint
from dbsync.planning.planner import PlanRequest, make_plan
from dbsync.planning.verify import remaining

pytestmark = pytest.mark.usefixtures("kept_scratch")

LIVE = """
create table item (id integer primary key, name text, price integer, seen timestamptz);
create table part (id integer primary key, item integer, size integer);
create index item_seen on item (seen);
insert into item select i, 'name ' || i, i, now() from generate_series(1, 500) i;
insert into part select i, i, i from generate_series(1, 500) i;
"""
GOAL = """
create table item (id integer primary key, name text not null unique, price integer check (price > 0), seen timestamptz,
    note text);
create table part (id integer primary key, item integer references item, size integer);
create unique index part_size on part (size desc) include (item) where size > 3;
"""


def run(live: Target, *scripts: str) -> None:
    with psycopg.connect(live.conninfo(), autocommit=True) as connection:
        for script in scripts:
            connection.execute(script.encode())


def planned(live: Target, folder: Path, goal: str, online: str = "always", author: str = "dbsync") -> Plan:
    schema = folder / "schema.sql"
    schema.write_text(goal)
    return make_plan(PlanRequest(target=live, schema=schema, online=online, author=author), lambda _: None)


def applied(live: Target, plan: Plan) -> None:
    limits = Limits(build_patience=0.5, attempts=2, first_pause=0.1)
    apply_plan(lambda: connect(live), plan, checks=Checks(fingerprint, remaining), limits=limits)


def blocking(plan: Plan) -> list[str]:
    """The steps that read or rewrite all of a table while nobody may write to it."""
    weak = ("SHARE UPDATE EXCLUSIVE", "ROW SHARE", "ACCESS SHARE", "ROW EXCLUSIVE")
    return [
        one.step.sql
        for one in plan.steps
        if any(one.locks.get(table, "") not in weak for table in (*one.scanned, *one.rewritten))
    ]


@pytest.mark.parametrize("author", ["dbsync", "best", "migra"])
def test_nothing_blocks_for_long(database: Target, tmp_path: Path, author: str) -> None:
    run(database, LIVE)
    assert blocking(planned(database, tmp_path, GOAL, "never", author))
    plan = planned(database, tmp_path, GOAL, "always", author)
    assert blocking(plan) == []
    outside = sorted(batch.steps[0].step.sql for batch in plan.batches if not batch.transactional)
    assert [re.match(r"\w+( UNIQUE)? INDEX CONCURRENTLY", sql) is not None for sql in outside] == [True] * 3
    # All that is quick happens together, and first.
    assert plan.batches[0].transactional
    assert [batch.transactional and len(batch.steps) for batch in plan.batches[1:]].count(1) >= 3
    applied(database, plan)
    assert planned(database, tmp_path, GOAL).empty


def test_primary_key(database: Target, tmp_path: Path) -> None:
    run(database, "create table item (id integer not null); insert into item values (1)")
    plan = planned(database, tmp_path, "create table item (id integer primary key);")
    assert [one.step.sql for one in plan.steps] == [
        "CREATE UNIQUE INDEX CONCURRENTLY item_pkey ON public.item (id)",
        "ALTER TABLE public.item ADD CONSTRAINT item_pkey PRIMARY KEY USING INDEX item_pkey",
    ]
    applied(database, plan)


def test_what_another_step_needs_at_once_is_made_in_its_place(database: Target, tmp_path: Path) -> None:
    """A foreign key needs the unique key that it refers to."""
    run(database, LIVE)
    goal = GOAL.replace("item integer references item", "item integer, label text references item (name)")
    plan = planned(database, tmp_path, goal)
    assert blocking(plan) == []
    applied(database, plan)


@pytest.mark.parametrize("author", ["dbsync", "migra"])
def test_what_postgresql_refuses_goes_the_ordinary_way_alone(database: Target, tmp_path: Path, author: str) -> None:
    """The index of a partitioned table cannot be dropped CONCURRENTLY; all else goes online as before."""
    orders = "create table orders (id integer, day date) partition by range (day);"
    part = "create table orders_now partition of orders for values from ('2025-01-01') to ('2026-01-01');"
    run(database, LIVE, orders, part, "create index orders_id on orders (id)")
    plan = planned(database, tmp_path, GOAL + orders + part, "always", author)
    assert [re.search(r"(?i)drop index.*orders_id", one) is not None for one in blocking(plan)] in ([], [True])
    outside = sorted(batch.steps[0].step.sql for batch in plan.batches if not batch.transactional)
    assert [re.match(r"\w+( UNIQUE)? INDEX CONCURRENTLY", sql) is not None for sql in outside] == [True] * 3
    told = [note for note in plan.notes if "online form" in note]
    assert len(told) == 1
    assert "cannot drop partitioned index" in told[0]
    applied(database, plan)


@pytest.mark.pg(">= 18")
def test_a_name_that_is_too_long_takes_nothing_else_along(database: Target, tmp_path: Path) -> None:
    """migra sets NOT NULL without a name; the one that PostgreSQL would choose is not the one that we would."""
    table, column = "a_table_with_a_name_of_forty_characters_", "a_column_with_a_name_of_forty_characters"
    live = f"create table {table} ({column} integer, other integer);"
    run(database, live)
    goal = live.replace(f"{column} integer", f"{column} integer not null") + f"create index other on {table} (other);"
    plan = planned(database, tmp_path, goal, "always", "migra")
    assert [batch.steps[0].step.sql for batch in plan.batches if not batch.transactional]
    assert len([note for note in plan.notes if "online form" in note]) == 1
    applied(database, plan)


@pytest.mark.parametrize("author", ["dbsync", "migra"])
def test_an_index_that_changes_serves_until_the_new_one_is_there(database: Target, tmp_path: Path, author: str) -> None:
    run(database, LIVE)
    goal = LIVE.split("insert")[0].replace("on item (seen)", "on item (seen desc, id)")
    plan = planned(database, tmp_path, goal, "always", author)
    assert blocking(plan) == []
    renamed, built, dropped = (one.step.sql for one in plan.steps)
    assert renamed == "ALTER INDEX public.item_seen RENAME TO item_seen__before"
    assert built.startswith("CREATE INDEX CONCURRENTLY item_seen ON public.item ")
    assert dropped.replace("IF EXISTS ", "") == "DROP INDEX CONCURRENTLY public.item_seen__before"
    applied(database, plan)
    assert planned(database, tmp_path, goal).empty


def test_an_index_of_a_table_that_is_rewritten_is_not_built_twice(database: Target, tmp_path: Path) -> None:
    run(database, LIVE)
    goal = LIVE.split("insert")[0].replace("on item (seen)", "on item (seen desc, id)")
    plan = planned(database, tmp_path, goal.replace("price integer", "price bigint"), "always")
    assert not [one.step.sql for one in plan.steps if "RENAME" in one.step.sql]
    applied(database, plan)


def test_small_tables_stay_in_one_transaction(database: Target, tmp_path: Path) -> None:
    run(database, LIVE, "analyze")
    assert [batch.transactional for batch in planned(database, tmp_path, GOAL, "auto").batches] == [True]


def test_large_by_statistics(database: Target, tmp_path: Path) -> None:
    run(
        database,
        LIVE,
        "analyze; set allow_system_table_mods = on;update pg_class set reltuples = 100000 where oid = 'item'::regclass",
    )
    plan = planned(database, tmp_path, GOAL, "auto")
    outside = [batch.steps[0].step.sql for batch in plan.batches if not batch.transactional]
    assert [sql for sql in outside if "part" in sql] == []
    assert [sql for sql in outside if "item" in sql]


def test_an_index_that_could_not_be_built_is_repaired(database: Target, tmp_path: Path) -> None:
    """Rows that come after the question make the build fail: the invalid index goes, and the next plan builds it."""
    run(database, LIVE)
    plan = planned(database, tmp_path, GOAL)
    run(database, "insert into part values (501, 1, 500)")
    with pytest.raises(ApplyFailed) as caught:
        applied(database, plan)
    assert "PostgreSQL left index public.part_size behind, which was not valid: it was dropped" in str(caught.value)
    run(database, "delete from part where id = 501")
    again = planned(database, tmp_path, GOAL)
    texts = [one.step.sql for one in again.steps]
    assert any(text.startswith("CREATE UNIQUE INDEX CONCURRENTLY part_size") for text in texts)
    applied(database, again)
    assert planned(database, tmp_path, GOAL).empty


def test_a_lock_in_the_way_of_the_build(database: Target, tmp_path: Path) -> None:
    """The wait for it ends; what is left behind is repaired."""
    run(database, LIVE)
    plan = planned(database, tmp_path, GOAL)
    with psycopg.connect(database.conninfo()) as other:
        other.execute("lock table part in row exclusive mode")
        with pytest.raises(ApplyFailed) as caught:
            applied(database, plan)
    assert "lock timeout" in str(caught.value)
    applied(database, planned(database, tmp_path, GOAL))
    assert planned(database, tmp_path, GOAL).empty


def test_option(
    database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text("create table item (id integer); create index item_id on item (id);")
    run(database, "create table item (id integer)")
    assert cli.main(["plan", "--online", "always"]) == 0
    shown = capsys.readouterr().out
    assert "CREATE INDEX CONCURRENTLY item_id" in shown
    assert "built without blocking writes, since public.item is large" in " ".join(shown.split())
    assert shown.endswith("To apply it: dbsync apply --online always\n")
    assert cli.main(["plan", "--online", "sometimes"]) == 2

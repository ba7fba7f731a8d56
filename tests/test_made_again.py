"""Tables that only a new one can replace: rows go over to it, or are lost by name, and are asked of live before."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dbsync.apply.engine import apply_plan
from dbsync.apply.session import Checks
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.planning import planner
from dbsync.planning.live import fingerprint
from dbsync.planning.request import PlanRequest
from dbsync.planning.verify import remaining

pytestmark = pytest.mark.usefixtures("kept_scratch")

Rows = list[tuple[Any, ...]]

AROUND = """
    create table shops (id integer primary key);
    create function shout() returns trigger language plpgsql as 'begin new.note := ''!''; return new; end';
    {orders}
    create table lines (order_id bigint, at date, foreign key (order_id, at) references orders);
    create view v as select id, note from orders;
    create materialized view totals as select count(*) as orders from v;
    create trigger shout before insert on orders for each row execute function shout();
    create index orders_note on orders (note);
    comment on table orders is 'What was ordered';
    grant select on orders to public;
"""
COLUMNS = "id bigint generated always as identity, at date not null, shop integer references shops, note text"
PLAIN = AROUND.format(orders=f"create table orders ({COLUMNS}, primary key (id, at));")
PARTITIONED = AROUND.format(
    orders=f"""create table orders ({COLUMNS}, primary key (id, at)) partition by range (at);
        create table orders_old partition of orders for values from (minvalue) to ('2025-01-01');
        create table orders_new partition of orders for values from ('2025-01-01') to (maxvalue)
            partition by range (id);
        create table orders_new_all partition of orders_new default;"""
)
ROWS = """
    insert into shops values (1);
    alter table orders disable trigger all;
    insert into orders (at, shop, note) select date '2024-12-31' + n, 1, 'n' || n from generate_series(0, 3) n;
    alter table orders enable trigger all;
    delete from orders where id = 4;
    insert into lines select id, at from orders;
    refresh materialized view totals;
"""
HIDING = "alter table t enable row level security; alter table t force row level security"
ORDERED = "select id, at, shop, note from public.orders order by id"


class Live:
    """A database, and the schema file that is to be applied to it."""

    def __init__(self, target: Target, schema: Path):
        self.target = target
        self.schema = schema

    def run(self, *texts: str) -> None:
        with connect(self.target) as session:
            session.execute("set search_path to public; set client_min_messages = error")
            for text in texts:
                session.execute(text.encode())

    def rows(self, query: str) -> Rows:
        with connect(self.target) as session:
            return session.execute(query.encode()).fetchall()

    def plan(self, schema: str, **more: Any) -> Plan:
        self.schema.write_text(schema)
        request = PlanRequest(target=self.target, schema=self.schema, **more)
        return planner.make_plan(request, lambda _: None)

    def apply(self, plan: Plan) -> None:
        assert in_the_way(plan) == []
        apply_plan(lambda: connect(self.target), plan, checks=Checks(fingerprint, remaining))


@pytest.fixture
def live(database: Target, tmp_path: Path) -> Live:
    return Live(database, tmp_path / "schema.sql")


def in_the_way(plan: Plan) -> list[tuple[str, int | None, Sequence[str]]]:
    return [(one.question.hazard, one.rows, one.examples) for one in plan.hazards if one.blocks]


def test_a_table_becomes_partitioned_and_plain_again(live: Live) -> None:
    live.run(PLAIN, ROWS)
    before = live.rows(ORDERED)
    for schema in (PARTITIONED, PLAIN):
        plan = live.plan(schema)
        assert plan.losses == ()
        (aside,) = [one for one in plan.steps if one.step.sets_aside]
        assert "public.orders" in aside.rewritten
        assert aside.locks["public.orders"] == "ACCESS EXCLUSIVE"
        live.apply(plan)
        assert live.rows(ORDERED) == before
        assert live.rows("select orders from public.totals") == [(3,)]
        assert live.rows("select count(*) from public.lines") == [(3,)]
        assert live.plan(schema).empty
    live.run("insert into orders (at) values ('2025-01-05')")
    # The number of a row that was deleted is not given again.
    assert live.rows("select id, note from public.orders where at = '2025-01-05'") == [(5, "!")]


def test_rows_that_no_partition_takes(live: Live) -> None:
    live.run(PLAIN, ROWS)
    plan = live.plan(PARTITIONED.replace("minvalue", "'2000-01-01'").replace("to ('2025-01-01')", "to ('2000-01-02')"))
    assert in_the_way(plan) == [("partition", 1, ("id 1, at 2024-12-31",))]


def test_what_the_new_table_asks_of_rows_is_asked_of_live(live: Live) -> None:
    live.run(PLAIN, ROWS)
    plan = live.plan(PARTITIONED.replace("note text", "note text check (note <> 'n1'), by text not null"))
    assert in_the_way(plan) == [
        ("check", 1, ("id 2, at 2025-01-01",)),
        ("not-null", 3, ("id 1, at 2024-12-31", "id 2, at 2025-01-01", "id 3, at 2025-01-02")),
    ]


def test_values_without_a_column_are_lost_by_name(live: Live) -> None:
    live.run("create table t (a integer, b text, c text)", "insert into t values (1, 'x', 'y')")
    plan = live.plan(
        "create table t (a integer, c text) partition by hash (a); "
        "create table t_0 partition of t for values with (modulus 1, remainder 0);"
    )
    assert plan.losses == ("column public.t.b and its values",)
    assert [(one.question.loss, one.rows) for one in plan.hazards if one.question.loss] == [(plan.losses[0], 1)]
    live.apply(plan)
    assert live.rows("select * from public.t") == [(1, "y")]


def test_a_table_that_gets_another_name_too(live: Live) -> None:
    live.run('create table old (id integer, "Was" text not null)', "insert into old values (1, 'x')")
    renamed = """-- dbsync: renamed from old
        create table t (
            id integer,
            -- dbsync: renamed from "Was"
            is_ text not null) partition by list (id);
        create table t_all partition of t {};"""
    assert in_the_way(live.plan(renamed.format("for values in (2)"))) == [("partition", 1, ("ctid (0,1)",))]
    plan = live.plan(renamed.format("default"))
    assert plan.losses == ()
    live.apply(plan)
    assert live.rows("select id, is_ from public.t") == [(1, "x")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"b text); {HIDING}; select (1", "b text"),
        ("b public.e", "b public.e"),
    ],
    ids=["rows that policies hide", "a type that goes"],
)
def test_rows_that_cannot_go_over_are_lost_by_name(live: Live, before: str, after: str) -> None:
    kinds = "create type public.e as enum ({});"
    live.run(kinds.format("'x', 'y'"), f"create table t (a integer primary key, {before})")
    live.run(
        "create table u (a integer primary key references t)",
        "insert into t values (1, 'x')",
        "insert into u values (1)",
    )
    plan = live.plan(
        f"""{kinds.format("'x'")} create table t (a integer primary key, {after}) partition by list (a);
            create table t_all partition of t default; create table u (a integer primary key references t);""",
        author="dbsync",
    )
    assert "table public.t and its rows" in plan.losses
    # What referred to them would refer to nothing.
    assert in_the_way(plan) == [("foreign-key", 1, ("a 1",))]


PARTS = "create table t ({}) partition by list (k); create table t_1 partition of t default;"
CHANGED = (
    "k integer, short text, number text, whole numeric, at timestamptz, e text default 'a' check (e <> 'z'), i int[]",
    "k bigint, short varchar(3), number integer, whole integer, at date, e public.e default 'a', i bigint[]",
)


@pytest.mark.parametrize("author", ["best", "dbsync"])
def test_columns_that_get_another_type_on_the_way(live: Live, author: str) -> None:
    before, after = CHANGED
    live.run(f"create table t ({before})", "create view v as select e, short from t", "create index on t (at)")
    live.run("insert into t values (1, 'x', '2', 3.4, '2026-01-02', 'b', array[5])")
    enum = "create type public.e as enum ('a', 'b');"
    plan = live.plan(f"{enum} {PARTS.format(after)} create view v as select e, short from t;", author=author)
    assert plan.losses == (
        "column public.t.whole: what numeric holds and integer does not",
        "column public.t.at: what timestamp with time zone holds and date does not",
    )
    live.apply(plan)
    assert live.rows("select k, short, number, whole, at::text, e::text, i from public.t") == [
        (1, "x", 2, 3, "2026-01-02", "b", [5])
    ]
    live.run(f"update public.t set short = 'y', i = array[{2**40}]")
    back = live.plan(f"{enum} create table t ({before});", author="dbsync")
    assert back.losses == ()
    assert in_the_way(back) == [("column-type", 1, ())]


def test_values_that_the_new_type_does_not_hold(live: Live) -> None:
    live.run("create table t (k integer primary key, a text, b text)")
    live.run("insert into t values (1, 'long', '2'), (2, 'x', 'y'), (3, null, null)")
    plan = live.plan(PARTS.format("k integer primary key, a varchar(3), b integer"), author="dbsync")
    assert plan.losses == ()
    assert in_the_way(plan) == [("column-type", 1, ("k 1",)), ("column-type", 1, ("k 2",))]


def test_a_column_that_is_inherited_and_gets_another_type(live: Live) -> None:
    live.run("create table p (a integer)", "create table c (a integer, b text) inherits (p)")
    live.run("insert into c values (1, '2')")
    plan = live.plan("create table p (a integer); create table c (b integer) inherits (p);", author="dbsync")
    assert plan.losses == ()
    live.apply(plan)
    assert live.rows("select a, b from public.c") == [(1, 2)]


def test_a_table_that_has_the_name_of_the_place_is_nobodys_place(live: Live) -> None:
    live.run("create table t (a integer)", "create table t__before (a integer)", "create table u (a integer)")
    live.run("insert into t values (1)", "insert into t__before values (2)", "insert into u values (3)")
    parted = "create table {0} (a integer) partition by list (a); create table {0}_all partition of {0} default;"
    plan = live.plan(parted.format("t") + parted.format("u") + "create table t__before (a integer);")
    assert plan.losses == ("table public.t and its rows",)
    live.apply(plan)
    assert live.rows("select a from public.t__before union all select a from public.u") == [(2,), (3,)]
    assert live.rows("select a from public.t") == []


def test_two_tables_whose_places_would_have_one_name(live: Live) -> None:
    long = "a" * 55
    live.run(*(f"create table {long}{n} (a integer); insert into {long}{n} values ({n})" for n in (1, 2)))
    parted = "create table {0} (a integer) partition by list (a); create table p{1} partition of {0} default;"
    plan = live.plan("".join(parted.format(f"{long}{n}", n) for n in (1, 2)))
    assert plan.losses == (f"table public.{long}2 and its rows",)
    live.apply(plan)
    assert live.rows(f"select a from public.{long}1") == [(1,)]
    assert live.rows(f"select a from public.{long}2") == []


def test_no_online_form_shows_the_table_without_its_rows(live: Live) -> None:
    live.run(PLAIN, ROWS)
    plan = live.plan(PARTITIONED.replace("(note)", "(note, at)"), online="always")
    assert all(batch.transactional for batch in plan.batches)
    assert "no step has its online form, since public.orders is made again with its rows" in plan.notes


def test_inheritance_children_keep_their_own_rows(live: Live) -> None:
    live.run("create table p (a integer)", "create table c () inherits (p)", "insert into p values (1)")
    live.run("insert into c values (2)")
    plan = live.plan("create table q (a integer); create table p () inherits (q); create table c () inherits (p);")
    assert plan.losses == ()
    live.apply(plan)
    assert live.rows("select a from only public.p union all select a from only public.c") == [(1,), (2,)]

"""What becomes of other rows when declared rows get other keys, and when those that are not declared go: counted, each
row once, and said before it is applied."""

import re

import pytest

from dbsync.errors import NoPlan, SchemaError
from dbsync.model.plan import Plan
from tests.plugins.project import Project

TREE = """
create table a (id int primary key);
create table b (id int primary key, a int references a on delete cascade);
create table c (id int primary key, b int references b on delete cascade, a int references a on delete cascade);
create table d (id int primary key, c int references c on delete set null, d int references d on delete cascade,
    n int default 1 references a on delete set default);
"""
SEEDS = "-- dbsync: exact\ninsert into a values (1);"


def test_through_several_tables(project: Project) -> None:
    project.write(schema=TREE, seeds=SEEDS)
    project.settled()
    project.run(
        "insert into a values (2), (3), (4);"
        "insert into b values (10, 1), (20, 2), (21, 2), (30, 3);"
        # Two of them go on two ways, and one stays.
        "insert into c values (1, 20, 2), (2, 21, 3), (3, 10, 1), (4, 10, 4);"
        "insert into d values (1, 1, null, 1), (2, 3, null, 2), (3, 3, null, 1), (4, 4, 4, 1), (5, null, 4, 3);"
    )
    plan = project.plan()
    assert plan.losses == (
        "3 rows of table public.a",
        "3 rows of table public.b, which go with rows of table public.a",
        "3 rows of table public.c, which go with rows of table public.a",
        "c in 2 rows of table public.d, set to NULL as rows of table public.a go",
        "n in 2 rows of table public.d, set to the default as rows of table public.a go",
    )
    project.settled()
    assert project.rows("select * from d order by 1") == [
        (1, None, None, 1), (2, 3, None, 1), (3, 3, None, 1), (4, None, 4, 1), (5, None, 4, 1),
    ]  # fmt: skip


def test_each_row_once(project: Project) -> None:
    project.write(
        schema="create table a (id int primary key); create table b (id int primary key);"
        "create table c (id int primary key, a int references a on delete cascade,"
        " b int references b on delete cascade, up int references c on delete cascade);",
        seeds="-- dbsync: exact\ninsert into a values (1);\n-- dbsync: exact\ninsert into b values (1);",
    )
    project.settled()
    project.run(
        "insert into a values (2); insert into b values (2), (3);"
        "insert into c values (1, 2, 2, null), (2, 1, 1, 1), (3, 1, 1, 2), (4, 1, 3, null), (5, 1, 1, 3)"
    )
    plan = project.settled()
    assert plan.losses == (
        "2 rows of table public.b",
        "5 rows of table public.c, which go with rows of table public.b",
        "1 row of table public.a",
    )
    assert project.rows("select count(*) from c") == [(0,)]


def test_rows_that_are_declared_to_refer_to_others(project: Project) -> None:
    project.write(
        schema="create table a (id int primary key); create table b (id int primary key, a int references a"
        " on delete cascade, m int references a on delete set null);",
        seeds="-- dbsync: exact\ninsert into a values (1), (2);\ninsert into b values (1, 2, 2), (2, 2, 2);",
    )
    project.settled()
    project.run("insert into b values (3, 2, 2)")
    project.write(seeds="-- dbsync: exact\ninsert into a values (1);\ninsert into b values (1, 1, 1), (2, 1, 1);")
    plan = project.settled()
    assert plan.losses == ("1 row of table public.a", "1 row of table public.b, which goes with rows of table public.a")
    assert project.rows("select * from b order by 1") == [(1, 1, 1), (2, 1, 1)]


def test_what_has_another_name_afterwards(project: Project) -> None:
    project.write(schema=TREE, seeds=SEEDS)
    project.settled()
    project.run("insert into a values (2); insert into b values (1, 2)")
    for name in "ab":
        there, then = f"create table {name} ", f"-- dbsync: renamed from {name}\ncreate table {name * 2} "
        project.write(
            schema=(project.folder / "schema.sql")
            .read_text()
            .replace(there, then)
            .replace(f"references {name} ", f"references {name * 2} ")
        )
    project.write(seeds=SEEDS.replace("into a", "into aa"))
    assert project.settled().losses == (
        "1 row of table public.aa",
        "1 row of table public.bb, which goes with rows of table public.aa",
    )


def test_a_key_that_comes_with_the_plan(project: Project) -> None:
    """What counts are the foreign keys that are there when the rows are deleted."""
    project.write(schema=TREE.replace(" on delete cascade", ""), seeds=SEEDS)
    project.settled()
    project.run("insert into a values (2); insert into b values (1, 2)")
    with pytest.raises(NoPlan, match=r"a row cannot be deleted from public\.a"):
        project.plan()
    project.write(schema=TREE)
    assert project.settled().losses == (
        "1 row of table public.a",
        "1 row of table public.b, which goes with rows of table public.a",
    )


CODES = """
create table plans (id int primary key, code text unique, region text, unique (region, code));
create table keeps (id int primary key, plan text references plans (code) on update cascade);
create table forgets (id int primary key, plan text unique references plans (code) on update set null);
create table falls_back (id int primary key, plan text default 'free' references plans (code) on update set default);
create table pairs (id int primary key, region text, plan text,
    foreign key (region, plan) references plans (region, code) on update cascade);
create table far (id int primary key, plan text references forgets (plan) on update cascade);
create table quiet (id int primary key, plan text references plans (code) on update set null);
"""
PLANS = "insert into plans (id, code, region) values (1, 'free', 'eu'), (2, 'pro', 'eu'), (3, 'max', 'eu');"


def test_keys_that_change(project: Project) -> None:
    project.write(schema=CODES, seeds=PLANS)
    project.settled()
    project.run(
        "insert into keeps values (1, 'pro'), (2, 'pro'), (3, 'free');"
        "insert into forgets values (1, 'pro'), (2, 'max');"
        "insert into falls_back values (1, 'pro'); insert into pairs values (1, 'eu', 'pro'), (2, 'eu', 'max');"
        "insert into far values (1, 'pro'), (2, 'pro'), (3, 'max'); insert into quiet values (1, 'free'), (2, 'max')"
    )
    project.write(seeds=PLANS.replace("pro", "team"))
    plan = project.settled()
    assert plan.losses == (
        "plan in 1 row of table public.falls_back, set to the default as rows of table public.plans change",
        "plan in 2 rows of table public.far, set to NULL as rows of table public.plans change",
        "plan in 1 row of table public.forgets, set to NULL as rows of table public.plans change",
    )
    assert _forgotten(plan) == ["public.plans"]
    assert plan.notes[-3:-1] == (
        "plan in 2 rows of table public.keeps: changed by ON UPDATE CASCADE, along with rows of table public.plans",
        "plan in 1 row of table public.pairs: changed by ON UPDATE CASCADE, along with rows of table public.plans",
    )
    assert project.rows("select id, plan from keeps order by 1") == [(1, "team"), (2, "team"), (3, "free")]
    assert project.rows("select id, plan from far order by 1") == [(1, None), (2, None), (3, "max")]
    assert project.rows("select id, plan from quiet order by 1") == [(1, "free"), (2, "max")]
    project.write(seeds=PLANS.replace("'pro'", "null"))
    plan = project.settled()
    assert plan.losses == (
        "plan in 2 rows of table public.keeps, set to NULL as rows of table public.plans change",
        "plan in 1 row of table public.pairs, set to NULL as rows of table public.plans change",
    )


def test_keys_that_are_not_to_change(project: Project) -> None:
    """By a foreign key that refuses it; and where the file leaves live's keys alone."""
    schema = "create table plans (id int primary key, code text unique);"
    schema += "create table uses (id int primary key, plan text references plans (code));"
    project.write(schema=schema, seeds="insert into plans values (1, 'a'), (2, 'b');")
    project.settled()
    project.run("insert into uses values (1, 'a')")
    project.write(seeds="insert into plans values (1, 'z'), (2, 'b');")
    with pytest.raises(NoPlan, match=r"a row cannot be changed in public\.plans: .*violates foreign key"):
        project.plan()
    project.write(seeds="-- dbsync: insert-only\ninsert into plans values (1, 'z'), (2, 'b');")
    assert project.plan().steps == ()


def test_keys_that_change_where_rows_are_deleted(project: Project) -> None:
    project.write(
        schema="create table a (id int primary key, code text unique);"
        "create table b (id int primary key,"
        " a text unique references a (code) on delete set null on update set null);"
        "create table c (id int primary key, b text references b (a) on update cascade);",
        seeds="-- dbsync: exact\ninsert into a values (1, 'x'), (2, 'y');",
    )
    project.settled()
    project.run(
        "insert into a values (3, 'z'); insert into b values (1, 'x'), (2, 'y'), (3, 'z');"
        "insert into c values (1, 'x'), (2, 'y'), (3, 'z'), (4, 'z')"
    )
    project.write(seeds="-- dbsync: exact\ninsert into a values (1, 'x'), (2, 'w');")
    plan = project.settled()
    assert plan.losses == (
        "a in 1 row of table public.b, set to NULL as rows of table public.a change",
        "b in 1 row of table public.c, set to NULL as rows of table public.a change",
        "1 row of table public.a",
        "a in 1 row of table public.b, set to NULL as rows of table public.a go",
        "b in 2 rows of table public.c, set to NULL as rows of table public.a go",
    )
    assert project.rows("select id, b from c order by 1") == [(1, "x"), (2, None), (3, None), (4, None)]


def test_declared_rows_follow_no_others(project: Project) -> None:
    """What the file says of a value holds, whatever a foreign key makes of it on the way."""
    project.write(
        schema="create extension citext; create table plans (id int primary key, code citext unique);"
        "create table uses (id int primary key, plan citext references plans (code) on update set null,"
        " other citext references plans (code) on update cascade);",
        seeds="insert into plans values (1, 'a'), (2, 'b'); insert into uses values (1, 'a', 'b');",
    )
    project.settled()
    project.run("insert into uses values (2, 'b', 'a')")
    project.write(seeds="insert into plans values (1, 'A'), (2, 'b'); insert into uses values (1, 'A', 'b');")
    plan = project.settled()
    assert plan.losses == ()
    assert _forgotten(plan) == ["public.plans", "public.uses"]
    assert plan.notes[-3:-2] == (
        "other in 1 row of table public.uses: changed by ON UPDATE CASCADE, along with rows of table public.plans",
    )
    assert project.rows("select id, plan::text, other::text from uses order by 1") == [(1, "A", "b"), (2, "b", "A")]


PARTS = """
create table p (id int, region text, name text, primary key (id, region)) partition by list (region);
create table p_a partition of p for values in ('a');
create table p_rest partition of p default partition by list (region);
create table "p B" partition of p_rest for values in ('b');
alter table p_a add unique (id);
create table one (id int primary key, p int references p_a (id) on delete cascade);
create table a (id int primary key);
create table held (id int, a int, b int, primary key (id, a)) partition by list (a);
create table held_1 partition of held for values in (1, 2);
create table held_2 partition of held default partition by list (a);
create table held_3 partition of held_2 default;
alter table held_1 add foreign key (b) references a on delete set null;
alter table held_2 add foreign key (b) references a on delete cascade;
"""


def test_a_foreign_key_to_one_partition(project: Project) -> None:
    project.write(schema=PARTS, seeds="-- dbsync: exact\ninsert into p values (1, 'a');")
    project.settled()
    project.run(
        "insert into p values (2, 'a'), (3, 'a'), (2, 'b'), (5, 'b'); insert into one values (1, 1), (2, 2), (3, 2)"
    )
    assert project.settled().losses == (
        "4 rows of table public.p",
        "2 rows of table public.one, which go with rows of table public.p",
    )
    assert project.rows("select id from one") == [(1,)]


def test_a_foreign_key_of_one_partition(project: Project) -> None:
    project.write(schema=PARTS, seeds="-- dbsync: exact\ninsert into a values (1);")
    project.settled()
    project.run(
        "insert into a values (2), (3); insert into held values (1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 3, 2), (5, 4, 1)"
    )
    assert project.settled().losses == (
        "2 rows of table public.a",
        "1 row of table public.held, which goes with rows of table public.a",
        "b in 2 rows of table public.held, set to NULL as rows of table public.a go",
    )
    assert project.rows("select id, b from held order by 1") == [(1, 1), (2, None), (3, None), (5, 1)]


def test_a_foreign_key_of_one_partition_refuses(project: Project) -> None:
    project.write(schema=PARTS.replace(" on delete cascade", ""), seeds="-- dbsync: exact\ninsert into a values (1);")
    project.settled()
    project.run("insert into a values (2); insert into held values (1, 7, 2)")
    with pytest.raises(NoPlan, match=r"a row cannot be deleted from public\.a: .* on table \"held_2?"):
        project.plan()


def test_many_rows_are_one_loss(project: Project) -> None:
    project.write(schema="create table a (id int primary key)", seeds="-- dbsync: exact\ninsert into a values (0);")
    project.settled()
    project.run("insert into a select generate_series(1, 12000)")
    plan = project.settled()
    assert plan.losses == ("12,000 rows of table public.a",)
    assert [one.step.rows for one in plan.steps] == [10_000, 2_000]


def test_null_in_a_key(project: Project) -> None:
    project.write(
        schema="create table t (name text unique, n int); create table u (a int, b text, v int, unique (a, b));",
        seeds="-- dbsync: exact\ninsert into t values ('a', 1);\n-- dbsync: exact\ninsert into u values (1, 'x', 1);",
    )
    project.settled()
    project.run("insert into t values (null, 2)")
    assert [one.step.sql for one in project.settled().steps] == ["DELETE FROM public.t WHERE name IS NULL"]
    project.run("insert into t values (null, 2), (null, 3), ('b', 2), ('c', 3)")
    project.run("insert into u values (1, null, 1), (null, 'x', 2), (null, null, 3), (null, null, 3), (2, 'y', 1)")
    plan = project.settled()
    assert plan.losses == ("5 rows of table public.u", "4 rows of table public.t")
    assert sum(one.step.rows or 0 for one in plan.steps) == 9
    assert project.rows("select name from t") == [("a",)]
    assert project.rows("select a, b from u") == [(1, "x")]


def test_many_keys_of_two_columns_with_their_own_equality(project: Project) -> None:
    project.write(
        schema="create extension citext; create table t (a citext, b int, primary key (a, b));",
        seeds="-- dbsync: exact\ninsert into t values ('A', 1);",
    )
    project.settled()
    project.run("update t set a = 'a'; insert into t select 'X' || n, n from generate_series(1, 30) n")
    plan = project.settled()
    assert plan.losses == ("30 rows of table public.t",)
    assert project.rows("select a::text, b from t") == [("A", 1)]


def _forgotten(plan: Plan) -> list[str]:
    """The tables whose rows no undo will bring back, since others follow them."""
    text = r"no undo will bring back what rows of (\S+) were: rows of other tables followed their keys .*"
    return [match[1] for note in plan.notes if (match := re.fullmatch(text, note))]


DEFERRED = """
create table limits (most int not null);
create table plans (id int primary key, price int not null);
create function check_plans() returns trigger language plpgsql as $$ begin
    if new.price > coalesce((select min(most) from limits), 10) then raise exception 'too dear: %', new.price; end if;
    return null; end $$;
create constraint trigger checked after insert or update on plans deferrable initially deferred
    for each row execute function check_plans();
"""


def test_a_deferred_trigger_finds_what_it_names(project: Project) -> None:
    """Under the path that the role has in the live database, and not under that of the plan."""
    project.write(schema=DEFERRED)
    project.settled()
    project.run("insert into limits values (10)")
    project.write(schema=DEFERRED, seeds="insert into plans values (1, 5), (2, 10);")
    plan = project.settled()
    assert [one.step.sql for one in plan.steps][1:] == [
        """SELECT pg_catalog.set_config('search_path', '"$user", public', true)""",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "SET LOCAL search_path TO ''",
    ]
    project.run("update plans set price = 1")
    project.settled()
    project.undo()
    assert project.rows("select price from plans order by id") == [(1,), (1,)]
    project.write(seeds="insert into plans values (1, 11);")
    with pytest.raises(SchemaError, match="too dear: 11"):
        project.plan()

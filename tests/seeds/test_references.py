"""Rows that refer to rows: keys that the database chooses, trees, circles, sequences, the order of statements."""

import pytest

from dbsync.errors import NoPlan, SchemaError
from dbsync.model.rows import NewRow
from dbsync.planning.rows import from_rows, rows
from dbsync.render.declared import differences
from dbsync.render.json import rows_of
from dbsync.render.page import Page
from tests.plugins.project import Project

SHOP = """
create table plans (id int generated always as identity primary key, name text not null unique);
create table limits (id serial primary key, plan_id int not null references plans, what text not null, most int,
    unique (plan_id, what));
create table notes (limit_id int primary key references limits, text text not null);
"""
ROWS = """
insert into plans (name) values ('Free'), ('Pro');
insert into limits (plan_id, what, most)
    select id, what, most from plans join (values ('Free', 'jobs', 1), ('Pro', 'jobs', 5)) v (name, what, most)
    using (name);
insert into notes select l.id, 'few' from limits l join plans p on p.id = l.plan_id where p.name = 'Free';
"""
FOUND = """
select p.name, l.what, l.most, n.text from limits l join plans p on p.id = l.plan_id
left join notes n on n.limit_id = l.id order by 1, 2
"""


def statements(project: Project) -> list[str]:
    return [one.step.sql for one in project.plan().steps]


def test_keys_that_the_database_chooses(project: Project) -> None:
    project.write(schema=SHOP, seeds="-- nothing yet")
    project.settled()
    project.run(
        "insert into plans (name) values ('Mine'), ('Pro'); insert into limits (plan_id, what, most)"
        " values (1, 'jobs', 7)"
    )
    project.write(seeds=ROWS)
    plan = project.settled()
    assert [one.key for one in plan.rows] == [("plan_id", "what"), ("limit_id",), ("name",)]
    assert project.rows(FOUND) == [
        ("Free", "jobs", 1, "few"),
        ("Mine", "jobs", 7, None),
        ("Pro", "jobs", 5, None),
    ]
    project.run("update limits set most = 9; update notes set text = 'x'; delete from plans where name = 'none'")
    changed = [one.step.sql for one in project.settled().steps]
    assert len(changed) == 3
    assert all(text.startswith("UPDATE ") for text in changed)
    assert project.rows(FOUND) == [("Free", "jobs", 1, "few"), ("Mine", "jobs", 9, None), ("Pro", "jobs", 5, None)]


def test_a_new_parent_for_a_row_that_is_there(project: Project) -> None:
    schema = SHOP.replace("unique (plan_id, what)", "unique (what)")
    project.write(
        schema=schema,
        seeds="insert into plans (name) values ('Free');"
        "insert into limits (plan_id, what) values ((select id from plans where name = 'Free'), 'jobs');",
    )
    project.settled()
    project.write(
        seeds="insert into plans (name) values ('Free'), ('Pro');"
        "insert into limits (plan_id, what) values ((select id from plans where name = 'Pro'), 'jobs');"
    )
    assert statements(project) == [
        "INSERT INTO public.plans (name) VALUES\n    ('Pro')",
        "UPDATE public.limits SET plan_id = (SELECT id FROM public.plans WHERE name = 'Pro') WHERE what = 'jobs'",
    ]
    project.settled()
    assert project.rows("select name from limits join plans on plans.id = plan_id") == [("Pro",)]


def test_trees(project: Project) -> None:
    project.write(
        schema="create table t (id serial primary key, name text unique not null, parent int references t);"
        "create table u (id int primary key, parent int not null references u);",
        seeds="insert into t (name) values ('root');"
        "insert into t (name, parent) select 'child ' || n, t.id from t, generate_series(1, 3) n;"
        "insert into t (name, parent) select 'leaf', id from t where name = 'child 2';"
        "insert into u values (1, 2), (2, 3), (3, 1), (4, 4);",
    )
    project.run("create table t (id serial primary key, name text unique not null, parent int references t)")
    project.run("insert into t (name) values ('other'), ('child 1')")
    project.settled()
    assert project.rows("select x.name, y.name from t x left join t y on y.id = x.parent order by 1") == [
        ("child 1", "root"),
        ("child 2", "root"),
        ("child 3", "root"),
        ("leaf", "child 2"),
        ("other", None),
        ("root", None),
    ]


@pytest.mark.parametrize("how", ["", " deferrable", " deferrable initially deferred"])
def test_circles(project: Project, how: str) -> None:
    project.write(
        schema="create table a (id int primary key, b int not null); create table b (id int primary key, a int not null"
        f" references a{how}); alter table a add foreign key (b) references b{how};",
        seeds="with x as (insert into a values (1, 1), (2, 2)) insert into b values (1, 1), (2, 2);",
    )
    plan = project.settled()
    assert project.rows("select count(*) from a join b on a.b = b.id and b.a = a.id") == [(2,)]
    assert [one.declared for one in plan.rows] == [2, 2]


CHOSEN = """
create table a (id serial primary key, name text unique, b int);
create table b (id serial primary key, name text unique, a int references a);
alter table a add foreign key (b) references b;
"""


def test_circles_of_keys_that_the_database_chooses(project: Project) -> None:
    project.write(schema=CHOSEN, seeds="insert into a (name) values ('x');")
    project.settled()
    seeds = "insert into a (name) values ('x'), ('z'); insert into b (name, a) select 'y', id from a where name = 'z';"
    project.write(seeds=f"{seeds} update a set b = (select id from b);")
    project.settled()
    assert project.rows("select a.name, b.name from a join b on a.b = b.id order by 1") == [("x", "y"), ("z", "y")]
    assert project.rows("select b.name, a.name from b join a on b.a = a.id") == [("y", "z")]


def test_circles_that_no_order_can_write(project: Project) -> None:
    project.write(
        schema=CHOSEN.replace(" b int)", " b int not null)").replace("references a)", "not null references a)"),
        seeds="with x as (insert into a (name, b) values ('x', 1)) insert into b (name, a) values ('y', 1);",
    )
    with pytest.raises(NoPlan, match="null value in column") as error:
        project.plan()
    assert error.value.hint == (
        "a is set when the rows that it refers to have the numbers that the database chooses: let it be NULL, or give"
        " these numbers in the file"
    )


@pytest.mark.parametrize("mode", ["merge", "exact"])
def test_keys_that_take_over_others(project: Project, mode: str) -> None:
    """By ON UPDATE CASCADE the rows that are there become those that are missing."""
    project.write(
        schema="create table a (id int primary key, code text unique);"
        "create table b (a text references a (code) on update cascade, what text, n int, primary key (a, what));",
        seeds="insert into a values (1, 'x'); insert into b values ('x', 'jobs', 1), ('x', 'runs', 1);",
    )
    project.settled()
    project.write(
        seeds="insert into a values (1, 'y');\n"
        f"-- dbsync: {mode}\ninsert into b values ('y', 'jobs', 1), ('y', 'runs', 2), ('y', 'more', 3);"
    )
    plan = project.settled()
    assert plan.losses == ()
    assert [one.step.sql for one in plan.steps] == [
        "UPDATE public.a SET code = 'y' WHERE id = 1",
        "INSERT INTO public.b (a, what, n) VALUES\n    ('y', 'more', 3)",
        "UPDATE public.b SET n = 2 WHERE a = 'y' AND what = 'runs'",
    ]
    assert project.rows("select * from b order by n") == [("y", "jobs", 1), ("y", "runs", 2), ("y", "more", 3)]


def test_what_a_foreign_key_made_of_declared_rows_is_put_right(project: Project) -> None:
    project.write(
        schema="create table a (id int primary key, code text unique);"
        "create table b (id int primary key, a text references a (code) on update set null);",
        seeds="insert into a values (1, 'x'); insert into b values (1, 'x');",
    )
    project.settled()
    project.write(seeds="insert into a values (1, 'y'), (2, 'x'); insert into b values (1, 'x');")
    assert project.settled().losses == ()
    assert project.rows("select * from b") == [(1, "x")]


def test_sequences_move_past_the_rows(project: Project) -> None:
    schema = (
        "create table a (id int generated by default as identity primary key);"
        "create table b (id int generated always as identity primary key, name text);"
        "create table c (id bigserial primary key, n int);"
    )
    seeds = (
        "insert into a values (1), (7); insert into b (id, name) overriding system value values (5, 'x');"
        "insert into c values (3, 1);"
    )
    project.write(schema=schema, seeds=seeds)
    plan = project.settled()
    assert plan.steps[-1].step.sql == (
        "SELECT pg_catalog.setval('public.c_id_seq', greatest(3, last_value)) FROM public.c_id_seq"
    )
    project.run("insert into a default values; insert into b (name) values ('y'); insert into c (n) values (2)")
    assert project.rows("select max(id) from a union all select max(id) from b union all select max(id) from c") == [
        (8,),
        (6,),
        (4,),
    ]
    # One that is behind is set although the rows are there; one that is beyond stays.
    project.run("select setval('c_id_seq', 1); select setval('a_id_seq', 100)")
    assert [one.step.sql[:45] for one in project.settled().steps] == ["SELECT pg_catalog.setval('public.c_id_seq', g"]
    assert project.rows("select last_value from a_id_seq union all select last_value from c_id_seq") == [(100,), (3,)]


def test_the_clock_and_chance_make_no_difference(project: Project) -> None:
    project.write(
        schema="create table t (id uuid primary key default gen_random_uuid(), name text unique, at timestamptz not"
        " null default now(), day date, code text); create table f (id int primary key, at timestamptz default now());"
        "create function stamp() returns trigger language plpgsql as"
        " $$ begin new.day := clock_timestamp(); new.code := gen_random_uuid(); return new; end $$;"
        "create trigger stamp before insert on t for each row execute function stamp();",
        seeds="insert into t (name, at, code) values ('a', now(), 'x'), ('b', clock_timestamp(), 'y');"
        "do $$ begin insert into f (id) values (1), (2); end $$;",
    )
    project.settled()
    assert project.rows("select count(*) from t where at < now() union all select count(*) from f") == [(2,), (2,)]


def test_unique_values_change_hands(project: Project) -> None:
    project.write(
        schema="create table t (id int primary key, name text not null unique)",
        seeds="-- dbsync: exact\ninsert into t values (1, 'a'), (2, 'b'), (3, 'c');",
    )
    project.settled()
    # A value moves on from row to row, and one comes from a row that goes.
    project.write(seeds="-- dbsync: exact\ninsert into t values (1, 'b'), (2, 'd'), (4, 'c');")
    project.settled()
    assert project.rows("select * from t order by 1") == [(1, "b"), (2, "d"), (4, "c")]


def test_unique_values_that_are_swapped(project: Project) -> None:
    project.write(
        schema="create table t (id int primary key, name text not null unique deferrable)",
        seeds="insert into t values (1, 'a'), (2, 'b');",
    )
    project.settled()
    project.write(seeds="insert into t values (1, 'b'), (2, 'a');")
    project.settled()
    assert project.rows("select * from t order by 1") == [(1, "b"), (2, "a")]
    project.write(schema="create table t (id int primary key, name text not null unique)")
    project.settled()
    project.write(seeds="insert into t values (1, 'a'), (2, 'b');")
    with pytest.raises(NoPlan, match=r"seeds\.sql:1:22: a row cannot be changed in public\.t: duplicate key") as error:
        project.plan()
    assert error.value.hint
    assert "make the constraint DEFERRABLE" in error.value.hint


def test_a_key_through_itself(project: Project) -> None:
    project.write(
        schema="create table t (id serial primary key, parent int references t, name text, unique nulls not distinct"
        " (parent, name))",
        seeds="insert into t (parent, name) values (1, 'a');",
    )
    with pytest.raises(SchemaError, match="refers to rows that have no key without it"):
        project.plan()


def test_keys_that_partitions_alone_refer_to(project: Project) -> None:
    """A number that is no reference in one partition, and one to other tables in two more."""
    project.write(
        schema="create table a (id int generated always as identity primary key, name text unique);"
        "create table b (id int generated always as identity primary key, name text unique);"
        "create table t (k text, n int, primary key (k)) partition by list (k);"
        "create table t_a partition of t for values in ('a'); create table t_b partition of t for values in ('b');"
        "create table t_rest partition of t default;"
        "alter table t_a add foreign key (n) references a; alter table t_b add foreign key (n) references b;",
        seeds="-- nothing yet",
    )
    project.settled()
    # The numbers of these are taken on live.
    project.run("insert into a (name) values ('other'); insert into b (name) values ('other'), ('another')")
    rows = "insert into a (name) values ('x'); insert into b (name) values ('y');"
    rows += "insert into t select 'a', id from a; insert into t select 'b', id from b; insert into t values ('c', 1);"
    project.write(seeds=rows)
    project.settled()
    assert project.rows("select k, n from t order by k") == [("a", 2), ("b", 3), ("c", 1)]
    project.run("update t set n = 1 where k <> 'c'; delete from b where name = 'y'")
    project.settled()
    assert project.rows("select k, n from t order by k") == [("a", 2), ("b", 4), ("c", 1)]


def test_a_trigger_of_one_partition(project: Project) -> None:
    project.write(
        schema="create table t (k text primary key, code text) partition by list (k);"
        "create table t_a partition of t for values in ('a'); create table t_rest partition of t default;"
        "create function chance() returns trigger language plpgsql as"
        " $$ begin new.code := gen_random_uuid(); return new; end $$;"
        "create trigger chance before insert on t_a for each row execute function chance();",
        seeds="insert into t values ('a', 'x'), ('b', 'x');",
    )
    project.settled()
    assert project.rows("select k from t where code = 'x'") == [("b",)]


def test_a_column_with_a_name_of_ours(project: Project) -> None:
    project.write(schema='create table t (id int primary key, "dbsync row" int);', seeds="insert into t values (1, 2);")
    with pytest.raises(SchemaError, match="it has a column 'dbsync row'"):
        project.plan()


def test_a_reference_to_a_new_row_names_it(project: Project) -> None:
    schema = """
        create table groups (id serial primary key, name text not null unique, parent int references groups, n int);
        create table members (group_id int not null references groups, name text, note text,
            primary key (group_id, name));
    """
    project.write(schema=schema, seeds="insert into groups (name, n) values ('Old', 1), ('Own', 2);")
    project.settled()
    project.write(
        schema=schema,
        seeds="""
            insert into groups (name, n) values ('Old', 1), ('Tools, n 5', 5);
            insert into groups (name, parent, n) select 'Own', id, 3 from groups where name like 'Tools%';
            insert into groups (name, parent) select 'Saws', id from groups where name = 'Own';
            insert into members select id, ' x', 'NULL' from groups where name like 'Tools%';
        """,
    )
    plan = project.settled()
    (groups, members) = sorted(plan.rows, key=lambda one: one.table)
    tools = NewRow(groups.table, {"name": "Tools, n 5"})
    assert [(one.key, one.before, one.after, one.refers) for one in groups.changes] == [
        (("Tools, n 5",), None, {"name": "Tools, n 5", "n": "5"}, {}),
        (("Saws",), None, {"name": "Saws", "parent": "2"}, {}),
        (("Own",), {"parent": None, "n": "2"}, {"n": "3"}, {"parent": tools}),
    ]
    assert [(one.key, one.after, one.refers) for one in members.changes] == [
        ((None, " x"), {"name": " x", "note": "NULL"}, {"group_id": tools})
    ]
    assert [line for one in plan.rows for line in differences(one, Page(width=200))] == [
        "    + 'Tools, n 5': n 5",
        "    + Saws: parent 2",
        "    ~ Own: parent NULL → the new row 'Tools, n 5' of public.groups, n 2 → 3",
        "    + the new row 'Tools, n 5' of public.groups, ' x': note 'NULL'",
    ]
    assert rows(from_rows(members)) == members
    shown = rows_of(members)["changes"][0]
    assert (shown["key"], shown["refers"]["group_id"]["key"]) == ([None, " x"], {"name": "Tools, n 5"})


NULLS = """
create table p (id serial primary key, name text unique);
create table g (id serial primary key, parent int references p, name text not null, n int,
    unique nulls not distinct (parent, name));
"""


def test_a_null_may_tell_rows_apart(project: Project) -> None:
    """Where one NULL is like another; that the number of a new row is not known yet is no NULL."""
    parents = "insert into p (name) values ('x');"
    rows = "insert into g (parent, name, n) values (null, 'a', 1), (null, 'b', 2);"
    more = " insert into g (parent, name, n) select id, 'a', 3 from p where name = 'x';"
    found = "select p.name, g.name, g.n from g left join p on p.id = g.parent order by g.n"
    project.write(schema=NULLS, seeds=parents + rows + more)
    project.settled()
    project.run("update g set n = 7 where parent is null; insert into g (name, n) values ('c', 4)")
    project.settled()
    expected = [(None, "a", 1), (None, "b", 2), ("x", "a", 3), (None, "c", 4)]
    assert project.rows(found) == expected
    # A row of the same name whose parent is new is another one.
    new = (
        " insert into p (name) values ('y'); insert into g (parent, name, n) select id, 'c', 5 from p where name = 'y';"
    )
    project.write(seeds=f"{parents}\n-- dbsync: exact\n{rows}{more}{new}")
    project.settled()
    assert project.rows(found) == [*expected[:3], ("y", "c", 5)]
    project.undo()
    assert project.rows(found) == expected


def test_a_key_with_nulls_that_do_not_tell_apart(project: Project) -> None:
    project.write(
        schema="create table t (id serial primary key, a int unique, b int);",
        seeds="insert into t (a, b) values (1, 1), (null, 2);",
    )
    with pytest.raises(SchemaError) as caught:
        project.plan()
    assert "rows have NULL in (a), by which they would be" in caught.value.message
    assert "UNIQUE NULLS NOT DISTINCT (a)" in (caught.value.hint or "")
    assert "key (a)" not in (caught.value.hint or "")
    project.write(schema="create table t (id serial primary key, a int unique nulls not distinct, b int);")
    project.settled()

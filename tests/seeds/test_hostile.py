"""Tables and rows that are made to be difficult."""

from collections.abc import Sequence

import pytest

from dbsync.errors import NoPlan, SchemaError
from tests.plugins.project import Project


def texts(project: Project) -> list[str]:
    return [one.step.sql for one in project.settled().steps]


def test_a_text_that_comes_from_a_sequence(project: Project) -> None:
    project.write(
        schema="create sequence from_ten minvalue 10 start 10;"
        "create table v (id int primary key default nextval('from_ten'));"
        "create sequence s; create table t (id text primary key default nextval('s'), n int);"
        "create sequence q as smallint; create table u (id numeric primary key default nextval('q'));",
        seeds="insert into t values ('one', 1), ('12', 2); insert into u values (7), (70000), ('NaN'), (-5);"
        "insert into v values (1);",
    )
    project.settled()
    assert project.rows("select last_value from s union all select last_value from q") == [(1,), (7,)]
    project.run("update t set n = 5 where id = 'one'; select setval('q', 3)")
    assert texts(project) == [
        "UPDATE public.t SET n = 1 WHERE id = 'one'",
        "SELECT pg_catalog.setval('public.q', greatest(7, last_value)) FROM public.q",
    ]


def test_rows_that_break_what_is_not_valid(project: Project) -> None:
    schema = (
        "create domain short as text; alter domain short add constraint short check (length(value) < 4) not valid;"
        "create table p (id int primary key);"
        "create table t (id int primary key, n int, p int, s short, note text);"
        "alter table t add constraint plus check (n > 0) not valid;"
        "alter table t add constraint there foreign key (p) references p not valid;"
        "comment on constraint plus on t is 'more than nothing';"
    )
    project.write(
        schema="create domain short as text; create table p (id int primary key);"
        "create table t (id int primary key, n int, p int, s short, note text);",
        seeds="insert into t (id, note) values (9, 'x');",
    )
    project.settled()
    project.run("insert into t values (1, -1, 5, 'long enough', null), (2, -1, null, null, 'two')")
    project.write(schema=schema)
    project.settled()
    project.write(seeds="-- dbsync: exact\ninsert into t (id, note) values (9, 'x'), (2, 'two');")
    assert texts(project) == ["DELETE FROM public.t WHERE id = 1"]
    project.write(seeds="insert into t (id, note) values (9, 'x'), (2, 'three');")
    with pytest.raises(
        NoPlan, match=r'seeds.sql:1:43: a row cannot be changed in public.t: .* check constraint "plus"'
    ):
        project.plan()


def test_a_check_that_looks_into_another_table(project: Project) -> None:
    schema = "create table t (id int primary key); create function has(n int) returns bool language sql as"
    schema += (
        " 'select exists (select from t where id = n)'; create table u (id int primary key check (has(id)), n int);"
    )
    project.write(schema=schema, seeds="insert into t values (1); insert into u values (1);")
    project.settled()
    project.run("update u set n = 5; insert into t values (2); insert into u values (2)")
    project.write(seeds="insert into t values (1); insert into u values (1, 3);")
    project.settled()
    # Here the copy does not hold the row that the check looks for.
    project.write(seeds="insert into t values (1);\n-- dbsync: exact\ninsert into u values (1, 3);")
    with pytest.raises(NoPlan, match=r"Rows of public\.u on live break a rule that the table has for them"):
        project.plan()


def test_rows_that_break_what_is_valid(project: Project) -> None:
    schema = (
        "create function fits(n int) returns bool immutable language sql as 'select n > 0';"
        "create table t (id int primary key, n int check (fits(n)));"
    )
    project.write(schema=schema, seeds="insert into t (id) values (1);")
    project.settled()
    project.run("update t set n = 5")
    project.run("create or replace function fits(n int) returns bool immutable language sql as 'select n > 9'")
    project.write(schema=schema.replace("n > 0", "n > 9"), seeds="insert into t (id) values (1), (2);")
    with pytest.raises(NoPlan, match=r"Rows of public\.t on live break a rule that the table has for them"):
        project.plan()


@pytest.mark.parametrize("kind", ["json", "point", "xml[]", "json[]", "box"])
def test_a_key_whose_values_cannot_be_compared(project: Project, kind: str) -> None:
    project.write(
        schema=f"create table t (a int, b {kind});", seeds="-- dbsync: key (a, b)\ninsert into t values (1, null);"
    )
    with pytest.raises(
        SchemaError, match=r"seeds\.sql:1:12: the key's column 'b' is of type .*, which PostgreSQL does"
    ):
        project.plan()


def test_keys_with_an_equality_of_their_own(project: Project) -> None:
    project.write(
        schema="create extension citext; create extension ltree; create table t (id int generated always as identity"
        " primary key, name citext not null unique); create table f (n int primary key, t int references t);"
        "create table l (p ltree primary key, n int);",
        seeds="insert into t (name) values ('Pro'), ('Free'); insert into f select 1, id from t where name = 'pro';"
        "\n-- dbsync: exact\ninsert into l values ('a.b', 1);",
    )
    project.settled()
    project.run("delete from f; delete from t; insert into l values ('x', 1), ('x.y', 2)")
    assert len(texts(project)) == 3
    project.run("update t set name = 'PRO' where name = 'pro'; update l set n = 2")
    assert texts(project) == [
        "UPDATE public.t SET name = 'Pro' WHERE name OPERATOR(public.=) 'PRO'",
        "UPDATE public.l SET n = 1 WHERE p OPERATOR(public.=) 'a.b'",
    ]
    project.write(seeds="-- dbsync: key (name)\ninsert into t (name) values ('a'), ('A');")
    with pytest.raises(SchemaError, match=r"duplicate key|the same key"):
        project.plan()


def test_keys_that_are_rows(project: Project) -> None:
    project.write(
        schema="create type pair as (a int, b text); create domain twin as pair; create table t (k pair primary key,"
        " n int); create table u (k twin, m int, n int, primary key (k, m)); create table v (id int primary key,"
        " k pair references t);",
        seeds="-- dbsync: exact\ninsert into t values ((1, 'a,b'), 1), ((2, null), 2);\n"
        "-- dbsync: exact\ninsert into u values ((1, 'x'), 1, 1); insert into v values (1, (2, null));",
    )
    project.settled()
    project.run(
        "update t set n = 5; update u set n = 5; insert into u values ((1, 'x'), 2, 1), ((1, 'y'), 1, 1);"
        "insert into t select (n, 'more')::pair from generate_series(1, 30) n; insert into t values ((2, 'x'))"
    )
    changed = texts(project)
    assert changed[0] == "UPDATE public.t SET n = 1 WHERE k = '(1,\"a,b\")'::public.pair"
    assert "UPDATE public.u SET n = 1 WHERE k = '(1,x)'::public.twin AND m = 1" in changed
    assert project.rows("select count(*), sum(n) from t union all select count(*), sum(n) from u order by 1") == [
        (1, 1),
        (2, 3),
    ]


def test_a_key_of_which_a_part_is_null(project: Project) -> None:
    project.write(
        schema="create type pair as (a int, b text); create table t (k pair primary key, n int);",
        seeds="insert into t values ((2, null), 2);",
    )
    project.settled()
    project.run("update t set n = 5")
    assert texts(project) == ["UPDATE public.t SET n = 2 WHERE k = '(2,)'::public.pair"]


KEYS = (
    ("numeric(6,2)", "numeric(8,4)", "1.5", "1.5"),
    ("varchar(5)", "varchar(9)", "'ab'", "'ab'"),
    ("char(3)", "char(6)", "'ab'", "'ab'"),
    ("timestamp(0)", "timestamp(3)", "'2024-01-01 10:00'", "'2024-01-01 10:00'"),
    ("date", "timestamp", "'2024-01-01'", "'2024-01-01'"),
    ("int", "numeric(6,2)", "7", "7"),
    ("text", "citext", "'PRO'", "'Pro'"),
    ("text", "uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"),
    ("bit(3)", "bit varying(9)", "B'101'", "B'101'"),
)
"""What a key is and becomes, and its value in the file then and now."""


def test_keys_that_get_another_type(project: Project) -> None:
    def written(types: Sequence[str], values: Sequence[str], n: int) -> None:
        tables = (f"create table t{i} (k {kind} primary key, n int);" for i, kind in enumerate(types))
        rows = (f"insert into t{i} values ({value}, {n});" for i, value in enumerate(values))
        project.write(schema="create extension citext;" + "".join(tables), seeds="".join(rows))

    before, then, first, second = zip(*KEYS, strict=True)
    written(before, first, 1)
    project.settled()
    written(then, second, 2)
    plan = project.settled()
    assert [(one.added, one.changed) for one in plan.rows] == [(0, 1)] * len(KEYS)
    assert [project.rows(f"select n from t{i}") for i in range(len(KEYS))] == [[(2,)]] * len(KEYS)


def test_names_with_everything(project: Project) -> None:
    table, key = '"S %s"."t %s ""x"', '"k\'%%s"'
    project.write(
        schema=f'create schema "S %s"; create table {table} ("id %s" int generated always as identity primary key,'
        f' {key} text unique, "100%" int); create table u ("%s" int references {table}, b int primary key);'
        "create table m (t int primary key, o int, k int, n int, c0 int, w int, v int);",
        seeds=f"-- dbsync: key ({key})\ninsert into {table} ({key}, \"100%\") values ('%s', 1), ('b', 2);"
        f'insert into u select "id %s", "100%" from {table}; insert into m values (1, 2, 3, 4, 5, 6, 7);',
    )
    project.settled()
    project.run(f"delete from u; delete from {table}; delete from m")
    assert len(texts(project)) == 3


SCHEMA = r"""
create extension citext;
create domain tags as text[] check (cardinality(value) < 5);
create domain code as citext not null;
create type weekday as enum ('mon', 'tue');
create table numbers (k double precision primary key, n numeric, scaled numeric(8, 2), huge numeric, small real);
create table moments (k timestamptz primary key, t timestamp, d date, z timetz, span interval);
create table words (k text primary key, v text);
create table codes (k code primary key, v tags, w weekday[] default '{mon}', j jsonb);
create table blobs (k bytea primary key, v bytea, t text);
create table made (k int primary key, n int, twice int generated always as (n * 2) stored, unique (twice));
create table always (k int generated always as identity primary key, name text);
create table tree (k int primary key, up int not null references tree deferrable initially deferred);
create table chosen (id int generated always as identity primary key, name text unique, up int references chosen);
create table part (k int, region text, v int, primary key (k, region)) partition by list (region);
create table part_a partition of part for values in ('a');
create table part_rest partition of part default;
create table parent (k int primary key, v int);
create table child (extra text, primary key (k)) inherits (parent);
create table booked (k int primary key, during int4range, exclude using gist (during with &&));
create table folded (k int primary key, name text);
create unique index on folded (lower(name));
create unique index on folded (name) where name like 'x%';
create table audit (k int, at timestamptz default now());
create table watched (k int primary key, name text);
create function note() returns trigger language plpgsql as
    $$ begin new.name := upper(new.name); insert into audit (k) values (new.k); return new; end $$;
create trigger note before insert or update on watched for each row execute function note();
alter table watched enable row level security;
alter table watched force row level security;
create policy all_of_them on watched using (true);
create function never() returns trigger language plpgsql as
    $$ begin if new.n < 0 then raise exception 'no'; end if; return new; end $$;
create constraint trigger never after insert or update on made deferrable initially deferred
    for each row execute function never();
create table refers (k int primary key, part_k int, part_region text,
    foreign key (part_k, part_region) references part match full on delete cascade);
create table listed (k int primary key, at timestamptz, n int default 5);
create view shown as select k, v from parent;
"""
ROWS = r"""
insert into numbers values ('NaN', 'NaN', 1.005, 1e60, 0.1), ('-Infinity', 'Infinity', -0.004, -1e-20, 1e-30),
    (0.1, 0, 0, 0.10, 'NaN'), (1e300, 1.50, null, null, null);
set timezone = 'Asia/Kathmandu';
insert into moments values ('infinity', '-infinity', 'infinity', '10:00+05:45', '1 mon -1 day'),
    ('2024-06-01 10:00', '2024-06-01 10:00', '0044-03-15 BC', '23:59:59.999999-12', '-1 year 2 mons 3.5 secs');
reset timezone;
insert into words values ('Straße', 'A'), ('b', E'tab\tnew\nline\\ %s ''quoted'' "x" $$ '), ('🐘', '');
insert into codes values ('Pro', '{}', '{}', '{"a": [1, 2.50], "b": null}'),
    ('Free', '{NULL,"NULL","a,b",""}', '{tue,mon}', '[]');
insert into blobs select decode(repeat(n::text, 2), 'hex'), decode(repeat('00ff5c27', 300000), 'hex'),
    repeat('ü\', 200000)
    from generate_series(1, 3) n;
insert into made (k, n) values (1, 1), (2, 2);
insert into always overriding system value values (7, 'seven');
insert into always (k, name) overriding system value values (9, 'nine');
insert into tree values (1, 2), (2, 1), (3, 3);
insert into chosen (name) values ('root');
insert into chosen (name, up) select 'leaf', id from chosen where name = 'root';
insert into part values (1, 'a', 1), (1, 'b', 2), (2, 'c', 3);
insert into part_a values (5, 'a', 9);
insert into parent values (1, 1), (2, 2);
insert into child (k, v, extra) values (1, 1, 'child''s own');
insert into booked values (1, '[1,5)'), (2, '[5,9)'), (3, 'empty');
insert into folded values (1, 'Abc'), (2, 'xyz');
insert into watched values (1, 'one'), (2, 'two');
insert into refers values (1, 1, 'a'), (2, null, null);
copy listed from stdin (format csv, header, default '\D');
k,at,n
1,now,\D
2,2024-01-01,"7"
\.
"""
DAMAGE = r"""
update numbers set n = 1, scaled = 2, huge = 3, small = 4; update moments set t = null, d = 'today',
    z = '00:00+00', span = '1 day';
update words set v = lower(v) || 'x', k = k || '!'; update codes set v = '{x}', w = null, j = '1',
    k = upper(k);
update blobs set v = '', t = null; update made set n = n + 10; update always set name = 'x';
set constraints all deferred; update tree set up = k; update chosen set up = null;
update part set v = 0; delete from part where k = 2; update parent set v = 0; update only child set extra = '';
update booked set during = '[100,101)' where k = 1; update booked set during = '[1,2)' where k = 3;
update folded set name = 'Q' || k; update watched set name = 'x'; delete from refers; delete from listed where k = 2;
"""


@pytest.mark.pg(">= 16")
def test_everything_at_once(project: Project) -> None:
    project.write(schema=SCHEMA, seeds=ROWS)
    plan = project.settled()
    assert {one.table.path[-1] for one in plan.rows if one.added} >= {"numbers", "moments", "words", "codes", "blobs"}
    assert project.rows("select k::text, v from words order by k = 'b', k = '🐘', k") == [
        ("Straße", "A"),
        ("🐘", ""),
        ("b", "tab\tnew\nline\\ %s 'quoted' \"x\" $$ "),
    ]
    tables = ("numbers", "moments", "codes")
    before = {name: project.rows(f"select {name}::text from {name} order by 1") for name in tables}
    project.run(DAMAGE)
    plan = project.settled()
    assert plan.losses == ()
    for name, rows in before.items():
        assert project.rows(f"select {name}::text from {name} order by 1") == rows
    assert project.rows("select k, v, octet_length(v), length(t) from blobs limit 1")[0][2:] == (1200000, 400000)
    assert project.rows("select k, twice from made order by 1") == [(1, 2), (2, 4)]
    assert project.rows("select extra from child") == [("child's own",)]
    assert project.rows("select n from listed order by k") == [(5,), (7,)]


@pytest.mark.pg(">= 16")
def test_all_is_exact(project: Project) -> None:
    exact = "\n".join(
        f"-- dbsync: exact\n{line}" if line.startswith(("insert into", "copy")) else line for line in ROWS.split("\n")
    )
    project.write(schema=SCHEMA, seeds=exact)
    project.settled()
    project.run(
        "insert into numbers values (5); insert into moments values ('-infinity'); insert into words values ('zz');"
        "insert into codes values ('zz'); insert into blobs values ('x'); insert into made values (77, 77);"
        "insert into always (name) values ('more'); insert into tree values (9, 8), (8, 9);"
        "insert into chosen (name, up) values ('other', 1); insert into part values (9, 'zz', 1);"
        "insert into parent values (9); insert into child values (9, 9, ''); insert into booked values (9, '[50,60)');"
        "insert into folded values (9, 'nine'); insert into watched values (9, 'nine');"
        "insert into refers values (9, 9, 'zz'), (10, 1, 'a'); insert into listed values (9)"
    )
    plan = project.settled()
    assert sum(one.removed for one in plan.rows) == 19
    assert project.rows("select count(*) from audit") != [(0,)]

"""Tables, columns, constraints, indexes, partitions and sequences: made, altered in place both ways, dropped."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from dbsync.authors.draft import _is_free
from dbsync.authors.order import write
from dbsync.compare import compare
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id
from dbsync.snapshot import snapshot
from tests.plugins.database import MakeDatabase

Connection = psycopg.Connection[Any]
Make = Callable[[str], Connection]

ROUNDS = 3


@pytest.fixture
def make(make_database: MakeDatabase) -> Iterator[Make]:
    """Makes databases from scripts."""
    with contextlib.ExitStack() as stack:

        def database(script: str) -> Connection:
            connection = stack.enter_context(psycopg.connect(make_database().conninfo(), autocommit=True))
            connection.execute("set client_min_messages = error")
            connection.execute(script.encode())
            connection.execute("set search_path = ''")
            connection.execute("set check_function_bodies = off")
            return connection

        yield database


def run(connection: Connection, desired: Catalog) -> tuple[list[str], list[str]]:
    """One round of the steps that make a database `desired`: the statements that ran, and those refused."""
    done, refused = [], []
    for step in write(snapshot(connection), desired):
        for text in (step.sql, *step.otherwise):
            with contextlib.suppress(psycopg.Error):
                connection.execute(text.encode())
                done.append(text)
                break
        else:
            refused.append(step.sql)
    return done, refused


def bring(connection: Connection, desired: Catalog, *, rounds: int = ROUNDS) -> list[str]:
    """Make a database `desired` in so many rounds; what ran."""
    done = []
    for _ in range(rounds):
        if compare(snapshot(connection), desired):
            done += run(connection, desired)[0]
    assert compare(snapshot(connection), desired) == ()
    return done


TREE = """
    create table p (id int not null, k int not null, t text{body}) partition by range ({key});
    create table p1 partition of p for values from (1) to (10);
    create table p2 partition of p for values from (10) to (20);
"""
PLAIN_TREE = TREE.format(body="", key="k")
KEYED_TREE = TREE.format(body=", primary key (id, k)", key="k")
SERVER = """
    create foreign data wrapper w;
    create server s foreign data wrapper w;
    create server s2 foreign data wrapper w;
"""

EVERYTHING = f"""
    create schema "Odd schema";
    create type pair as (x int, y text);
    create sequence q as integer start 7 increment 5 minvalue 2 maxvalue 100 cache 3 cycle;
    create unlogged sequence uq;
    create table t (
        id bigint generated always as identity (start 10 increment 2 sequence name weird) primary key,
        s serial, a int not null default 5 check (a > 0), b text collate "C" default 'x', c numeric(10,2)[],
        g int generated always as (a * 2) stored, d varchar(20) not null, unique (d) with (fillfactor = 70),
        exclude using btree (a with =) where (a > 4), "Quoted ""name" timestamptz default now(),
        constraint u2 unique nulls not distinct (b, d) include (a) deferrable initially deferred
    ) with (fillfactor = 50, autovacuum_enabled = false, toast.autovacuum_enabled = false);
    alter table t alter b set storage external, alter b set statistics 50, alter b set compression pglz,
        alter a set (n_distinct = 5);
    alter table t enable row level security, force row level security;
    create table f (rid bigint references t, d varchar(20) references t (d) on delete cascade deferrable,
        self int unique references f (self));
    alter table f add constraint nv check (rid > 3) not valid;
    alter table f replica identity full;
    create table x (id int primary key, y int);
    create table y (id int primary key, x int references x);
    alter table x add foreign key (y) references y;
    create unlogged table ul (id serial);
    create table "Odd schema"."of Type" of pair (x with options not null default 4, primary key (x));
    create table e ();
    create table ip (a int not null default 5 check (a > 0), z text);
    create table ic (b int) inherits (ip);
    alter table ic alter a set default 9;
    create index ix on t (a, (b || 'x') desc) include (d) with (fillfactor = 60, deduplicate_items = off)
        where a > 3 and b <> 'x''y';
    alter index ix alter column 2 set statistics 100;
    create unique index uix on t (lower(d));
    create index hx on t using hash (b);
    create index br on t using brin (a) with (pages_per_range = 4);
    create index cl on t (a);
    alter table t cluster on cl;
    {KEYED_TREE}
    create table p3 partition of p for values from (20) to (30) partition by list (id);
    create table p3a partition of p3 for values in (1, 2);
    create table pd partition of p default;
    alter table p1 alter t set default 'own';
    create index own on p1 (t);
    create index pt on p (t);
    create index first_index on p (k, id desc);
    create index another_index on p (k desc, id);
    alter table p add foreign key (id) references y;
    create table rp (id int, k int, foreign key (id, k) references p);
    {SERVER}
    create foreign table ft (a int options (x 'y') not null default 4 check (a > 0), "B b" text)
        server s options (k 'v', "K 2" 'x''y');
    create materialized view m as select a from t;
    create index mi on m (a);
    alter materialized view m cluster on mi;
    create table ri (a int not null);
    create unique index rii on ri (a);
    alter table ri replica identity using index rii;
"""

EVERYTHING_18 = """
    create table nn (a int constraint mm not null, b int not null no inherit, v int generated always as (a + 1), w int);
    alter table nn add constraint later not null w not valid;
    create table ne (r bigint, k int check (k > 1) not enforced);
    create table child (c int, constraint own not null a) inherits (nn);
"""


def test_everything_is_made_as_it_was_and_dropped(make: Make) -> None:
    script = EVERYTHING
    desired = make(script)
    if desired.info.server_version >= 180000:
        desired.execute("set search_path = public")
        desired.execute(EVERYTHING_18)
        desired.execute("set search_path = ''")
    catalog = snapshot(desired)
    empty = make("")
    before = snapshot(empty)
    assert run(empty, catalog)[1] == []
    bring(empty, catalog)
    bring(empty, before)


def test_a_new_table_is_one_statement(make: Make) -> None:
    desired = snapshot(make("create table t (id bigint generated always as identity primary key, n text default 'x')"))
    done = bring(make(""), desired, rounds=1)
    table = """CREATE TABLE public.t (
    id bigint GENERATED ALWAYS AS IDENTITY,
    n text DEFAULT 'x'::text,
    CONSTRAINT t_pkey PRIMARY KEY (id)
)"""
    assert done == [table]


PAIRS: dict[str, tuple[str, ...]] = {
    "types, with views, defaults and an index": (
        """create table t (a int default 1, b text default '{}', c varchar(20), d int, e text, f int default 3);
        create index i on t (a); create view v as select a, c from t; create view v2 as select * from v""",
        """create table t (a bigint default 1, b jsonb default '{}', c varchar(50), d text, e text collate "C",
        f numeric(10, 2) default 3);
        create index i on t (a); create view v as select a, c from t; create view v2 as select * from v""",
    ),
    "types of both ends of a foreign key": (
        """create table r (id int primary key); create table s (r int references r);
        create table k (id int primary key); create table l (k int references k, check (k > 2))""",
        """create table r (id text primary key); create table s (r text references r);
        create table k (id bigint primary key); create table l (k bigint references k, check (k > 2))""",
    ),
    "generated columns": (
        """create table t (a int, b int generated always as (a * 2) stored, c int generated always as (a + 1) stored,
        d int)""",
        """create table t (a bigint, b int generated always as (a * 3) stored, c int,
        d int generated always as (a + 4) stored)""",
    ),
    "identity": (
        """create table t (a int not null, b int generated always as identity, c int generated always as identity);
        create table u (id serial primary key)""",
        """create table t (a int generated by default as identity (start 5),
        b bigint generated by default as identity (increment 5 cycle cache 3),
        c int generated always as identity (sequence name z maxvalue 10000));
        create table u (id int generated always as identity primary key)""",
    ),
    "storage of a table and its columns": (
        "create table t (a int, b text) with (fillfactor = 50)",
        """create unlogged table t (a int, b text) with (autovacuum_enabled = off, toast.autovacuum_enabled = off);
        alter table t alter b set storage external, alter b set statistics 3, alter b set compression pglz,
        alter a set (n_distinct = 4), enable row level security""",
    ),
    "serial, and a sequence that outlives its column": (
        "create table t (a serial, b int); create table u (a int)",
        """create table t (b int); create sequence t_a_seq as int cycle owned by t.b;
        create table u (a serial); create sequence z start 5 owned by u.a""",
    ),
    "sequences": (
        "create sequence s; create sequence r as int start 5 minvalue 3 maxvalue 10 cycle cache 4 increment 2",
        "create unlogged sequence s as smallint increment -1; create sequence r",
    ),
    "constraints": (
        """create table r (id int primary key);
        create table t (a int, b int, constraint p primary key (a), constraint u unique (b), constraint c check (b > 0),
        constraint f foreign key (b) references r, constraint k check (a > 1));
        alter table t add constraint nv check (a > 7) not valid; create unique index ui on t (a, b)""",
        """create table r (id int primary key);
        create table t (a int, b int, constraint p primary key (a) with (fillfactor = 50),
        constraint u unique (b) deferrable, constraint c check (b > 1),
        constraint f foreign key (b) references r deferrable initially deferred, constraint nv check (a > 7),
        constraint ui unique (a, b)); alter table t add constraint k check (a > 1) not valid""",
    ),
    "a key that others refer to": (
        "create table r (a int, b int, constraint p primary key (a)); create table t (a int references r (a))",
        "create table r (a int unique, b int, constraint p primary key (b)); create table t (a int references r (a))",
    ),
    "indexes": (
        """create table t (a int, b text); create index i on t (a); create index j on t (b) with (fillfactor = 70);
        create index k on t ((a + 1)); alter index k alter column 1 set statistics 5; alter table t cluster on i""",
        """create table t (a int, b text); create index i on t (b); create index j on t (b);
        create index k on t ((a + 1)) with (fillfactor = 60); alter table t cluster on j, replica identity full""",
    ),
    "an index of a materialized view that is made again": (
        """create table t (a int); create materialized view m as select a from t; create index i on m (a);
        alter materialized view m cluster on i""",
        """create table t (a bigint); create materialized view m as select a from t; create index i on m (a);
        alter materialized view m cluster on i""",
    ),
    "a partitioned table's keys, checks and indexes": (
        PLAIN_TREE,
        TREE.format(body=", primary key (id, k), check (id > 0)", key="k")
        + "create index pt on p (t); create unique index pu on p (k, t)",
    ),
    "another index of a partitioned table by the same name": (
        KEYED_TREE + "create index pt on p (t)",
        KEYED_TREE + "create index pt on p (t, k)",
    ),
    "a partitioned table's columns, and a bound": (
        PLAIN_TREE,
        """create table p (id bigint not null default 5, k int not null, n text not null default 'x', t varchar(10))
        partition by range (k); create table p1 partition of p for values from (1) to (10);
        create table p2 partition of p for values from (10) to (30); alter table p2 alter n set default 'y'""",
    ),
    "partitions": (
        KEYED_TREE,
        KEYED_TREE
        + "create table p3 partition of p for values from (30) to (40); create table d partition of p default",
    ),
    "foreign keys from and to a partitioned table": (
        KEYED_TREE,
        KEYED_TREE
        + """create table r (id int primary key); alter table p add foreign key (id) references r;
        create table r2 (id int, k int, foreign key (id, k) references p)""",
    ),
    "a partition that becomes a table": (
        TREE.format(body=", primary key (id, k), check (id > 4)", key="k") + "create index pt on p (t)",
        """create table p (id int not null, k int not null, t text, primary key (id, k), check (id > 4))
        partition by range (k); create index pt on p (t); create table p1 (id int not null, k int not null, t text);
        create table p2 partition of p for values from (10) to (20)""",
    ),
    "inheritance, and a default of the child's own": (
        "create table p (a int); create table c (b int) inherits (p)",
        """create table p (a bigint not null default 4 check (a > 0), z text default 'q');
        create table c (b int) inherits (p); alter table c alter a set default 7""",
    ),
    "an heir of two": (
        "create table p (a int)",
        "create table p (a int); create table q (z int not null); create table c (b int) inherits (p, q)",
    ),
    "an heir with a column of its own": (
        "create table p (a int); create table c (a int, b int)",
        "create table p (a int); create table c (a int, b int) inherits (p)",
    ),
    "foreign tables": (
        SERVER
        + """create foreign table f (a int options (x 'y', z 'k') not null, b text default 'x', check (a > 0))
        server s options (k 'v', l 'm'); create foreign table g (a int) server s""",
        SERVER
        + """create foreign table f (a bigint options (x 'z', q 'r'), b text default 'y', c int, check (a > 1))
        server s options (k 'w', n 'm'); create foreign table g (a int) server s2""",
    ),
    "a foreign table as a partition": (
        SERVER + PLAIN_TREE,
        SERVER + PLAIN_TREE + "create foreign table f partition of p for values from (100) to (200) server s",
    ),
    "a typed table": (
        "create type pair as (a int, b text); create table t (a int, b text)",
        "create type pair as (a int, b text); create table t of pair",
    ),
    "a type that columns go over to": (
        """create type e as enum ('a', 'b', 'c'); create table t (x e default 'a', y e[] default '{a}');
        create index i on t (x); create view v as select x from t""",
        """create type e as enum ('b', 'a'); create table t (x e default 'a', y e[] default '{a}');
        create index i on t (x); create view v as select x from t""",
    ),
    "what stands in the way of a type": (
        *(
            f"""create table t (a {kind}, b int);
            create function tf() returns trigger language plpgsql as 'begin return new; end';
            create trigger g before update of a on t for each row when (new.a > 1) execute function tf();
            create policy p on t using (a > 1);
            create function ff() returns bigint begin atomic select max(a) from t; end;
            create rule r as on insert to t where new.a > 5 do instead nothing;
            create statistics st on a, b from t; create publication pb for table t where (a > 3)"""
            for kind in ("int", "bigint")
        ),
    ),
}

PAIRS_18: dict[str, tuple[str, ...]] = {
    "not null by name": (
        "create table t (a int, b int not null, c int constraint x not null, d int not null)",
        "create table t (a int constraint n not null, b int, c int constraint y not null, d int not null no inherit)",
    ),
    "not null, not valid": (
        "create table t (a int); alter table t add constraint z not null a not valid",
        "create table t (a int constraint z not null)",
    ),
    "virtual columns": (
        "create table t (a int, b int generated always as (a * 2) check (b > 1), c int generated always as (a), d int)",
        """create table t (a int, b int generated always as (a * 3) check (b > 1), c int,
        d int generated always as (a) stored)""",
    ),
    "constraints that are not enforced": (
        "create table r (id int primary key); create table t (a int references r, check (a > 2))",
        """create table r (id int primary key);
        create table t (a int references r not enforced, check (a > 2) not enforced)""",
    ),
    "identity of a partitioned table": (
        PLAIN_TREE,
        PLAIN_TREE.replace("id int not null", "id int generated always as identity"),
    ),
    "a partition key": (PLAIN_TREE, TREE.format(body="", key="id")),
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_ways(name: str, make: Make) -> None:
    _both_ways(make, *PAIRS[name])


@pytest.mark.pg(">= 18")
@pytest.mark.parametrize("name", PAIRS_18)
def test_both_ways_from_18_on(name: str, make: Make) -> None:
    _both_ways(make, *PAIRS_18[name])


def _both_ways(make: Make, one: str, other: str) -> None:
    first, second = make(one), make(other)
    before, after = snapshot(first), snapshot(second)
    tables = kept(first) & kept(second)
    numbers = {table: oid for table, oid in oids(first).items() if table in tables}
    bring(first, after)
    assert {table: oid for table, oid in oids(first).items() if table in tables} == numbers
    bring(second, before)


def kept(connection: Connection) -> set[str]:
    """Tables that hold rows themselves, which must never be made again."""
    rows = connection.execute("select relname from pg_class where relkind = 'r' and relnamespace = 2200")
    return {name for (name,) in rows.fetchall()}


def oids(connection: Connection) -> dict[str, int]:
    """The tables of the schema public, by name."""
    rows = connection.execute("select relname, oid::bigint from pg_class where relkind = 'r' and relnamespace = 2200")
    return dict(rows.fetchall())


def test_a_new_partitioned_index_is_built_part_by_part(make: Make) -> None:
    desired = snapshot(make(PLAIN_TREE + "create index i on p (t)"))
    assert bring(make(PLAIN_TREE), desired, rounds=1) == [
        "CREATE INDEX i ON ONLY public.p (t)",
        "CREATE INDEX p1_t_idx ON public.p1 (t)",
        "CREATE INDEX p2_t_idx ON public.p2 (t)",
        "ALTER INDEX public.i ATTACH PARTITION public.p1_t_idx",
        "ALTER INDEX public.i ATTACH PARTITION public.p2_t_idx",
    ]


def test_an_identity_column_counts_on(make: Make) -> None:
    live = make("create table t (id serial primary key); insert into t select from generate_series(1, 5)")
    bring(live, snapshot(make("create table t (id int generated always as identity primary key)")))
    assert live.execute("insert into public.t default values returning id").fetchone() == (6,)


def test_an_invalid_index_is_a_difference_and_built_again(make: Make) -> None:
    script = "create table t (a int); insert into t values (1), (1);"
    live = make(script)
    with contextlib.suppress(psycopg.errors.UniqueViolation):
        live.execute("create unique index concurrently i on public.t (a)")
    live.execute("delete from public.t")
    desired = snapshot(make(script + "delete from t; create unique index i on t (a)"))
    assert bring(live, desired) == ["DROP INDEX public.i", "CREATE UNIQUE INDEX i ON public.t (a)"]


def test_a_column_that_was_there_before_becomes_inherited_only_with_its_table(make: Make) -> None:
    live = make("create table p (a int); create table c (a int)")
    desired = snapshot(make("create table p (a int); create table c () inherits (p)"))
    (aside, create, back) = write(snapshot(live), desired)
    assert aside.sql.endswith("CREATE TABLE public.c__before AS SELECT a FROM ONLY public.c;\nDROP TABLE public.c")
    assert create.sql == "CREATE TABLE public.c () INHERITS (public.p)"
    assert back.sql.startswith("INSERT INTO public.c (a) SELECT a FROM public.c__before;\n")
    assert create.reason == (
        "table public.c is made again because no statement makes column public.c.a one that is only inherited;"
        " named in its CREATE TABLE as well, the table stays"
    )
    assert run(live, desired) == ([aside.sql, create.sql, back.sql], [])
    assert compare(snapshot(live), desired) == ()


def test_what_is_lost_with_a_table_and_a_column(make: Make) -> None:
    catalog = snapshot(make("create table t (a int, g int generated always as (a) stored)"))
    assert catalog.objects[Id("table", ("public", "t"))].loses() == "table public.t and its rows"
    assert catalog.objects[Id("column", ("public", "t", "a"))].loses() == "column public.t.a and its values"
    assert catalog.objects[Id("column", ("public", "t", "g"))].loses() is None


def test_an_empty_database_has_none_of_these(make: Make) -> None:
    kinds = {one.kind for one in snapshot(make("")).objects}
    assert kinds.isdisjoint({"table", "column", "constraint", "index", "sequence", "default", "partition"})


def test_only_what_loses_nothing_with_its_dependents_is_made_again_on_a_refusal(make: Make) -> None:
    catalog = snapshot(make("create domain d as int; create table t (a d, b int); create view v as select b from t"))
    assert not _is_free(catalog, Id("domain", ("public", "d")))
    assert not _is_free(catalog, Id("column", ("public", "t", "b")))
    assert _is_free(catalog, Id("view", ("public", "v")))

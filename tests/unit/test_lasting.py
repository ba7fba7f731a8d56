"""Which scripts make the same whenever they are loaded."""

from pathlib import Path

import pytest

from dbsync.load.lasting import lasting
from dbsync.load.script import read_script


def script_lasts(text: str, folder: Path) -> bool:
    path = folder / "schema.sql"
    path.write_text(text)
    return lasting(read_script(path))


@pytest.mark.parametrize(
    "text",
    [
        "create table t (id int default 1, at timestamptz default now()); create index on t (id);",
        "select pg_catalog.set_config('search_path', '', false); select setval('s', 5, true);",
        "create materialized view m as select 1;",
        "comment on table t is 'now'; create table today (a text default 'nowhere');",
        "create function f() returns date language sql as $$ select 'today'::date $$;",
        "create table p1 partition of p for values in (-1, '2'::int, null); create table p2 partition of p default;",
        "create function f() returns int language plpgsql as $$ begin execute 'x'; return 1; end $$;",
        (
            "create table p (d date) partition by range (d);"
            "create table p1 partition of p for values from ('2024-01-01') to ('2025-01-01');"
            "create table p2 partition of p for values from (minvalue) to ('2024-01-01') partition by list (d);"
            "create table p3 partition of p for values from (date '2025-01-01') to (maxvalue);"
            "alter table only p attach partition p4 for values in ('User', 'f(x)', -1, null);"
            "create foreign table p5 partition of p for values with (modulus 2, remainder 0) server s;"
        ),
    ],
)
def test_definitions_last(text: str, tmp_path: Path) -> None:
    assert script_lasts(text, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "do $$ begin execute 'create table t_' || to_char(now(), 'YYYY') || ' ()'; end $$;",
        "select make_partitions();",
        "select setval('s', make_partitions());",
        "select setval('s', make_partitions()::bigint);",
        "select setval('s', 1) where make_partitions();",
        "select mine.setval('s', 1);",
        "select setval('s', 1) from make_partitions();",
        "call make_partitions();",
        "insert into t values (1);",
        "copy t from stdin;\n1\n\\.\n",
        "create table t as select make_partitions() as x;",
        "create table t (d date default 'today');",
        "create table t (d timestamp default '04:05 TODAY');",
        "create table t (d timestamp default 'now() ');",
        "create table t (d date default E'\\x6eow');",
        "create function f() returns date return date 'today';",
        "create table p1 partition of p for values from (current_date) to ('2999-01-01');",
        'create table p1 partition of p for values from (f(1)) to ("F"(2));',
        "alter table p attach partition p1 for values in (to_char(now(), 'YYYY'));",
        "alter table p attach partition p1 for values in ('a', user);",
        "create foreign table p1 partition of p for values in (f(1)) server s;",
        "create event trigger e on ddl_command_end execute function f();",
        "this is no statement that the parser knows;",
    ],
)
def test_what_runs_code_or_reads_the_clock_does_not(text: str, tmp_path: Path) -> None:
    assert not script_lasts(text, tmp_path)

"""Undo of declared rows: those that were added go, those that were changed or deleted come back."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync import cli
from dbsync.pg.connect import Target, connect

Live = psycopg.Connection[Any]
Captured = pytest.CaptureFixture[str]

SCHEMA = """
create table plans (
    id integer generated always as identity primary key,
    name text not null unique,
    price integer not null,
    note text default 'none', double integer generated always as (price * 2) stored
);
create table features (
    plan_id integer references plans, feature text, value text, primary key (plan_id, feature)
);
"""
PLANS = "insert into plans (name, price) values {};"
FEATURES = "insert into features select id, {} from plans;"

pytestmark = pytest.mark.usefixtures("kept_scratch")


@pytest.fixture
def live(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty database, and a project in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    (tmp_path / ".git").mkdir()
    with connect(database) as connection:
        connection.execute("set search_path to public")
        yield connection


def applied(seeds: str, schema: str = SCHEMA, code: int = 0) -> None:
    Path("schema.sql").write_text(schema)
    Path("seeds.sql").write_text(seeds)
    assert cli.main(["apply", "--yes", "--allow", "all", "-q"]) == code


def undone(*options: str, code: int = 0) -> None:
    assert cli.main(["undo", "--yes", "--allow", "all", "-q", *options]) == code


def rows(live: Live, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return live.execute(f"select {', '.join(columns) or '*'} from {table} order by 1, 2".encode()).fetchall()


def words(text: str) -> str:
    """The text without its line ends."""
    return " ".join(text.split())


def test_added_changed_and_deleted_rows_go_back_and_forth(live: Live, capsys: Captured) -> None:
    applied(PLANS.format("('Free', 0), ('Pro', 1900), ('Old', 1)") + FEATURES.format("'jobs', '5'"))
    live.execute("update plans set note = 'mine' where name = 'Old'")
    first = rows(live, "plans"), rows(live, "features")
    applied(
        f"-- dbsync: exact\n{PLANS.format('''('Free', 0), ('Pro', 2100), ('Scale', 4900)''')}\n"
        f"-- dbsync: exact\n{FEATURES.format('''unnest(array['jobs', 'seats']), '9' ''')}"
    )
    second = rows(live, "plans"), rows(live, "features")
    assert [name for _, name, *_ in second[0]] == ["Free", "Pro", "Scale"]
    capsys.readouterr()
    undone()
    shown = words(capsys.readouterr().out)
    assert "rows that were declared go back as well; all others stay as they are" in shown
    assert "+ Old: id 3, price 1, note mine" in shown
    assert "~ Pro: price 2100 → 1900" in shown
    assert "stays lost" not in shown
    assert (rows(live, "plans"), rows(live, "features")) == first
    undone()
    assert (rows(live, "plans"), rows(live, "features")) == second
    undone("--to", "1")
    assert (rows(live, "plans"), rows(live, "features")) == first
    undone()
    assert (rows(live, "plans"), rows(live, "features")) == second


def test_several_records_at_once_with_other_names_and_types(live: Live) -> None:
    applied(PLANS.format("('Free', 0), ('Pro', 1900)"))
    first = rows(live, "plans", "name", "price")
    applied(PLANS.format("('Free', 5), ('Pro', 2000)"))
    named = (
        SCHEMA.replace("create table plans (", "-- dbsync: renamed from plans\ncreate table offers (")
        .replace("name text", "-- dbsync: renamed from name\n    title varchar(20)")
        .replace("references plans", "references offers")
    )
    offers = "insert into offers (title, price) values {};"
    applied(offers.format("('Free', 6), ('Pro', 2000), ('Scale', 4900)"), named)
    applied(f"-- dbsync: exact\n{offers.format('''('Pro', 2000), ('Scale', 5000)''')}", named)
    assert rows(live, "offers", "title", "price") == [("Pro", 2000), ("Scale", 5000)]
    undone("--to", "1")
    assert rows(live, "plans", "name", "price") == first
    undone()
    assert rows(live, "offers", "title", "price") == [("Pro", 2000), ("Scale", 5000)]


def test_what_was_done_meanwhile_stays(live: Live, capsys: Captured) -> None:
    applied(PLANS.format("('Free', 0), ('Pro', 1900)"))
    applied(PLANS.format("('Free', 5), ('Pro', 2000), ('Scale', 4900)"))
    live.execute(
        "update plans set note = 'mine', price = 7 where name = 'Free'; delete from plans where name <> 'Free'"
    )
    live.execute("insert into plans (name, price) values ('Own', 1)")
    undone()
    assert rows(live, "plans", "name", "price", "note") == [("Free", 0, "mine"), ("Own", 1, "none")]
    assert "~ Free: price 7 → 0" in capsys.readouterr().out


def test_no_seeds_leaves_rows(live: Live, capsys: Captured) -> None:
    applied(PLANS.format("('Free', 0)"))
    applied(PLANS.format("('Free', 5)"), SCHEMA + "create table more ();")
    undone("--no-seeds")
    assert rows(live, "plans", "name", "price") == [("Free", 5)]
    assert "the rows of its tables stay as they are" in words(capsys.readouterr().out)
    assert live.execute("select to_regclass('more')").fetchone() == (None,)


def test_a_row_that_others_need_is_named(live: Live, capsys: Captured) -> None:
    schema = SCHEMA + "create table users (id integer primary key, plan_id integer references plans);"
    applied(PLANS.format("('Free', 0)"), schema)
    applied(PLANS.format("('Free', 0), ('Scale', 4900)"), schema)
    live.execute("insert into users select 1, id from plans where name = 'Scale'")
    capsys.readouterr()
    undone(code=5)
    error = words(capsys.readouterr().err)
    assert "error: the rows before record 2: a row cannot be deleted from public.plans" in error
    assert "What live would refuse: DELETE FROM public.plans WHERE name = 'Scale'" in error
    assert "dbsync undo --no-seeds leaves all rows as they are" in error
    assert len(rows(live, "plans")) == 2


def test_triggers_may_have_their_way(live: Live) -> None:
    """What a trigger makes of a row that comes back is not put right, and no reason to refuse."""
    schema = """
    create table things (id integer primary key, name text, changed timestamptz);
    create function touch() returns trigger language plpgsql as $$
        begin new.changed := clock_timestamp(); return new; end $$;
    create trigger touch before insert or update on things for each row execute function touch();
    """
    things = "-- dbsync: exact\ninsert into things (id, name) values {};"
    applied(things.format("(1, 'one'), (2, 'two')"), schema)
    applied(things.format("(1, 'uno'), (3, 'tre')"), schema)
    undone()
    assert rows(live, "things", "id", "name") == [(1, "one"), (2, "two")]


def test_rows_are_out_of_the_way_of_the_schema(live: Live, capsys: Captured) -> None:
    """What the record's rows would keep from going back goes first; what others would stays in the way."""
    first = "create type mood as enum ('sad'); create table codes (code integer primary key, mood mood not null);"
    second = "create type mood as enum ('sad', 'ok'); create table codes (code text primary key, mood mood);"
    applied("insert into codes values (1, 'sad'), (7, 'sad');", first)
    applied("insert into codes values ('1', 'ok'), ('7', null), ('a', 'ok');", second)
    live.execute("insert into codes values ('b', 'ok')")
    capsys.readouterr()
    undone(code=5)
    assert "1 of public.codes" in capsys.readouterr().err
    live.execute("delete from codes where code = 'b'")
    undone()
    assert rows(live, "codes", "code", "mood::text") == [(1, "sad"), (7, "sad")]
    undone()
    assert rows(live, "codes", "code", "mood::text") == [("1", "ok"), ("7", None), ("a", "ok")]


def test_what_goes_with_its_table_or_column_is_no_step(live: Live, capsys: Captured) -> None:
    applied(PLANS.format("('Free', 0)"))
    more = SCHEMA.replace("note text", "days integer, note text") + "create table more (id integer primary key);"
    applied("insert into plans (name, price, days) values ('Free', 0, 30); insert into more values (1);", more)
    capsys.readouterr()
    undone("--format", "sql")
    shown = capsys.readouterr().out
    assert "UPDATE" not in shown
    assert "DELETE" not in shown
    assert rows(live, "plans", "name", "price") == [("Free", 0)]


def test_keys_that_others_follow(live: Live, capsys: Captured) -> None:
    """What rows become when others take their keys over is not the way back of what they became."""
    schema = """
    create table a (id integer primary key, code text unique);
    create table b (a text references a (code) on update cascade, what text, primary key (a, what));
    """
    seeds = "insert into a values (1, '{0}'); insert into b values ('{0}', 'jobs'); insert into plans values ('{0}');"
    schema += "create table plans (name text primary key);"
    applied(seeds.format("x"), schema)
    applied(seeds.format("y"), schema)
    shown = words(capsys.readouterr().out)
    assert "no undo will bring back what rows of public.b were: rows of other tables followed their keys" in shown
    undone()
    shown = words(capsys.readouterr().out)
    assert "rows of public.a stay as they are: rows of other tables followed their keys when these changed" in shown
    assert (rows(live, "a"), rows(live, "b")) == ([(1, "y")], [("y", "jobs")])
    assert live.execute("select name from plans").fetchall() == [("x",)]


def test_what_was_deleted_stays_lost_where_others_followed_later(live: Live, capsys: Captured) -> None:
    schema = """
    create table a (id integer primary key, code text unique);
    create table b (a text references a (code) on update cascade, what text, primary key (a, what));
    """
    applied("insert into a values (1, 'x'), (2, 'z');", schema)
    applied("-- dbsync: exact\ninsert into a values (1, 'x');", schema)
    live.execute("insert into b values ('x', 'own')")
    applied("insert into a values (1, 'y');", schema)
    capsys.readouterr()
    undone("--to", "1")
    shown = words(capsys.readouterr().out)
    assert "what record 2 lost stays lost: 1 row of table public.a" in shown
    assert rows(live, "a") == [(1, "y")]


def test_too_much_is_told(live: Live, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(PLANS.format("('Free', 0), ('Pro', 1)"))
    monkeypatch.setattr("dbsync.seeds.keep._MOST", 5)
    capsys.readouterr()
    applied(PLANS.format("('Free', 5), ('Pro', 6)"))
    told = "what rows of public.plans were: those that were written held more than"
    assert f"no undo will bring back {told}" in words(capsys.readouterr().out)
    undone()
    assert rows(live, "plans", "name", "price") == [("Free", 5), ("Pro", 6)]


def test_new_rows_whose_keys_were_renamed_by_hand(live: Live, capsys: Captured) -> None:
    """What their keys were to be found by is not there."""
    applied("")
    applied(PLANS.format("('Scale', 4900)") + FEATURES.format("'jobs', '5'"))
    live.execute("alter table plans rename name to title")
    capsys.readouterr()
    assert cli.main(["undo", "--plan", "-q"]) == 0
    shown = words(capsys.readouterr().out)
    assert "new rows of public.features stay: what they were called by is not there any more: column" in shown
    assert "rows of public.plans stay as they are: column name of their key is not there" in shown


def test_rows_of_insert_only(live: Live) -> None:
    applied("-- dbsync: insert-only\n" + PLANS.format("('Free', 0)"))
    live.execute("update plans set price = 3")
    applied("-- dbsync: insert-only\n" + PLANS.format("('Free', 9), ('Pro', 1)"))
    assert rows(live, "plans", "name", "price") == [("Free", 3), ("Pro", 1)]
    undone()
    assert rows(live, "plans", "name", "price") == [("Free", 3)]


def test_rows_without_a_key_are_told(live: Live, capsys: Captured) -> None:
    schema = "create table t (name text unique, n integer);"
    applied("-- dbsync: exact\ninsert into t values ('a', 1);", schema)
    live.execute("insert into t values (null, 2), ('b', 2)")
    capsys.readouterr()
    applied("-- dbsync: exact\ninsert into t values ('a', 5);", schema)
    told = "no undo will bring back what rows of public.t were: some of those that went have NULL in their key"
    assert told in words(capsys.readouterr().out)
    undone()
    shown = words(capsys.readouterr().out)
    assert "what record 2 lost stays lost: 2 rows of table public.t" in shown
    assert "rows of public.t stay as they are: some of those that went have NULL in their key" in shown
    assert rows(live, "t", "name", "n") == [("a", 5)]


def test_circles(live: Live) -> None:
    schema = """
    create table a (id integer primary key, b integer not null);
    create table b (id integer primary key, a integer not null references a);
    alter table a add foreign key (b) references b;
    """
    applied("", schema)
    applied("with x as (insert into a values (1, 2), (2, 1)) insert into b values (1, 1), (2, 2);", schema)
    undone()
    assert (rows(live, "a"), rows(live, "b")) == ([], [])
    undone()
    assert (rows(live, "a"), rows(live, "b")) == ([(1, 2), (2, 1)], [(1, 1), (2, 2)])


def test_saved(live: Live) -> None:
    applied(PLANS.format("('Free', 0)"))
    applied(PLANS.format("('Free', 5), ('Pro', 1)"))
    assert cli.main(["undo", "--out", "undo.json", "-q"]) == 0
    assert cli.main(["apply", "undo.json", "--yes", "--allow", "all", "-q"]) == 0
    assert rows(live, "plans", "name", "price") == [("Free", 0)]
    undone()
    assert rows(live, "plans", "name", "price") == [("Free", 5), ("Pro", 1)]


def test_rows_that_are_back_already(live: Live, capsys: Captured) -> None:
    applied(PLANS.format("('Free', 0)"))
    applied(PLANS.format("('Free', 5)"))
    live.execute("update plans set price = 0")
    capsys.readouterr()
    undone()
    assert "Nothing to do" in capsys.readouterr().out

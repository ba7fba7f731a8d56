"""What plan and apply say and do about live's rows."""

import importlib.resources
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest

from dbsync import cli
from dbsync.pg.connect import Target, connect
from dbsync.planning.asking import asked_again
from dbsync.tasks.plan import opened
from tests.plugins.database import Connection

pytestmark = pytest.mark.usefixtures("kept_scratch")

Captured = pytest.CaptureFixture[str]

ITEM = "create table item (id integer primary key, name text, old text);"
GOOD = "insert into item values (1, 'one', 'x'), (2, 'two', null)"
STRICT = "create table item (id integer primary key, name text not null);"


@pytest.fixture
def live(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    (tmp_path / ".git").mkdir()
    with psycopg.connect(database.conninfo(), autocommit=True) as connection:
        connection.execute(ITEM)
        yield connection


@pytest.fixture
def reader(live: Connection, admin: Connection, database: Target, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A role that may read the catalog and no table, as the one that plans."""
    name = f"planner_{uuid.uuid4().hex[:8]}"
    admin.execute(f"create role {name} login".encode())
    monkeypatch.setenv("DATABASE_URL", database.conninfo(user=name))
    yield name
    live.execute(f"reassign owned by {name} to current_user; drop owned by {name}".encode())
    admin.execute(f"drop role {name}".encode())


def schema(text: str) -> None:
    Path("schema.sql").write_text(text)


def shown(capsys: Captured, *arguments: str) -> str:
    assert cli.main(["plan", *arguments]) == 0
    return capsys.readouterr().out


def document(capsys: Captured) -> dict[str, Any]:
    """The plan as JSON, which meets its schema."""
    found: dict[str, Any] = json.loads(shown(capsys, "--format", "json"))
    described = json.loads(importlib.resources.files("dbsync.render").joinpath("schema.json").read_text())
    jsonschema.validate(found, described)
    plan: dict[str, Any] = found["plan"]
    return plan


def columns(live: Connection) -> list[str]:
    query = "select attname::text from pg_attribute where attrelid = 'public.item'::regclass and attnum > 0"
    return [name for (name,) in live.execute(query + " and not attisdropped order by attnum").fetchall()]


def test_apply_refuses(live: Connection, capsys: Captured) -> None:
    live.execute(GOOD + ", (3, null, 'y'), (4, null, null)")
    schema(STRICT)
    page = shown(capsys)
    assert (
        "x IN THE WAY: 2 rows of public.item with NULL in name, which becomes NOT NULL\n"
        "    id 3; id 4\n"
        "    SELECT id, name FROM public.item WHERE name IS NULL;\n"
        "    Give name a value in these rows first, or let it be NULL.\n"
    ) in page
    assert "On live they would fail all the same: rows are in the way." in " ".join(page.split())
    assert page.endswith("It can be applied when these rows are out of the way.\n")
    digest = page.split()[1]
    for agreed in (["--yes", "--allow", "all"], ["--approve", digest]):
        assert cli.main(["apply", *agreed]) == 5
        said = capsys.readouterr().err
        assert "rows of the database are in the way of a step of the plan; nothing was applied" in said
        assert "2 of public.item with NULL in name" in said
    assert columns(live) == ["id", "name", "old"]

    live.execute("update item set name = 'some' where name is null")
    assert "Live's rows were asked: none is in the way." in " ".join(shown(capsys).split())
    assert cli.main(["apply", "--yes", "--allow", "all"]) == 0
    assert columns(live) == ["id", "name"]


def test_saved_plan_asks_again(live: Connection, capsys: Captured) -> None:
    schema(STRICT)
    shown(capsys, "--out", "before.json")
    live.execute(GOOD + ", (3, null, 'y')")
    assert cli.main(["apply", "before.json", "--yes", "--allow", "all"]) == 5
    assert "1 of public.item with NULL in name" in capsys.readouterr().err
    shown(capsys, "--out", "after.json")
    live.execute("delete from item where id = 3")
    assert cli.main(["apply", "after.json", "--yes", "--allow", "all"]) == 0


def test_losses_are_counted(live: Connection, capsys: Captured) -> None:
    live.execute(GOOD + "; create table gone (id integer); create table void (id integer); insert into gone values (1)")
    schema(ITEM.replace(", old text", ""))
    page = shown(capsys)
    assert "! LOST: table public.gone and its rows (1 row)\n" in page
    assert "! LOST: table public.void and its rows (it holds no rows)\n" in page
    assert "! LOST: column public.item.old and its values (1 of 2 rows)\n" in page
    # Rows may come before it is applied.
    assert cli.main(["apply", "--yes"]) == 5
    assert "--yes does not agree to 3 losses" in capsys.readouterr().err


def test_values_that_are_altered_are_counted(live: Connection, capsys: Captured) -> None:
    live.execute("alter table item add price numeric; insert into item (id, price) values (1, 1.5), (2, 2), (3, null)")
    schema("create table item (id integer primary key, name text, old text, price numeric(10,0));")
    assert "what numeric holds and numeric(10,0) does not (1 of 3 rows)" in " ".join(shown(capsys).split())


def test_sizes(live: Connection, capsys: Captured) -> None:
    live.execute("insert into item select i, 'x' from generate_series(1, 12345) i; analyze item")
    schema(ITEM.replace("id integer", "id bigint"))
    page = shown(capsys)
    assert "rewrites public.item (" in page
    assert ", ~12,000 rows): takes longer with more rows" in page
    (size,) = [size for table, size in document(capsys)["sizes"].items() if table == "public.item"]
    assert size["rows"] == 12345
    assert size["bytes"] > 100_000


def test_json(live: Connection, capsys: Captured) -> None:
    live.execute(GOOD + ", (3, null, 'y')")
    schema(STRICT)
    counted, found = sorted(document(capsys)["hazards"], key=lambda one: one["blocks"])
    assert found == {
        "hazard": "not-null",
        "about": {"kind": "column", "path": ["public", "item", "name"], "name": "column public.item.name"},
        "blocks": True,
        "rows": 1,
        "at_least": False,
        "of": None,
        "loss": None,
        "problem": "of public.item with NULL in name, which becomes NOT NULL",
        "examples": ["id 3"],
        "failure": None,
        "query": "SELECT id, name FROM public.item WHERE name IS NULL",
        "advice": "Give name a value in these rows first, or let it be NULL.",
        "unknown": None,
    }
    assert (counted["hazard"], counted["loss"]) == ("data-loss", "column public.item.old and its values")
    assert (counted["rows"], counted["of"]) == (2, 3)


def test_took_too_long(live: Connection, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a constraint that stands, so that the function runs for every write anyway."""
    slow = (
        "create function slow(text) returns boolean language plpgsql immutable"
        " as $$ begin perform pg_sleep(60); return true; end $$;"
    )
    live.execute(slow + GOOD + ";alter table item add constraint patient check (slow(name)) not valid")
    schema(slow + ITEM.replace("name text", "name text constraint patient check (slow(name))"))
    monkeypatch.setenv("DBSYNC_QUESTION_TIMEOUT", "300ms")
    page = " ".join(shown(capsys).split())
    assert "NOT KNOWN: constraint public.item.patient" in page
    assert ": took longer than 0.3 s" in page
    assert "none is known to be in the way, and one question is open" in page
    assert "To apply it: dbsync apply" in page


def test_may_not_read(live: Connection, reader: str, capsys: Captured) -> None:
    live.execute(GOOD + ", (3, null, 'y')")
    live.execute(f"grant {reader} to current_user; alter schema public owner to {reader}".encode())
    schema(ITEM)
    live.execute("create table other (id integer, item integer)")
    live.execute(f"alter table other owner to {reader}".encode())
    live.execute("insert into other values (1, 1)")
    live.execute(f"revoke select on other from {reader}".encode())
    schema(ITEM + "create table other (id integer, item integer not null);")
    page = " ".join(shown(capsys, "--manage", "none").split())
    assert "NOT KNOWN: column public.other.item" in page
    assert "no SELECT on public.other" in page


def test_rows_hidden_by_a_policy(live: Connection, reader: str, capsys: Captured) -> None:
    policy = "alter table other enable row level security; alter table other force row level security;"
    live.execute("create table other (id integer);" + policy)
    live.execute(f"alter table other owner to {reader}".encode())
    live.execute(f"grant select on item to {reader}".encode())
    schema(ITEM + "create table other (id integer not null);" + policy)
    page = " ".join(shown(capsys, "--manage", "none").split())
    assert "NOT KNOWN: column public.other.id" in page
    assert "row-level security policy" in page


def test_volatile_expressions_are_not_run(live: Connection, capsys: Captured) -> None:
    live.execute(GOOD)
    schema(ITEM.replace("name text", "name text check (pg_notify('planned', name) is not null)"))
    page = " ".join(shown(capsys).split())
    assert "it calls pg_notify(text,text), which is volatile" in page


def test_a_new_function_is_not_known_to_live(live: Connection, capsys: Captured) -> None:
    live.execute(GOOD)
    fine = "create function fine(text) returns boolean language sql immutable return true;"
    schema(fine + ITEM.replace("name text", "name text check (fine(name))"))
    assert "it uses function public.fine(text), which this plan makes" in " ".join(shown(capsys).split())


def test_a_lock_is_not_waited_for(live: Connection, database: Target, capsys: Captured) -> None:
    live.execute(GOOD)
    schema(ITEM.replace("name text", "name text not null"))
    shown(capsys, "--out", "plan.json")
    with connect(database) as other, other.transaction():
        other.execute("lock table public.item in access exclusive mode")

        plan = asked_again(database, opened(Path("plan.json")).plan, timeout=0.5, progress=lambda _: None)
    assert [one.unknown for one in plan.hazards] == ["somebody holds a lock on the table"]


def test_nothing_is_written_to_live(live: Connection, capsys: Captured) -> None:
    """Rows are tried one by one in a read-only transaction."""
    live.execute("insert into item values (1, '1'), (2, 'two')")
    live.execute("alter table item add x double precision; update item set x = 1e300")
    schema("create table item (id integer primary key, name text, old text, x real);")
    before = live.execute("select pg_current_xact_id()::text::bigint").fetchone()
    assert "x IN THE WAY: 2 rows of public.item with a value in x that cannot become real" in shown(capsys)
    after = live.execute("select pg_current_xact_id()::text::bigint").fetchone()
    assert before
    assert after == (before[0] + 1,)

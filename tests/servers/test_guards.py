"""Event triggers of the live database that refuse changes: they are named, and fire on nothing of dbsync's own."""

from pathlib import Path

import pytest

from tests.plugins.own_server import OwnServer
from tests.servers.conftest import Say, run_sql

GUARD = """
create function refuse() returns event_trigger language plpgsql as $$ begin raise exception 'no %', tg_tag; end $$;
create function listen() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger ears on ddl_command_start execute function listen();
"""
ON_ALL = 'create event trigger "The guard" on ddl_command_start execute function refuse();'
ON_INDEXES = """
create event trigger "The guard" on ddl_command_start when tag in ('CREATE INDEX') execute function refuse();
"""


@pytest.fixture
def guarded(shop: OwnServer, project: Path) -> OwnServer:
    """A shop whose event triggers a superuser made; the file has them, too."""
    run_sql(shop, "create table plans (id integer primary key, name text not null)", GUARD + ON_ALL, user="postgres")
    (project / "schema.sql").write_text((project / "schema.sql").read_text() + GUARD + ON_ALL)
    return shop


def write(project: Path, more: str) -> None:
    path = project / "schema.sql"
    path.write_text(f"{more};\n{path.read_text()}")


@pytest.mark.parametrize("author", ["best", "dbsync", "migra"])
@pytest.mark.parametrize("state", ["enable", "enable always"])
def test_one_that_refuses_everything(guarded: OwnServer, project: Path, say: Say, author: str, state: str) -> None:
    run_sql(guarded, f'alter event trigger "The guard" {state}', user="postgres")
    write(project, "create table later (id int)")
    code, shown, said = say("plan", "--author", author, "--database", guarded.url(user="postgres"))
    assert (code, shown) == (5, "")
    assert "The event trigger The guard of the database refused: " in said.replace("\n", " ")
    assert 'ALTER EVENT TRIGGER "The guard" DISABLE' in said
    assert "ears" not in said


def test_what_is_no_change_of_the_schema_is_done(guarded: OwnServer, project: Path, say: Say) -> None:
    """Rows are compared in tables of ours, on copies: no event trigger of the file or of live has a say in that."""
    (project / "seeds.sql").write_text("insert into plans (id, name) values (1, 'free');\n")
    code, shown, said = say("apply", "--yes", "--database", guarded.url(user="postgres"))
    assert code == 0, said
    assert "no history was written: no CREATE SCHEMA" in shown
    with guarded.superuser() as session:
        assert session.execute("select name from public.plans").fetchall() == [("free",)]


def test_one_that_refuses_some(guarded: OwnServer, project: Path, say: Say) -> None:
    """A way that does not wake it is taken; where there is none, it is named."""
    run_sql(guarded, 'drop event trigger "The guard"', ON_INDEXES, user="postgres")
    path = project / "schema.sql"
    path.write_text(path.read_text().replace(ON_ALL, ON_INDEXES))
    write(project, "create table later (id int primary key)")
    where = ("--database", guarded.url(user="postgres"))
    assert say("apply", "--yes", *where)[0] == 0
    path.write_text(path.read_text().replace(GUARD, f"create index on later (id);{GUARD}"))
    code, _, said = say("plan", *where)
    assert code == 5
    assert "The event trigger The guard of the database refused: CREATE INDEX" in said

"""Scratch databases beside live, made by a role that may do nothing there but make databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.own_server import OwnServer
from tests.servers.conftest import Say, run_sql

SCHEMA = """
create type mood as enum ('sad', 'ok');
create table plans (id integer primary key, name text not null unique, mood mood);
create index on plans (mood) where mood = 'ok';
create view names as select name from plans;
create function one() returns integer language sql as $$ select 1 $$;
"""


@pytest.fixture
def beside(shop: OwnServer, project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnServer]:
    """The server, where `app` may make databases, as what is named; a schema and seeds."""
    monkeypatch.setenv("DATABASE_URL", shop.url())
    monkeypatch.setenv("DBSYNC_SCRATCH", "server")
    (project / "schema.sql").write_text(SCHEMA)
    with shop.superuser("postgres") as session:
        session.execute("alter role app createdb")
    yield shop
    with shop.superuser("postgres") as session:
        left = session.execute("select datname from pg_database where datname like 'dbsync%'").fetchall()
        session.execute("alter role app nocreatedb")
    assert left == []


def test_there_and_back(beside: OwnServer, project: Path, say: Say) -> None:
    assert say("apply", "--yes")[0] == 0
    assert say("plan", "--exit-code")[0] == 0
    assert say("check")[0] == 0

    (project / "schema.sql").write_text(SCHEMA.replace("name text", "price integer, name varchar"))
    code, shown, _ = say("plan")
    words = " ".join(shown.split())
    assert code == 0
    assert "migra was not asked: on the scratch server the role may not make event triggers" in words
    assert "the plan does not tell where in the schema file its steps come from" in words
    assert say("apply", "--yes")[0] == 0
    assert say("undo", "--yes", "--allow", "data-loss")[0] == 0


def test_what_it_cannot_do(beside: OwnServer, project: Path, say: Say) -> None:
    code, _, said = say("plan", "--author", "migra")
    assert (code, "migra was not asked" in said) == (5, True)
    run_sql(beside, "create table old (id integer primary key)")
    (project / "schema.sql").write_text("-- dbsync: renamed from old\ncreate table new (id integer primary key);")
    code, _, said = say("plan")
    assert code == 3
    assert said.startswith("error: schema.sql:1")
    assert "on this scratch server the role may not make event triggers" in said


def test_rows(beside: OwnServer, project: Path, say: Say) -> None:
    (project / "seeds.sql").write_text("insert into plans values (1, 'Free', 'ok');")
    code, _, said = say("apply", "--yes")
    assert code == 5
    assert said.startswith("error: Declared rows cannot be compared on this scratch server\n")
    with beside.superuser("postgres") as session:
        session.execute("grant set on parameter session_replication_role to app")
    code, shown, said = say("apply", "--yes")
    assert (code, "1 row inserted" in shown) == (0, True), said
    with beside.superuser("postgres") as session:
        session.execute("revoke set on parameter session_replication_role from app")


def test_models_and_diagram(beside: OwnServer, project: Path, say: Say) -> None:
    assert say("models", "-q", "--out", "models.py")[0] == 0
    assert "class Plan" in (project / "models.py").read_text()
    assert say("diagram", "-q", "--scratch", beside.url(), "--out", "schema.svg")[0] == 0
    assert say("report", "-q")[0] == 0

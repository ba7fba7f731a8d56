"""Roles that a file names and only the live server has: stand-ins where the file is loaded by itself."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbsync import cli, config
from dbsync.model.outcome import Observer
from dbsync.planning.workspace import DESIRED
from dbsync.tasks.desired import desired
from tests.plugins.project import Project

FILE = """
create table t (id int primary key);
grant select on t to web_anon, postgres, public;
alter default privileges for role carol in schema public grant select on tables to "Web Anon";
alter table t enable row level security;
create policy p on t to authenticated using (true);
alter policy p on t to authenticated, "a-b";
create schema extra authorization dave;
create sequence s;
alter sequence s owner to erin;
alter table t owner to erin;
create table old_style ();
revoke all on old_style from frank;
set role gina;
reset role;
"""
NAMES = {"web_anon", "postgres", "carol", "Web Anon", "authenticated", "a-b", "dave", "erin", "frank", "gina"}

SESSIONS = """
SET SESSION AUTHORIZATION 'alice';
CREATE SCHEMA shop;
CREATE TABLE shop.t (id integer PRIMARY KEY);
CREATE TABLE public.u (id integer);
GRANT SELECT ON public.u TO bob;
SET SESSION AUTHORIZATION DEFAULT;
CREATE TABLE v (id integer);
SET SESSION AUTHORIZATION bob;
CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'select 1';
RESET SESSION AUTHORIZATION;
CREATE VIEW w AS SELECT 1;
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    for name in ("DATABASE_URL", "PGHOST"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def rows(folder: Path, *queries: str) -> list[list[tuple[object, ...]]]:
    """What the desired database answers."""
    found = config.load({}, os.environ, folder)
    with desired(found, Observer()) as scratch, scratch.connect(DESIRED) as connection:
        return [connection.execute(query.encode()).fetchall() for query in queries]


def test_stand_ins(folder: Path) -> None:
    (folder / "schema.sql").write_text(FILE)
    roles, owner, rights = rows(
        folder,
        "select rolname::text, rolsuper or rolcreaterole or rolbypassrls from pg_roles"
        " where rolname !~ '^(pg_|dbsync)'",
        "select tableowner::text from pg_tables where tablename = 't'",
        "select has_table_privilege('web_anon', 'public.t', 'select')",
    )
    assert {name for name, _ in roles} == NAMES | {"app"}
    assert not any(special for _, special in roles)
    assert (owner, rights) == ([("erin",)], [(True,)])


def test_session_authorization(folder: Path) -> None:
    (folder / "schema.sql").write_text(SESSIONS)
    tables, function, acl, left = rows(
        folder,
        "select relname::text, pg_get_userbyid(relowner)::text from pg_class"
        " where relname in ('t', 'u', 'v', 'w') order by 1",
        "select pg_get_userbyid(proowner)::text from pg_proc where proname = 'f'",
        "select nspacl::text from pg_namespace where nspname = 'public'",
        "select rolname from pg_roles where rolname ~ '^dbsync_[0-9a-f]{12}$'",
    )
    assert tables == [("t", "alice"), ("u", "alice"), ("v", "app"), ("w", "app")]
    assert function == [("bob",)]
    assert acl == [("{pg_database_owner=UC/pg_database_owner,=U/pg_database_owner}",)]
    assert left == []


def test_what_nobody_gives_is_refused_as_before(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A role inside of a DO block is no part of the file's text."""
    (folder / "schema.sql").write_text("create table t ();\ndo $$ begin grant select on t to nobody_at_all; end $$;")
    assert cli.main(["diagram", "--quiet"]) == 3
    assert 'role "nobody_at_all" does not exist' in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["models"], ["diagram"], ["report", "--no-plan"]], ids=lambda one: one[0])
def test_commands(folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "schema.sql").write_text(FILE + SESSIONS)
    assert cli.main([*arguments, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_the_development_database(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "schema.sql").write_text(
        "create table t (id int);\ngrant select on t to web_anon;\nalter table t enable row level security;\n"
        "create policy p on t to authenticated using (true);\n"
    )
    assert cli.main(["plan", "--quiet"]) == 0
    assert "grant select on table public.t to web_anon" in capsys.readouterr().out.lower().replace('"', "")


@pytest.fixture
def alice(project: Project) -> Iterator[str]:
    project.run("drop role if exists dbsync_alice; create role dbsync_alice")
    yield "dbsync_alice"
    project.run("drop owned by dbsync_alice cascade; drop role dbsync_alice")


def test_a_plan_makes_what_session_authorization_names_its_own(project: Project, alice: str) -> None:
    project.write(
        schema=f"set session authorization {alice};\ncreate table t (id int);\nreset session authorization;\n"
    )
    project.settled()
    assert project.rows("select tableowner::text from pg_tables where tablename = 't'") == [(alice,)]

"""What a role, a database or a server sets for its sessions decides nothing about how dbsync works."""

import os
import subprocess
import threading

import psycopg
import pytest

from dbsync.apply.lock import KEY
from dbsync.model.outcome import Observer
from dbsync.pg.connect import connect
from dbsync.pg.server import settings_of
from dbsync.pg.settings import PINNED, READING, SINCE
from dbsync.render import sql
from dbsync.render.page import Page
from dbsync.runtime import fingerprint
from dbsync.scratch.binaries import Installation
from dbsync.tasks import check
from tests.plugins.project import Project

OTHERWISE = {
    "search_path": "nowhere, pg_temp",
    "TimeZone": "Asia/Kathmandu",
    "DateStyle": "German, DMY",
    "IntervalStyle": "sql_standard",
    "extra_float_digits": "-10",
    "bytea_output": "escape",
    "lc_monetary": "C.UTF-8",
    "lc_numeric": "C.UTF-8",
    "lc_time": "C.UTF-8",
    "quote_all_identifiers": "on",
    "xmlbinary": "hex",
    "standard_conforming_strings": "off",
    "escape_string_warning": "on",
    "backslash_quote": "on",
    "xmloption": "document",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "default_tablespace": "pg_default",
    "default_table_access_method": "heap2",
    "check_function_bodies": "off",
    "row_security": "off",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    # Long enough for a session to be given its settings.
    "statement_timeout": "300ms",
    "lock_timeout": "300ms",
    "idle_in_transaction_session_timeout": "300ms",
    "idle_session_timeout": "300ms",
    "transaction_timeout": "300ms",
    "client_min_messages": "error",
}

ACCESS_METHOD = "create access method heap2 type table handler heap_tableam_handler;"
SCHEMA = rf"""
{ACCESS_METHOD}
create table t (
    id int primary key, at timestamptz default '2026-02-01 10:00+01', day date default '2026-02-03',
    span interval default '-1 day 2 hours', data bytea default '\x00ff', price money default '1.5',
    label text default E'a\\b''c', ratio float8 default 0.1
);
create view v as select id as "Id", at from t where at > '2026-01-01 00:00+00' and label <> 'x';
create function late() returns bigint language sql as 'select count(*) from t';
"""
SEEDS = r"insert into t (id, span, label) values (1, '1 day -2 hours', E'\\') on conflict (id) do nothing;"


GROUPS = {
    "how values are written": ("search_path", "xmlbinary"),
    "what a statement means": ("standard_conforming_strings", "transform_null_equals"),
    "what is made": ("default_tablespace", "row_security"),
    "when the server ends it": ("default_transaction_isolation", "client_min_messages"),
}
"""From the first to the last name of OTHERWISE."""


def hostile(project: Project, *names: str) -> None:
    for name in names:
        value, database = OTHERWISE[name], project.live.info.dbname
        if SINCE.get(name, 0) <= project.live.info.server_version // 10000:
            project.run(f"alter database {database} set {name} = {value if ',' in value else repr(value)}")


def group(first: str, last: str) -> list[str]:
    names = list(OTHERWISE)
    return names[names.index(first) : names.index(last) + 1]


def test_every_pinned_setting_is_tried() -> None:
    assert OTHERWISE.keys() == PINNED.keys()


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_session_has_the_pinned_value(project: Project, name: str) -> None:
    if project.live.info.server_version // 10000 < SINCE.get(name, 0):
        pytest.skip(f"{name} came with PostgreSQL {SINCE[name]}")
    project.run(ACCESS_METHOD)
    hostile(project, name)
    for settings in (PINNED, READING):
        with connect(project.target, settings=settings) as session:
            row = session.execute("select setting from pg_settings where name = %s", [name]).fetchone()
            assert row == (settings[name],)
            # What it would have been is known all the same.
            assert settings_of(session)[name] != PINNED[name]


@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_plans_and_applies_alike(project: Project, names: tuple[str, str]) -> None:
    project.write(schema=ACCESS_METHOD + "create table t (id int primary key);")
    project.settled()
    hostile(project, *group(*names))
    project.write(schema=SCHEMA, seeds=SEEDS)
    plan = project.settled()
    # The witness agrees with the first draft, and nothing had to be said about it.
    assert (plan.proof.witness, plan.notes) == ("pg_dump", ())
    with connect(project.target) as session:
        row = session.execute("select at::text, span::text, data::text, label, ratio::text from public.t").fetchone()
    assert row == ("2026-02-01 09:00:00+00", "1 day -02:00:00", r"\x00ff", "\\", "0.1")
    assert [one.text for one in check.check(project.config(), Observer()).findings if one.state == "bad"] == []
    project.undo()
    project.write(schema=ACCESS_METHOD + "create table t (id int primary key);", seeds="")
    assert project.plan().empty


@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_the_script_for_psql_ends_where_the_plan_says(
    project: Project, names: tuple[str, str], programs: Installation
) -> None:
    project.run(ACCESS_METHOD)
    hostile(project, *group(*names))
    project.write(schema=SCHEMA, seeds=SEEDS)
    script = "\n".join(sql.render(project.plan(), Page(width=100)))
    done = subprocess.run(
        [programs.bin / "psql", "-X", "-q", "-f", "-"],
        input=script,
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, **project.target.environment()},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert project.plan().empty


def test_idle_while_another_apply_runs(project: Project) -> None:
    """A session that waits for another apply, half a second at a time, is not taken for one that was left behind."""
    project.run(f"alter database {project.live.info.dbname} set idle_session_timeout = '200ms'")
    project.write(schema="create table t (id int);")
    project.live.execute("select pg_advisory_lock(%s)", [KEY])
    held = threading.Timer(1.5, lambda: project.live.execute("select pg_advisory_unlock(%s)", [KEY]))
    held.start()
    project.settled()
    held.join()


@pytest.mark.pg(">= 17")
def test_a_transaction_that_takes_its_time(project: Project) -> None:
    project.run("create table t (id int)")
    project.run("insert into t values (1)")
    project.run("create function slow() returns int language plpgsql as 'begin perform pg_sleep(0.6); return 1; end'")
    project.run(f"alter database {project.live.info.dbname} set transaction_timeout = '300ms'")
    project.write(
        schema="create function slow() returns int language plpgsql as 'begin perform pg_sleep(0.6); return 1; end';"
        "create table t (id int, c int default slow());"
    )
    project.settled()
    assert project.rows("select c from public.t") == [(1,)]


def test_the_fingerprint_of_an_application(project: Project) -> None:
    """What belongs to extensions is none of an application's, however its sessions print names."""
    project.run("create table t (id int)")
    with psycopg.connect(project.target.conninfo(), autocommit=True) as session:
        before = fingerprint(session)
    found = project.rows(
        "select name from pg_available_extensions where name in ('pg_buffercache', 'pg_stat_statements')"
    )
    if not found:
        pytest.skip("no extension with a view")
    project.run(f"create extension {found[0][0]}")
    for name in group("search_path", "standard_conforming_strings"):
        hostile(project, name)
    with psycopg.connect(project.target.conninfo(), autocommit=True) as session:
        assert fingerprint(session) == before

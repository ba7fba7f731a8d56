"""Programs and scratch servers that are newer than live: nothing is written that live lacks, and plans converge."""

from pathlib import Path

import pytest

from dbsync.pg.connect import connect
from dbsync.scratch import binaries, tools
from tests.plugins.own_server import OwnServer
from tests.psql import restore
from tests.servers.conftest import Say, run_sql

NEWER = binaries.embedded()

LIVE = """
create table plans (id integer constraint given not null, price numeric not null,
    double numeric generated always as (price * 2) stored);
create view prices as select id, price from plans;
"""
WANTED = """
create table plans (id integer constraint other_name not null, price numeric not null,
    double numeric generated always as (price * 3) stored, name text storage external constraint named not null);
create view prices as select id, price, name from plans;
create view joined as select p.id, q.name from plans p join plans q using (id);
create table parts (day date not null, n int constraint n_given not null) partition by range (day);
create table part partition of parts for values from ('2026-01-01') to ('2027-01-01');
"""


@pytest.fixture
def older(shop: OwnServer) -> OwnServer:
    if NEWER is None or shop.installation.major >= NEWER.major:
        pytest.skip("the server is not older than the embedded programs")
    return shop


def test_plans_converge(older: OwnServer, project: Path, say: Say) -> None:
    run_sql(older, LIVE)
    (project / "schema.sql").write_text(WANTED)
    options = ("--scratch", "embedded", "--database", older.url())
    code, shown, _ = say("apply", "--yes", *options)
    assert code == 0, shown
    words = " ".join(shown.split())
    assert f"live runs PostgreSQL {older.installation.major}: what" in words
    assert "SET EXPRESSION" not in shown
    assert "RENAME CONSTRAINT" not in shown
    assert say("plan", "--exit-code", *options)[0] == 0


def test_a_newer_pg_dump_is_loaded_into_an_older_server(older: OwnServer) -> None:
    assert NEWER
    run_sql(older, LIVE)
    with older.superuser("postgres") as session:
        session.execute("drop database if exists other")
        session.execute("create database other owner app template template0")
    dump = tools.dump(NEWER, older.target())
    assert "transaction_timeout" in dump
    restore(NEWER, older.target("other"), dump)
    with connect(older.target("other")) as session:
        assert session.execute("select count(*) from public.prices").fetchone() == (0,)

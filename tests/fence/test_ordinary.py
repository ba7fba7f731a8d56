"""That ordinary work goes on behind the fence."""

import psycopg
import pytest

from tests.fence.place import Connection, Inside, linux

pytestmark = linux


def run(session: Connection, script: str) -> None:
    """Each statement in a transaction of its own."""
    for statement in script.split(";"):
        session.execute(statement.encode())


def test_every_extension_is_there(fenced: Inside, open_server: Inside) -> None:
    """Those that cannot be made behind the fence cannot be made without it either."""
    failed = []
    for server in (fenced, open_server):
        found = {}
        with server.session() as session:
            names = [name for (name,) in session.execute("select name from pg_available_extensions").fetchall()]
            for name in names:
                session.autocommit = False
                try:
                    session.execute(f'create extension if not exists "{name}" cascade'.encode())
                except psycopg.Error as error:
                    found[name] = str(error)
                session.rollback()
        failed.append(found)
    assert failed[0].keys() == failed[1].keys(), failed


def test_time_zones_collations_and_text_search(fenced: Inside) -> None:
    with fenced.session() as session:
        assert session.execute("select count(*) > 500 from pg_timezone_names").fetchone() == (True,)
        row = session.execute("select '2026-07-01 12:00+00'::timestamptz at time zone 'Europe/Berlin'").fetchone()
        assert row
        assert row[0].hour == 14
        assert session.execute("select to_tsvector('english', 'running dogs')::text").fetchone() == ("'dog':2 'run':1",)
        for provider, collation in session.execute(
            "select distinct on (collprovider) collprovider::text, collname::text from pg_collation"
            " where collprovider <> 'i' and collencoding in (-1, pg_char_to_encoding('UTF8')) order by 1, 2 desc"
        ).fetchall():
            query = f"select 'a' < 'b' collate pg_catalog.\"{collation}\""
            assert session.execute(query.encode()).fetchone() == (True,), provider


def test_collations_of_icu(fenced: Inside) -> None:
    with fenced.session() as session:
        try:
            session.execute("create collation german (provider = icu, locale = 'de-u-co-phonebk')")
        except psycopg.Error as error:
            pytest.skip(str(error))
        assert session.execute("select 'ä' < 'af' collate german").fetchone() == (True,)


def test_large_loads(fenced: Inside) -> None:
    with fenced.session() as session:
        run(session, "set work_mem = '1MB'; set maintenance_work_mem = '1MB'; set min_parallel_table_scan_size = 0")
        run(session, "set parallel_setup_cost = 0; set parallel_tuple_cost = 0")
        session.execute("create table large as select n, md5(n::text) as m from generate_series(1, 300000) n")
        run(session, "create index on large (m); analyze large; cluster large using large_m_idx; vacuum full large")
        row = session.execute("select count(distinct m), sum(n) from large").fetchone()
        assert row == (300000, 45000150000)
        assert session.execute("select count(*) from large a join large b using (m)").fetchone() == (300000,)
        run(session, "drop table large; checkpoint")


def test_databases_and_tablespaces(fenced: Inside) -> None:
    with fenced.session() as session:
        run(session, "set allow_in_place_tablespaces = on; create tablespace fast location ''")
        session.execute("create database one template template0 strategy file_copy")
        session.execute("create database two template one strategy wal_log tablespace fast")
        session.execute("alter database two set tablespace pg_default")
        run(session, "drop database two; drop database one; drop tablespace fast")


def test_changes_of_settings(fenced: Inside) -> None:
    with fenced.session() as session:
        run(session, "alter system set work_mem = '5MB'; select pg_reload_conf(); select pg_rotate_logfile()")
        run(session, "alter system reset all; select pg_reload_conf()")

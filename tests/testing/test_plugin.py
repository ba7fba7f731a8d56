"""The pytest plugin, in runs of pytest of their own: what a project gets that has dbsync installed."""

import os
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from dbsync.pg.connect import Target
from dbsync.scratch import cache
from tests.plugins.server import Server

ROOT = Path(__file__).parent.parent.parent
SCHEMA = """
create extension hstore;
create table plans (id integer generated always as identity primary key, name text not null unique);
create table shops (plan integer not null references plans, tags hstore);
"""
SEEDS = "insert into plans (name) values ('Free'), ('Pro');\n"
PREFIX = "dbsync_pytest_"

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose environment has dbsync, by the entry point that pyproject.toml declares."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    site = pytester.path / "site"
    info = site / "dbsync_by_its_entry_point-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dbsync-by-its-entry-point\nVersion: 0\n")
    lines = "".join(f"{name} = {module}\n" for name, module in declared.items())
    (info / "entry_points.txt").write_text(f"[pytest11]\n{lines}")
    # pytester gives every run a home of its own, where nothing is cached.
    monkeypatch.setenv("DBSYNC_CACHE", str(cache.folder()))
    monkeypatch.setenv("PYTHONPATH", f"{site}{os.pathsep}{ROOT}")
    for name in ("DATABASE_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    folder = pytester.mkdir("project")
    (folder / ".git").mkdir()
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (folder / "schema.sql").write_text(SCHEMA)
    (folder / "seeds.sql").write_text(SEEDS)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Runs pytest there."""
    return lambda *arguments: pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


def test_an_own_database_for_each_test(project: Path, run: Run) -> None:
    (project / "test_plans.py").write_text("""
import os
import psycopg
import pytest
from dbsync.runtime import Database
from dbsync.testing import OwnDatabase

@pytest.mark.parametrize("_", range(3))
def test_connection(dbsync_connection, _):
    assert dbsync_connection.execute("select array_agg(name order by id) from plans").fetchone() == (["Free", "Pro"],)
    dbsync_connection.execute("delete from plans")
    dbsync_connection.execute("create table left_behind ()")

def test_everything_is_on_the_same_one(dbsync_connection, dbsync_database, dbsync_url, dbsync_runtime):
    assert isinstance(dbsync_database, OwnDatabase)
    dbsync_connection.execute("insert into plans (name) values ('Scale')")
    assert dbsync_runtime.query("select count(*) from plans") == [{"count": 3}]
    assert dbsync_url == dbsync_database.url
    info = dbsync_connection.info
    assert (info.host, info.port, info.dbname, info.user) == (
        dbsync_database.host, dbsync_database.port, dbsync_database.name, dbsync_database.user)

def test_environment(dbsync_environment):
    with Database() as database:
        assert database.query("select current_database() as name") == [{"name": dbsync_environment.name}]

def test_environment_is_as_it_was():
    assert "DATABASE_URL" not in os.environ

def test_the_role_is_an_ordinary_one(dbsync_connection):
    query = "select rolsuper, pg_get_userbyid(datdba) = rolname from pg_roles, pg_database"
    where = "rolname = current_user and datname = current_database()"
    assert dbsync_connection.execute(f"{query} where {where}").fetchone() == (False, True)

def test_a_connection_that_stays_open(dbsync_url):
    test_a_connection_that_stays_open.connection = psycopg.connect(dbsync_url)

@pytest.fixture(scope="module")
def two(dbsync_server, dbsync_schema):
    with dbsync_server.database(dbsync_schema) as one, dbsync_server.database(dbsync_schema) as other:
        yield one, other

def test_wider_scopes_and_no_seeds(two):
    one, other = two
    assert one.name != other.name
    with psycopg.connect(one.conninfo) as connection:
        assert connection.execute("select count(*) from plans").fetchone() == (0,)
""")
    run("-W", "ignore::ResourceWarning", "-W", "ignore::pytest.PytestUnraisableExceptionWarning").assert_outcomes(
        passed=9
    )


def test_who_does_not_use_it_pays_nothing(project: Path, run: Run) -> None:
    (project / "schema.sql").write_text("nonsense")
    (project / "test_nothing.py").write_text("""
import sys

def test_nothing(pytestconfig, tmp_path_factory):
    assert pytestconfig.pluginmanager.has_plugin("dbsync")
    loaded = {name for name in sys.modules if name.partition(".")[0] in ("psycopg", "postgast", "click", "dbsync")}
    assert loaded == {"dbsync", "dbsync.testing", "dbsync.testing.plugin", "dbsync.testing.record"}
    assert not (tmp_path_factory.getbasetemp() / "dbsync").exists()
""")
    run().assert_outcomes(passed=1)


def test_workers_share_a_server_that_is_gone_afterwards(project: Path, run: Run) -> None:
    (project / "test_shared.py").write_text("""
import os
import pytest

@pytest.mark.parametrize("number", range(8))
def test_shared(dbsync_connection, dbsync_database, number):
    found = dbsync_connection.execute(
        "select pg_postmaster_start_time()::text, array(select oid::bigint from pg_database where datname ~ '_.{12}$')"
    ).fetchone()
    worker = os.environ["PYTEST_XDIST_WORKER"]
    with open("seen", "a") as seen:
        seen.write(f"{worker}\\t{dbsync_database.host}\\t{found}\\n")
""")
    run("-n", "2", "--dist", "each").assert_outcomes(passed=16)
    seen = [line.split("\t") for line in (project / "seen").read_text().splitlines()]
    assert {worker for worker, _, _ in seen} == {"gw0", "gw1"}
    assert len({what for _, _, what in seen}) == 1, "one server, and one template that was made once"
    (host,) = {host for _, host, _ in seen}
    assert gone(Path(host))


def test_nothing_is_left_of_a_run_that_is_killed(project: Path, run: Run) -> None:
    (project / "test_killed.py").write_text("""
import os, signal

def test_killed(dbsync_database):
    with open("host", "w") as file:
        file.write(dbsync_database.host)
    os.kill(os.getpid(), signal.SIGKILL)
""")
    assert run().ret == -9
    host = Path((project / "host").read_text())
    assert gone(host)


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_wrong_schema_is_told_once(project: Path, run: Run, arguments: tuple[str, ...]) -> None:
    (project / "schema.sql").write_text("create table a ();\ncreate table b (\n    x nonsense\n);\n")
    (project / "test_many.py").write_text("""
import pytest

@pytest.mark.parametrize("number", range(50))
def test_many(dbsync_connection, number):
    pass
""")
    result = run(*arguments)
    assert result.ret != 0
    told = result.outlines.count('schema.sql:3:7: type "nonsense" does not exist')
    assert 1 <= told <= (2 if arguments else 1)
    text = result.stdout.str()
    assert "3 |     x nonsense\n   |       ^^^^^^^^" in text
    assert "Traceback" not in text
    assert "plugin.py" not in text
    assert "no test has its database: schema.sql:3:7: " in text
    assert result.parseoutcomes()["errors"] == told


def test_what_is_wrong_otherwise(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "test_one.py").write_text("def test_one(dbsync_database): pass\ndef test_two(dbsync_database): pass\n")
    for server, words in (
        ("DATABASE_URL", "dbsync_server is DATABASE_URL, and the environment has no such variable"),
        ("postgresql://someone:hush@127.0.0.1:1/none", "database none on 127.0.0.1:1 as someone"),
        ("nowhere", "The database URL cannot be read"),
    ):
        result = run("--dbsync-server", server)
        result.assert_outcomes(errors=1)
        assert words in result.stdout.str()
        assert "hush" not in result.stdout.str()
    (project / "seeds.sql").write_text("insert into nothing values (1);\n")
    result = run()
    result.assert_outcomes(errors=1)
    assert 'seeds.sql:1:13: relation "nothing" does not exist' in result.stdout.str()
    deferred = "create table parts (id integer primary key, whole integer references parts initially deferred);\n"
    (project / "schema.sql").write_text(deferred)
    (project / "seeds.sql").write_text("insert into parts values (1, 2);\n")
    result = run()
    result.assert_outcomes(errors=1)
    assert 'seeds.sql:1:1: insert or update on table "parts" violates' in result.stdout.str()
    assert "Traceback" not in result.stdout.str()
    (project / "schema.sql").unlink()
    result = run()
    result.assert_outcomes(errors=1)
    assert "schema.sql does not exist" in result.stdout.str()
    (project / "dbsync.toml").write_text("nonsense = 1\n")
    result = run()
    result.assert_outcomes(errors=1)
    assert "dbsync.toml has an unknown key 'nonsense'" in result.stdout.str()


def test_where_the_files_are(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths count from what names them; each folder of a project may have a schema of its own."""
    for name in ("one", "two"):
        folder = project / "services" / name
        (folder / "db").mkdir(parents=True)
        (folder / "db" / "schema.sql").write_text(f"create table {name} ();\n\\ir more.sql\n")
        (folder / "db" / "more.sql").write_text("create table more ();\n")
        (folder / "test_tables.py").write_text(f"""
def test_tables(dbsync_connection):
    query = "select array(select tablename::text from pg_tables where schemaname = 'public' order by 1)"
    assert dbsync_connection.execute(query).fetchone() == (sorted(["more", "{name}"]),)
""")
    services = project / "services"
    (services / "one" / "pytest.ini").write_text("[pytest]\ndbsync_schema = db/schema.sql\n")
    run("services/one").assert_outcomes(passed=1)
    monkeypatch.chdir(services / "two")
    run("--dbsync-schema", "db/schema.sql").assert_outcomes(passed=1)
    monkeypatch.chdir(project)
    (services / "one" / "pytest.ini").unlink()
    for name in ("one", "two"):
        (services / name / "__init__.py").touch()
        (services / name / "conftest.py").write_text("""
from pathlib import Path
import pytest

@pytest.fixture(scope="session")
def dbsync_schema():
    return Path(__file__).parent / "db" / "schema.sql"
""")
    (services / "__init__.py").touch()
    run("services").assert_outcomes(passed=2)


def test_no_seeds_with_a_schema_of_its_own(project: Path, run: Run) -> None:
    (project / "own").mkdir()
    (project / "own" / "schema.sql").write_text(SCHEMA)
    (project / "own" / "seeds.sql").write_text(SEEDS)
    (project / "conftest.py").write_text("""
from pathlib import Path
import pytest

@pytest.fixture(scope="session")
def dbsync_schema():
    return Path(__file__).parent / "own" / "schema.sql"
""")
    (project / "test_rows.py").write_text("""
import os

def test_rows(dbsync_connection):
    assert dbsync_connection.execute("select count(*)::text from plans").fetchone() == (os.environ["ROWS"],)
""")
    (project / "one.sql").write_text("insert into plans (name) values ('One');\n")
    for rows, arguments in (("2", ()), ("0", ("--dbsync-seeds", "none")), ("1", ("--dbsync-seeds", "one.sql"))):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ROWS", rows)
            run(*arguments).assert_outcomes(passed=1)


def test_roles_and_their_settings_reach_no_other_test(project: Path, run: Run) -> None:
    (project / "schema.sql").write_text(f"create role tenant;\n{SCHEMA}grant select on plans to tenant;\n")
    (project / "test_roles.py").write_text("""
import psycopg
import pytest

@pytest.mark.parametrize("_", range(2))
def test_a_role(dbsync_connection, _):
    for statement in ("create role other", "create database other", "drop role tenant"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            dbsync_connection.execute(statement)
    assert dbsync_connection.execute("select has_table_privilege('tenant', 'plans', 'select')").fetchone() == (True,)

@pytest.mark.parametrize("_", range(2))
def test_settings(dbsync_url, _):
    with psycopg.connect(dbsync_url) as connection:
        assert connection.execute("show search_path").fetchone() == ('"$user", public',)
        connection.execute("alter role current_user set search_path = nowhere")
        connection.execute("alter role current_user set statement_timeout = '1min'")
    with psycopg.connect(dbsync_url) as connection:
        assert connection.execute("show search_path").fetchone() == ("nowhere",)
""")
    run().assert_outcomes(passed=4)


def test_modules_of_the_tests_are_not_those_of_the_server(project: Path, run: Run) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "types.py").write_text("raise RuntimeError('this is of the tests')\n")
    (project / "tests" / "test_one.py").write_text("def test_one(dbsync_database): pass\n")
    run("--import-mode=prepend").assert_outcomes(passed=1)


def test_on_a_server_by_its_url(project: Path, run: Run, admin: psycopg.Connection, role: Target) -> None:
    (project / "schema.sql").write_text(SCHEMA.replace("create extension hstore;\n", "").replace(", tags hstore", ""))
    (project / "test_given.py").write_text("""
import os, signal

def test_settings(dbsync_connection):
    assert dbsync_connection.execute("show search_path").fetchone() == ('one, "Two", public',)
    dbsync_connection.execute("alter role current_user set search_path = nowhere")
    dbsync_connection.execute("alter role current_user reset statement_timeout")
    dbsync_connection.execute("alter role current_user set lock_timeout = '1min'")

def test_killed(dbsync_connection):
    assert dbsync_connection.execute("select count(*) from plans").fetchone() == (2,)
    if "KILLED" in os.environ:
        os.kill(os.getpid(), signal.SIGKILL)
""")
    arguments = ("--dbsync-server", "DATABASE_URL")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", role.conninfo())
        admin.execute("alter role dbsync_tester nocreatedb")
        result = run(*arguments)
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["The role dbsync_tester may not make databases on *"])
        admin.execute("alter role dbsync_tester createdb")
        admin.execute('alter role dbsync_tester set search_path = one, "Two", public')
        admin.execute("alter role dbsync_tester set app.tenant = 'it''s me'")
        admin.execute("alter role dbsync_tester set statement_timeout = '9min'")
        before = settings(admin)
        assert len(before) == 3
        run(*arguments).assert_outcomes(passed=2)
        assert settings(admin) == before
        admin.execute("alter role dbsync_tester reset all")
        assert ours(admin) == 0
        patch.setenv("KILLED", "1")
        assert run(*arguments, "-k", "killed").ret == -9
        assert ours(admin) == 2, "the template and the copy"
        patch.delenv("KILLED")
        assert waited(lambda: not sessions(admin))
        run(*arguments, "--dbsync-seeds", "seeds.sql", "-k", "killed").assert_outcomes(passed=1)
        assert ours(admin) == 0, "the next run removes what is left"


@pytest.fixture
def role(server: Server, admin: psycopg.Connection) -> Iterator[Target]:
    """A role of its own on the server."""
    admin.execute("create role dbsync_tester login password 'hush'")
    try:
        yield Target({**server.target.parameters, "user": "dbsync_tester", "password": "hush"})
    finally:
        for (name,) in admin.execute(
            "select datname from pg_database where datname like %s", [PREFIX + "%"]
        ).fetchall():
            admin.execute(f"drop database {name} with (force)".encode())
        admin.execute("drop role dbsync_tester")


def ours(admin: psycopg.Connection) -> int:
    row = admin.execute("select count(*) from pg_database where datname like %s", [PREFIX + "%"]).fetchone()
    assert row
    return int(row[0])


def settings(admin: psycopg.Connection) -> set[str]:
    query = "select unnest(setconfig) from pg_db_role_setting where setrole = 'dbsync_tester'::regrole"
    return {one for (one,) in admin.execute(query).fetchall()}


def sessions(admin: psycopg.Connection) -> bool:
    return bool(admin.execute("select from pg_stat_activity where usename = 'dbsync_tester'").fetchall())


def gone(path: Path) -> bool:
    return waited(lambda: not path.exists())


def waited(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within a minute."""
    deadline = time.monotonic() + 60
    while not (true := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return true


def test_includes_and_time_are_as_the_project_has_them(project: Path, run: Run) -> None:
    (project / "test_one.py").write_text("def test_one(dbsync_url):\n    pass\n")
    (project / "tables").mkdir()
    (project / "tables" / "a.sql").write_text("create table a (id int);\n")
    (project / "db").mkdir()
    (project / "db" / "schema.sql").write_text("\\ir ../tables/a.sql\nselect pg_sleep(1000);\n")
    (project / "dbsync.toml").write_text('schema = "db/schema.sql"\nload_timeout = "1s"\nseeds = "seeds.sql"\n')
    result = run("-q")
    result.stdout.fnmatch_lines(["*../tables/a.sql lies outside of*", "*--include-path DIR*"])
    (project / "dbsync.toml").write_text(
        'schema = "db/schema.sql"\nload_timeout = "1s"\nseeds = "seeds.sql"\ninclude_path = ["tables"]\n'
    )
    result = run("-q")
    result.stdout.fnmatch_lines(["*db/schema.sql:2:1: this did not end within the 1 second that loading may take*"])


def test_roles_that_only_production_has(project: Path, run: Run) -> None:
    (project / "schema.sql").write_text(
        "create table plans (name text);\ngrant select on plans to web_anon;\nalter table plans owner to boss;\n"
    )
    (project / "seeds.sql").unlink()
    (project / "test_one.py").write_text("""
def test_one(dbsync_connection):
    query = "select tableowner::text, has_table_privilege('web_anon', 'plans', 'select') from pg_tables"
    query += " where tablename = 'plans'"
    assert dbsync_connection.execute(query).fetchall() == [("boss", True)]
""")
    run("-q").assert_outcomes(passed=1)

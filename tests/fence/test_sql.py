"""Attacks in SQL by a superuser: each gets through on a server without the fence, and not on one behind it."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync.pg.connect import connect
from dbsync.scratch import account
from dbsync.scratch.binaries import Installation
from tests.fence.place import SECRET, Connection, Inside, Outside, inside, linux

pytestmark = linux

Attack = Callable[[Connection, Outside], bool]
"""True where it got through. What it raises as psycopg.Error stopped it."""


def value(session: Connection, query: str, *arguments: Any) -> Any:
    row = session.execute(query.encode(), arguments or None).fetchone()
    assert row
    return row[0]


def knows(session: Connection, query: str, *arguments: Any) -> bool:
    return SECRET in str(session.execute(query.encode(), arguments or None).fetchall())


def extension(session: Connection, name: str) -> None:
    if not session.execute("select from pg_available_extensions where name = %s", [name]).fetchall():
        pytest.skip(f"no {name} here")
    session.execute(f"create extension if not exists {name}".encode())


def reads_by(query: str) -> Attack:
    """A query that shows the secret."""
    return lambda session, outside: knows(session, query.format(secret=outside.secret, folder=outside.folder))


def makes_by(*statements: str) -> Attack:
    """Statements that make the marker."""

    def attack(session: Connection, outside: Outside) -> bool:
        for statement in statements:
            session.execute(statement.format(secret=outside.secret, marker=outside.marker).encode())
        return outside.marker.exists()

    return attack


def shows_by(query: str) -> Attack:
    """A query that gets an answer at all."""

    def attack(session: Connection, outside: Outside) -> bool:
        words = {"folder": outside.folder, "pid": outside.victim, "ours": os.getpid()}
        return bool(session.execute(query.format(**words).encode()).fetchall())

    return attack


def through_a_table(query: str) -> Attack:
    def attack(session: Connection, outside: Outside) -> bool:
        session.execute("create temp table taken (line text)")
        session.execute(query.format(secret=outside.secret).encode())
        return knows(session, "select line from taken")

    return attack


def foreign_file(options: str) -> Attack:
    def attack(session: Connection, outside: Outside) -> bool:
        extension(session, "file_fdw")
        session.execute("create server files foreign data wrapper file_fdw")
        words = options.format(secret=outside.secret)
        session.execute(f"create foreign table f (line text) server files options ({words})".encode())
        return knows(session, "select line from f")

    return attack


def foreign_server(session: Connection, outside: Outside) -> bool:
    extension(session, "postgres_fdw")
    session.execute(
        f"create server o foreign data wrapper postgres_fdw options (host '{outside.other.sockets}',"
        " port '5432', dbname 'postgres')".encode()
    )
    session.execute("create user mapping for current_user server o options (user 'dbsync_scratch')")
    session.execute(
        "create foreign table f (datname name) server o options (schema_name 'pg_catalog', table_name 'pg_database')"
    )
    return bool(session.execute("select datname from f").fetchall())


def linked(way: str) -> Attack:
    def attack(session: Connection, outside: Outside) -> bool:
        extension(session, "dblink")
        words = way.format(sockets=outside.other.sockets, tcp=outside.tcp)
        return bool(session.execute("select * from dblink(%s, 'select 1') as t(n int)", [words]).fetchall())

    return attack


def listened_to(session: Connection, outside: Outside) -> bool:
    """Whether a connection to a TCP port gets further than to be refused a socket."""
    extension(session, "dblink")
    way = f"host=127.0.0.1 port={outside.tcp} connect_timeout=2 dbname=x user=x"
    session.execute("set statement_timeout = '1s'")
    try:
        session.execute("select dblink_connect('x', %s)", [way])
    except psycopg.Error as error:
        return "timeout" in str(error)
    finally:
        session.execute("reset statement_timeout")
    return True


def subscribed(session: Connection, outside: Outside) -> bool:
    """A subscription connects to its publisher when it is made; the answer of another server says that it got there."""
    way = f"host={outside.other.sockets} port=5432 dbname=postgres user=nobody_there"
    try:
        session.execute(f"create subscription s connection '{way}' publication p".encode())
    except psycopg.Error as error:
        return "FATAL" in str(error)
    return True


def imported(session: Connection, outside: Outside) -> bool:
    found = value(session, "select lo_get(%s)", value(session, f"select lo_import('{outside.secret}')"))
    return SECRET.encode() in bytes(found)


def exported(session: Connection, outside: Outside) -> bool:
    session.execute("select lo_export(%s, %s)", [value(session, "select lo_from_bytea(0, 'x')"), str(outside.marker)])
    return outside.marker.exists()


def linked_folder(session: Connection, outside: Outside) -> bool:
    """A tablespace is a link out of the data directory."""
    folder = outside.folder / "marker-space"
    folder.mkdir(mode=0o700)
    account.choose().own(folder)
    session.execute(f"create tablespace way_out location '{folder}'".encode())
    session.execute("drop tablespace way_out")
    return True


def renamed_internal(session: Connection, outside: Outside) -> bool:
    session.execute("create or replace function innocent(text) returns text language internal as 'pg_read_file_all'")
    return knows(session, "select innocent(%s)", str(outside.secret))


def preloaded(setting: str) -> Attack:
    """A library that every new session loads: one that lies outside."""

    def attack(session: Connection, outside: Outside) -> bool:
        (outside.folder / "marker.so").write_bytes(b"no library")
        session.execute(f"alter role current_user set {setting} = '{outside.folder}/marker.so'".encode())
        try:
            with pytest.raises(psycopg.Error) as caught:
                psycopg.connect(session.info.dsn).close()
        finally:
            session.execute(f"alter role current_user reset {setting}".encode())
        # The loader that can read it says what is wrong with it.
        return "file too short" in str(caught.value) or "invalid ELF header" in str(caught.value)

    return attack


def python(code: str) -> Attack:
    return untrusted("plpython3u", code)


def untrusted(language: str, code: str) -> Attack:
    def attack(session: Connection, outside: Outside) -> bool:
        extension(session, language)
        text = code.format(secret=outside.secret, tcp=outside.tcp)
        session.execute(f"create or replace function evil() returns text language {language} as $${text}$$".encode())
        return knows(session, "select evil()")

    return attack


ATTACKS: dict[str, Attack] = {
    "copy to a program": makes_by("copy (select 1) to program 'cat > {marker}'"),
    "copy from a program": through_a_table("copy taken from program 'cat {secret}'"),
    "a function that copies to a program": makes_by(
        "create or replace function f() returns int language plpgsql as $$ begin"
        " copy (select 1) to program 'cat > {marker}'; return 1; end $$",
        "create temp table t as select f()",
    ),
    "a default of a new column": makes_by(
        "create or replace function f() returns int language plpgsql as $$ begin"
        " copy (select 1) to program 'cat > {marker}'; return 1; end $$",
        "create temp table t as select 1 as a",
        "alter table t add column b int default f()",
    ),
    "copy from a file": through_a_table("copy taken from '{secret}'"),
    "copy to a file": makes_by("copy (select 1) to '{marker}'"),
    "read a file": reads_by("select pg_read_file('{secret}')"),
    "read a binary file": reads_by("select convert_from(pg_read_binary_file('{secret}'), 'UTF8')"),
    "read a file by a way around": reads_by("select pg_read_file('/dev/../{secret}')"),
    "read the accounts": shows_by("select pg_read_file('/etc/passwd')"),
    "read the machine's name": shows_by("select pg_read_file('/etc/hostname')"),
    "read a process": shows_by("select pg_read_binary_file('/proc/{ours}/cmdline', 0, 100)"),
    "read a process's environment": shows_by("select pg_read_binary_file('/proc/{pid}/environ', 0, 100)"),
    "read the server's environment": shows_by("select pg_read_binary_file('/proc/self/environ', 0, 100)"),
    "list a folder": shows_by("select pg_ls_dir('{folder}')"),
    "list the root": shows_by("select pg_ls_dir('/')"),
    "list home folders": shows_by("select pg_ls_dir('/etc')"),
    "import a file": imported,
    "export a file": exported,
    "an internal function by another name": renamed_internal,
    "a foreign table of a file": foreign_file("filename '{secret}'"),
    "a foreign table of a program": foreign_file("program 'cat {secret}'"),
    "dblink to a socket": linked("host={sockets} port=5432 dbname=postgres user=dbsync_scratch"),
    "dblink to a port": listened_to,
    "postgres_fdw to a socket": foreign_server,
    "a subscription": subscribed,
    "a tablespace": linked_folder,
    "session_preload_libraries": preloaded("session_preload_libraries"),
    "plpython3u opens a file": python("return open('{secret}').read()"),
    "plpython3u runs a program": python(
        "import subprocess\nreturn subprocess.run(['/bin/cat', '{secret}'], capture_output=True).stdout.decode()"
    ),
    "plperlu opens a file": untrusted("plperlu", "open(my $f, '<', '{secret}') or die $!; return <$f>;"),
    "plperlu runs a program": untrusted("plperlu", "return `/bin/cat {secret}`;"),
}


def got_through(server: Inside, outside: Outside, attack: Attack) -> bool:
    with server.session() as session:
        session.autocommit = True
        try:
            return attack(session, outside)
        except psycopg.Error as error:
            print(error)  # noqa: T201 - for whoever reads why a test failed
            return False
        finally:
            session.execute("drop extension if exists file_fdw, dblink, postgres_fdw, plpython3u, plperlu cascade")


@pytest.mark.parametrize("name", ATTACKS)
def test_the_fence_stops_it(fenced: Inside, outside: Outside, name: str) -> None:
    assert not got_through(fenced, outside, ATTACKS[name])
    assert not outside.marker.exists()
    with fenced.session() as session:
        assert value(session, "select 1") == 1


@pytest.mark.parametrize("name", ATTACKS)
def test_it_works_without(open_server: Inside, outside: Outside, name: str) -> None:
    assert got_through(open_server, outside, ATTACKS[name])


def archives(server: Inside, outside: Outside) -> bool:
    with server.session() as session:
        session.execute(f"alter system set archive_command = 'touch {outside.marker}'".encode())
        session.execute("select pg_reload_conf()")
        session.execute("create table if not exists t as select 1; select pg_switch_wal()")
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and not outside.marker.exists():
        time.sleep(0.05)
    return outside.marker.exists()


@pytest.mark.parametrize("has_fence", [True, False])
def test_a_command_that_the_server_runs_for_its_archive(
    installation: Installation, outside: Outside, *, has_fence: bool
) -> None:
    settings = {"archive_mode": "on", "wal_level": "replica"}
    with inside(installation, fenced=has_fence, settings=settings) as server:
        assert archives(server, outside) is not has_fence


def passphrase(server: Inside, outside: Outside, key: bytes) -> bool:
    """Whether the command that is asked for the passphrase of a key runs, which a reload starts."""
    with server.session() as session:
        for name in ("server.key", "server.crt"):
            session.execute("select lo_from_bytea(0, %s)", [key])
            session.execute(
                f"select lo_export(oid, '{server.running.data}/{name}') from pg_largeobject_metadata".encode()
            )
            session.execute("select lo_unlink(oid) from pg_largeobject_metadata")
            (server.running.data / name).chmod(0o600)
        session.execute(f"alter system set ssl_passphrase_command = 'touch {outside.marker}'".encode())
        session.execute("alter system set ssl_passphrase_command_supports_reload = on")
        try:
            session.execute("alter system set ssl = on")
        except psycopg.Error:
            pytest.skip("this PostgreSQL knows no TLS")
        session.execute("select pg_reload_conf()")
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and not outside.marker.exists():
        time.sleep(0.05)
    return outside.marker.exists()


@pytest.mark.parametrize("has_fence", [True, False])
def test_a_command_that_the_server_runs_for_a_key(
    installation: Installation, outside: Outside, tmp_path: Path, *, has_fence: bool
) -> None:
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a key with a passphrase")
    files = [tmp_path / "key", tmp_path / "certificate"]
    subprocess.run(
        [
            *"openssl req -x509 -newkey rsa:2048 -subj /CN=x -passout pass:sesame".split(),
            "-keyout",
            files[0],
            "-out",
            files[1],
        ],
        check=True,
        capture_output=True,
    )
    key = b"".join(one.read_bytes() for one in files)
    with inside(installation, fenced=has_fence) as server:
        assert passphrase(server, outside, key) is not has_fence


def test_the_server_has_nothing_of_our_environment(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://x:{SECRET}@live/x")
    monkeypatch.setenv("PGPASSWORD", SECRET)
    with inside(installation, fenced=True) as server:
        pid = (server.running.data / "postmaster.pid").read_text().split()[0]
        names = [word.partition("=")[0] for word in Path(f"/proc/{pid}/environ").read_text().split("\0") if word]
        assert set(names) <= {"PATH", "LD_LIBRARY_PATH", "TMPDIR", "LC_ALL", "TZ"} | {"PG_GRANDPARENT_PID", "PGDATA"}
        assert server.attack("opens", f"/proc/{os.getpid()}/environ") != 0
        assert server.attack("opens", "/proc/self/environ") != 0


def test_the_files_of_the_run_are_ours(fenced: Inside) -> None:
    """What we or the watch read when a run ends must not be the server's to write: it could lead us elsewhere."""
    place = fenced.running.log.parent
    for name in ("log", "owner", "tag", "sockets", "started"):
        assert (place / name).exists()
        assert fenced.attack("removes", place / name) != 0
        with fenced.session() as session, pytest.raises(psycopg.Error, match="Permission denied"):
            session.execute(f"copy (select 'x') to '{place / name}'".encode())


def test_another_session_of_the_account_is_out_of_reach(fenced: Inside, outside: Outside) -> None:
    with contextlib.closing(connect(outside.other.target())) as session:
        pid = value(session, "select pg_backend_pid()")
        assert fenced.attack("kills", pid) != 0
        assert value(session, "select 1") == 1

"""Every bad input ends in one clear message and its exit code: what people see of each is written down here."""

import contextlib
import dataclasses
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync import cli
from dbsync.cli.screen import Screen
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.planning.planner import make_plan
from tests.plugins.database import MakeDatabase

Live = psycopg.Connection[Any]
Captured = pytest.CaptureFixture[str]
Say = Callable[..., tuple[int, str]]

URL_HINT = (
    "hint: write it as postgresql://user:password@host:5432/database; in the password, @ is %40, : is %3A, / is %2F,"
    " ? is %3F, # is %23, % is %25 and a space is %20\n"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a schema file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text("create table plans (id integer primary key);\n")
    return tmp_path


@pytest.fixture
def live(database: Target, project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """An empty database, named by DATABASE_URL."""
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    with connect(database) as connection:
        yield connection


@pytest.fixture
def say(capsys: Captured) -> Say:
    """Runs dbsync; the exit code, and what it printed on stderr."""

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.main(arguments)
        captured = capsys.readouterr()
        # For the reader of a run with -rP.
        sys.stdout.write(f"$ dbsync {' '.join(arguments)}\n{captured.err}[{code}]\n")
        return code, captured.err

    return run


# The schema file


def test_missing(live: Live, project: Path, say: Say) -> None:
    (project / "schema.sql").unlink()
    assert say("plan") == (
        3,
        (
            "error: schema.sql does not exist\n"
            "hint: start from the database (pg_dump --schema-only --no-owner > schema.sql), or write CREATE statements"
            " into a new file\n"
        ),
    )


@pytest.mark.parametrize("text", ["", "-- to do\n"])
def test_empty_with_a_database_full_of_tables(live: Live, project: Path, say: Say, text: str) -> None:
    for number in range(7):
        live.execute(f"create table public.t{number} (id integer)".encode())
    (project / "schema.sql").write_text(text)
    code, said = say("apply", "--yes")
    assert code == 5
    assert said.startswith("error: --yes does not agree to 7 losses: table public.t0 and its rows; ")
    assert f"schema.sql holds no statements: this plan drops all 7 tables of database {live.info.dbname}\n" in said
    assert "hint: --allow data-loss with --yes agrees to it; nothing was applied\n" in said
    assert cli.main(["apply", "--yes", "--allow", "data-loss"]) == 0


def test_not_utf8(live: Live, project: Path, say: Say) -> None:
    (project / "schema.sql").write_bytes(b"create table t (a int);\n-- caf\xe9\n")
    assert say("plan") == (
        3,
        (
            "error: schema.sql:2: not UTF-8: byte 0xe9 at offset 30\n"
            "hint: convert the file to UTF-8, for example with iconv -f LATIN1 -t UTF-8\n"
        ),
    )


def test_syntax_error_in_the_3000th_line(live: Live, project: Path, say: Say) -> None:
    lines = [f"create table t{number} (a int);\n" for number in range(2999)]
    (project / "schema.sql").write_text("".join(lines) + "create tabel x (a int);\n")
    assert say("plan") == (
        3,
        (
            'error: schema.sql:3000:8: syntax error at or near "tabel"\n'
            "     --> schema.sql:3000:8\n"
            "      |\n"
            " 3000 | create tabel x (a int);\n"
            "      |        ^^^^^\n"
        ),
    )


def test_reference_to_a_missing_table(live: Live, project: Path, say: Say) -> None:
    (project / "schema.sql").write_text("create table t (\n    a int references nowhere (id)\n);\n")
    code, said = say("plan")
    assert code == 3
    assert 'relation "nowhere" does not exist\n  --> schema.sql:' in said


def test_two_tables_of_one_name(live: Live, project: Path, say: Say) -> None:
    (project / "schema.sql").write_text("create table t (a int);\n\ncreate table t (b int);\n")
    code, said = say("plan")
    assert code == 3
    assert said.startswith('error: schema.sql:3:1: relation "t" already exists\n')
    assert "It is made before, at schema.sql:1:1.\n" in said


def test_nul(live: Live, project: Path, say: Say) -> None:
    (project / "schema.sql").write_bytes(b"create table t (a int);\0\n")
    code, said = say("plan")
    assert code == 3
    assert said.startswith("error: schema.sql:1:24: a NUL character\n")
    assert "\0" not in said


@pytest.mark.parametrize("arguments", [["plan", "--database", "a\0b"], ["plan", "--schema", "a\0b"]])
def test_nul_in_an_option(project: Path, say: Say, arguments: list[str]) -> None:
    code, said = say(*arguments)
    assert (code, "holds a NUL character" in said) == (2, True)


# The database


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgres//foo", "it does not begin with postgresql://"),
        ("mysql://u:hush@h/d", "its scheme is neither postgresql:// nor postgres://"),
        ("postgresql://u:hu@sh@h/d", "it has more than one @"),
        ("postgresql://u:hush%zz@h/d", "a % in it is not followed by two hexadecimal digits"),
        ("postgresql://u:hush@h:port/d", "what stands where the port should be is no port number"),
    ],
)
def test_malformed_url(project: Path, say: Say, url: str, reason: str) -> None:
    assert say("plan", "--database", url) == (2, f"error: The database URL cannot be read\n{reason}\n{URL_HINT}")


def test_refused_connection(project: Path, say: Say) -> None:
    code, said = say("plan", "--database", "postgresql://u:hush@127.0.0.1:1/shop")
    assert code == 4
    assert said.startswith("error: Cannot connect to database shop on 127.0.0.1:1 as u\n")
    assert said.endswith("hint: is PostgreSQL running there, and does it listen on that port?\n")
    assert "hush" not in said


@contextlib.contextmanager
def a_server(*answers: bytes) -> Iterator[int]:
    """A server of one connection, which gives these answers to the first packets; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as client:
                for answer in answers:
                    client.recv(8192)
                    client.sendall(answer)
                client.recv(8192)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(timeout=5)


def packet(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


PASSWORD_PLEASE = packet(b"R", struct.pack("!i", 3))


def test_wrong_password(project: Path, say: Say) -> None:
    fields = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "app"\0\0'
    with a_server(PASSWORD_PLEASE, packet(b"E", fields)) as port:
        code, said = say("plan", "--database", f"postgresql://app:hush@127.0.0.1:{port}/shop?sslmode=disable")
    assert code == 4
    assert said.startswith(f"error: Cannot connect to database shop on 127.0.0.1:{port} as app\n")
    assert 'password authentication failed for user "app"' in said
    assert said.endswith("hint: check the user and the password (in the URL, PGPASSWORD or ~/.pgpass)\n")
    assert "hush" not in said


def test_unsupported_server(project: Path, say: Say) -> None:
    hello = packet(b"R", struct.pack("!i", 0)) + packet(b"S", b"server_version\x0014.12\0")
    hello += packet(b"S", b"client_encoding\x00UTF8\0") + packet(b"Z", b"I")
    with a_server(hello) as port:
        code, said = say("plan", "--database", f"postgresql://app@127.0.0.1:{port}/shop?sslmode=disable")
    assert (code, said) == (
        4,
        (
            f"error: The server of database shop on 127.0.0.1:{port} as app runs PostgreSQL 14.12; dbsync needs 15 or"
            " newer\nhint: upgrade the server to PostgreSQL 15 to 18\n"
        ),
    )


def test_read_only(live: Live, say: Say) -> None:
    live.execute(f"alter database {live.info.dbname} set default_transaction_read_only = on".encode())
    assert cli.main(["plan"]) == 0
    assert say("apply", "--yes") == (
        6,
        (
            "error: the session is read-only; nothing was applied\n"
            "hint: look at default_transaction_read_only of the role and of the database\n"
        ),
    )


@pytest.fixture
def owner(admin: Live, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """A database whose owner may do nothing else on the server; DATABASE_URL names it."""
    name = f"dbsync_test_owner_{os.getpid()}"
    admin.execute(f"create role {name} login".encode())
    try:
        database = make_database(name)
        target = Target({**database.parameters, "user": name})
        monkeypatch.setenv("DATABASE_URL", target.conninfo())
        yield target
        admin.execute(f"drop database {target.parameters['dbname']} with (force)".encode())
    finally:
        admin.execute(f"drop role {name}".encode())


def test_owner_without_createdb(owner: Target, project: Path, say: Say) -> None:
    assert cli.main(["plan"]) == 0
    code, said = say("plan", "--scratch", "server")
    assert code == 5
    assert said.startswith(f"error: The role {owner.parameters['user']} may not make databases on ")
    assert "hint: " in said


def test_role_that_may_not_read_the_schema(owner: Target, project: Path, admin: Live, say: Say) -> None:
    superuser = Target({**owner.parameters, "user": "postgres"})
    with connect(superuser) as connection:
        connection.execute("create schema secret; create table secret.t (id integer)")
    code, said = say("plan")
    assert code == 5
    assert "permission denied for schema secret" in said
    assert "ask the administrator of the server" in said


# What changes meanwhile


def test_live_changes_before_the_apply(live: Live, monkeypatch: pytest.MonkeyPatch, say: Say) -> None:
    def change(*_: object) -> None:
        live.execute("create table public.sneaked (id integer)")

    monkeypatch.setattr("dbsync.cli.approval.approve", change)
    assert say("apply") == (
        5,
        (
            "error: the database changed after the plan was made; nothing was applied\n"
            "Since then:\n"
            "  table public.sneaked was added\n"
            "hint: plan again, and look at what has become of it\n"
        ),
    )
    assert live.execute("select to_regclass('public.plans')").fetchone() == (None,)


@pytest.mark.parametrize("change", ["create table public.sneaked (id integer)", "drop table public.old"])
@pytest.mark.parametrize("when", ["reading live", "copying live's schema", "loading", "writing the plan"])
def test_live_changes_while_planning(
    live: Live, monkeypatch: pytest.MonkeyPatch, say: Say, change: str, when: str
) -> None:
    live.execute("create table public.old (id integer)")

    changed: list[object] = []

    def progress(_: Screen, text: str) -> None:
        if text.startswith(when) and not changed:
            changed.append(live.execute(change.encode()))

    monkeypatch.setattr(Screen, "progress", progress)
    code, said = say("apply", "--yes", "--allow", "data-loss")
    if code == 0:
        # It was changed before it was read.
        assert when == "reading live"
        return
    assert code in (4, 5)
    assert "changed" in said
    assert live.execute("select to_regclass('public.plans')").fetchone() == (None,)


def test_more_locks_than_the_server_has_room_for(live: Live, monkeypatch: pytest.MonkeyPatch, say: Say) -> None:
    def many(*arguments: Any) -> Plan:
        return dataclasses.replace(make_plan(*arguments), locks=10**9)

    monkeypatch.setattr("dbsync.tasks.plan.make_plan", many)
    code, said = say("apply", "--yes")
    assert code == 5
    assert said.startswith(
        "error: one transaction of this plan holds 1,000,000,000 locks, and the server's lock table has room for "
    )
    assert "; nothing was applied\nhint: raise max_locks_per_transaction on the server" in said
    assert live.execute("select to_regclass('public.plans')").fetchone() == (None,)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 1.8, 2.6])
@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_interrupt(live: Live, project: Path, command: list[str], seconds: float) -> None:
    (project / "schema.sql").write_text("create view v as select 1 as x;\nselect pg_sleep(10);\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "dbsync", *command], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert "Traceback" not in said
    if process.returncode == -signal.SIGINT:
        # Python itself was not up yet.
        assert seconds < 1
        return
    assert (process.returncode, said) == (130, "error: interrupted\n"), said
    assert live.execute("select to_regclass('public.v')").fetchone() == (None,)

"""The ways to a server: TLS, IPv6, sockets, service and password files, names of every kind, settings of roles."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from dbsync.scratch import account
from tests.plugins.own_server import OwnServer
from tests.servers.conftest import Say, run_sql

PASSWORD = "sé:c@r/et %"
_WHO_MAY = """
local all postgres trust
local all all scram-sha-256
host all postgres all trust
hostssl all all all scram-sha-256
"""
NOTHING = "No plan was applied by dbsync to this database.\n"


@pytest.fixture
def guarded(own_server: OwnServer) -> Iterator[OwnServer]:
    """The server with TLS and passwords."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    who, certificate, key = account.choose(), own_server.folder / "crt", own_server.folder / "key"
    request = ["openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost"]
    subprocess.run([*request, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    for path in (certificate, key):
        who.own(path)
    key.chmod(0o600)
    with own_server.superuser("postgres") as session:
        session.execute(f"alter role app password '{PASSWORD}'".encode())
    access = own_server.data / "pg_hba.conf"
    before = access.read_text()
    access.write_text(_WHO_MAY)
    own_server.restart(ssl="on", ssl_cert_file=str(certificate), ssl_key_file=str(key), listen_addresses="*")
    yield own_server
    access.write_text(before)
    own_server.restart(ssl="off", listen_addresses="localhost")


def test_urls(guarded: OwnServer, project: Path, say: Say) -> None:
    who, port = f"app:{quote(PASSWORD, safe='')}", guarded.port
    certificate = guarded.folder / "crt"
    ways = [
        f"postgresql://{who}@127.0.0.1:{port}/shop?sslmode=require",
        f"postgresql://{who}@localhost:{port}/shop?sslmode=verify-full&sslrootcert={certificate}",
        f"postgresql://{who}@/shop?host={guarded.folder}&port={port}",
        f"host={guarded.folder} port={port} dbname=shop user=app password='{PASSWORD}'",
    ]
    if _has_ipv6():
        ways.append(f"postgresql://{who}@[::1]:{port}/shop")
    for url in ways:
        assert say("history", "--database", url)[:2] == (0, NOTHING), url
    code, _, said = say("history", "--database", f"postgresql://{who}@127.0.0.1:{port}/shop?sslmode=disable")
    assert code == 4
    assert "hint: the server lets nobody in this way: try sslmode=require" in said
    assert PASSWORD not in said
    assert quote(PASSWORD, safe="") not in said


def test_service_and_password_file(
    guarded: OwnServer, project: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that pg_dump needs comes from these files, too."""
    port, certificate = guarded.port, guarded.folder / "crt"
    service, passwords = project / "services", project / "passwords"
    service.write_text(
        f"[shop]\nhost=localhost\nport={port}\nuser=app\ndbname=shop\nsslmode=verify-full\nsslrootcert={certificate}\n"
    )
    passwords.write_text("localhost:{}:shop:app:{}\n".format(port, PASSWORD.replace(":", r"\:")))
    passwords.chmod(0o600)
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    assert say("history", "--database", "postgresql://?service=shop")[:2] == (0, NOTHING)
    monkeypatch.setenv("PGSERVICE", "shop")
    code, shown, _ = say("plan", "--exit-code")
    assert code == 1
    assert "pg_dump agrees" in " ".join(shown.split())


NAMES = ('my "shop" ü %20 ?', "We \"ird' röle")


def test_names_that_need_quotes(shop: OwnServer, project: Path, say: Say) -> None:
    database, role = NAMES
    with shop.superuser("postgres") as session:
        session.execute('drop database if exists "{}"'.format(database.replace('"', '""')).encode())
        session.execute('drop role if exists "{}"'.format(role.replace('"', '""')).encode())
        session.execute('create role "{}" login'.format(role.replace('"', '""')).encode())
        session.execute('create database "{}" owner "{}"'.format(*(name.replace('"', '""') for name in NAMES)).encode())
    url = f"postgresql://{quote(role, safe='')}@/{quote(database, safe='')}?host={shop.folder}&port={shop.port}"
    assert say("apply", "--yes", "--database", url)[0] == 0
    assert say("plan", "--exit-code", "--database", url)[0] == 0


def test_settings_of_the_role(shop: OwnServer, project: Path, say: Say) -> None:
    """What a role or a database sets for its sessions changes nothing, but for the role that it acts as."""
    with shop.superuser("postgres") as session:
        session.execute("do $$ begin create role owner_of_all; exception when duplicate_object then null; end $$")
        session.execute("grant owner_of_all to app")
        session.execute("alter database shop owner to owner_of_all")
        for setting in (
            "role = owner_of_all",
            "statement_timeout = 700",
            "lock_timeout = 1",
            "search_path = nowhere",
            "default_transaction_isolation = serializable",
            "standard_conforming_strings = off",
            "quote_all_identifiers = on",
            "datestyle = German",
        ):
            session.execute(f"alter role app in database shop set {setting}".encode())
    (project / "schema.sql").write_text("create table t (d date default '2026-02-01', s text default E'\\\\x');\n")
    where = ("--database", f"postgresql://app@/shop?host={shop.folder}&port={shop.port}")
    code, shown, said = say("apply", "--yes", *where)
    assert code == 0, shown + said
    with shop.superuser() as session:
        owner = session.execute("select tableowner from pg_tables where tablename = 't'").fetchone()
        assert owner == ("owner_of_all",)
    assert say("plan", "--exit-code", *where)[0] == 0


@pytest.mark.parametrize(
    "like",
    ["encoding 'LATIN1' locale 'C'", "encoding 'SQL_ASCII' locale 'C'", "locale_provider icu icu_locale 'de-DE'"],
)
def test_encodings_and_collations(shop: OwnServer, project: Path, say: Say, like: str) -> None:
    with shop.superuser("postgres") as session:
        session.execute("drop database shop")
        try:
            session.execute(f"create database shop owner app template template0 {like}".encode())
        except psycopg.Error:
            session.execute("create database shop owner app template template0")
            if "icu" not in like:
                raise
            pytest.skip("a server without ICU")
    where = ("--database", f"postgresql://app@/shop?host={shop.folder}&port={shop.port}")
    assert say("apply", "--yes", *where)[0] == 0
    assert say("plan", "--exit-code", *where)[0] == 0
    run_sql(shop, "insert into plans values (1, 'plain')")


def _has_ipv6() -> bool:
    if os.name != "posix" or not socket.has_ipv6:
        return False
    with socket.socket(socket.AF_INET6) as one:
        try:
            one.bind(("::1", 0))
        except OSError:
            return False
    return True

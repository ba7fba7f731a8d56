"""A private server of ours as a scratch server, with live's roles and tablespaces."""

import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from types import MappingProxyType
from typing import Any

import psycopg

from dbsync import sql
from dbsync.errors import DbsyncError, ScratchError
from dbsync.pg.connect import connect
from dbsync.pg.event_triggers import resting
from dbsync.pg.failures import Failure
from dbsync.pg.sealing import unsealed
from dbsync.pg.settings import PINNED
from dbsync.pg.target import Target
from dbsync.pg.time_limit import TimeLimit
from dbsync.scratch import cluster, elevation, roles, tools
from dbsync.scratch.binaries import Installation
from dbsync.scratch.cluster import RESERVED
from dbsync.scratch.contract import Scratch
from dbsync.scratch.databases import Databases
from dbsync.scratch.fence.machine import Means
from dbsync.scratch.launch import Fencing, Running, launched
from dbsync.scratch.needs import Needs

_SAID = "No space left on device"
_NO_ROOM = 1_000_000
_FENCED = Fencing()


class PrivateServer(Scratch):
    """A server that runs while its context is open."""

    def __init__(
        self,
        running: Running,
        admin: psycopg.Connection[Any],
        needs: Needs,
        password: str,
        notes: Sequence[str],
        environ: Mapping[str, str],
    ):
        self.version = running.installation.version
        self.label = running.installation.label
        self.admin = admin
        self._running = running
        self._needs = needs
        self._password = password
        self._joined = threading.Lock()
        self._joins = 0
        self._notes = (*notes, *_notes(running.fence))
        self._environ = environ
        self._databases = Databases(admin, needs.locale)
        self._limit = TimeLimit(needs.load_timeout, lambda: connect(self.target("postgres")))

    @property
    def notes(self) -> tuple[str, ...]:
        """What may not be proven on it."""
        return self._notes + self._databases.notes

    def create(self, name: str, template: str | None = None) -> None:
        """Makes a database that live's session role owns, in which no event trigger gets a superuser's rights."""
        self._databases.create(name, template, self._needs.session_role)
        if template is None:
            with self.connect(name) as superuser:
                superuser.execute(elevation.GUARD.encode())

    def drop(self, name: str) -> None:
        """Drops a database."""
        self._databases.drop(name, lambda: self.connect(name), self.silent)

    def target(self, name: str, role: str | None = None) -> Target:
        """Where the database is."""
        found = self._running.target(name, role or RESERVED)
        if role is not None:
            return found
        # What the file has run at every login, or on every command, must not run with a superuser's rights; nor may the
        # database say where its names are looked for.
        options = "-c search_path=" + (" -c event_triggers=off" if self.version >= 170000 else "")
        return Target({**found.parameters, "options": options, "password": self._password})

    def connect(
        self, name: str, role: str | None = None, settings: Mapping[str, str] = PINNED
    ) -> psycopg.Connection[Any]:
        """A session as this role, or as superuser."""
        return connect(self.target(name, role), settings=settings, limit=self._limit, each=role is None)

    def connect_as_owner(self, name: str, settings: Mapping[str, str] = PINNED) -> psycopg.Connection[Any]:
        """A session as a role that is a member of all others."""
        return self.connect(name, roles.OWNER, settings)

    def silent(self, superuser: psycopg.Connection[Any]) -> AbstractContextManager[None]:
        """Changes nothing from PostgreSQL 17 on, where the session's settings silence them."""
        return resting(superuser) if self.version < 170000 else nullcontext()

    def dump(self, name: str, *, extra: Sequence[str] = ()) -> str:
        """The database's schema."""
        text = tools.dump(self._running.installation, self.target(name), extra, timeout=self._limit.seconds)
        return unsealed(text)

    def dump_live(
        self,
        target: Target,
        *,
        snapshot: str | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
        extra: Sequence[str] = (),
    ) -> str:
        """Live's schema."""
        programs, environ = self._running.installation, self._environ
        return tools.dump_live(programs, target, snapshot=snapshot, settings=settings, extra=extra, environ=environ)

    def close(self) -> None:
        """Keeps no time any more."""
        self._limit.close()

    def elevated(
        self, session: psycopg.Connection[Any], *, silent: bool = True, owner: str | None = None
    ) -> AbstractContextManager[None]:
        """Makes the role that a session acts as a superuser for a while."""
        return elevation.elevated(self.admin, session, silent=silent, owner=owner)

    @contextmanager
    def owning(self) -> Iterator[None]:
        """Makes live's session role a member of all others for a while; it may be asked for twice at once."""
        with self._joined:
            if self._joins == 0:
                self._run(roles.joining(self._needs, self.version))
            self._joins += 1
        try:
            yield
        finally:
            with self._joined:
                self._joins -= 1
                if self._joins == 0:
                    self._run(roles.parting(self._needs, self.version))

    def _run(self, statements: Iterable[str]) -> None:
        if script := "; ".join(statements):
            self.admin.execute(script.encode())


def _notes(fence: Means | None) -> Iterator[str]:
    if fence and fence.gap:
        yield f"No fence of the operating system is around the scratch server: {fence.gap}"


@contextmanager
def private_server(
    installation: Installation,
    needs: Needs,
    notes: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
    *,
    fencing: Fencing | None = _FENCED,
) -> Iterator[Scratch]:
    """Starts a server from these binaries and makes live's roles on it."""
    with launched(installation, environ, locked=True, fencing=fencing) as running, closing(_first(running)) as admin:
        password = secrets.token_urlsafe(24)
        try:
            _lock(admin, password)
            _furnish(admin, needs)
        except psycopg.Error as error:
            raise ScratchError(
                "Live's roles could not be made on the scratch server", detail=str(Failure.of(error))
            ) from error
        try:
            with closing(PrivateServer(running, admin, needs, password, notes, environ)) as scratch:
                yield scratch
        except (DbsyncError, psycopg.Error) as error:
            if running.excess.what:
                raise _excess(running.excess.what) from error
            if _full(running, error):
                raise _no_room(running) from error
            raise


def _excess(what: str) -> ScratchError:
    return ScratchError(
        f"The scratch server took {what}, and was stopped; live was only read",
        detail="the schema file, or a function that runs while it is loaded, asked for it",
        hint="if that is meant to be, name another server with --scratch",
    )


def _full(running: Running, error: Exception) -> bool:
    """Whether it was for want of disk space; the server's last words may have found no room either."""
    return running.room < _NO_ROOM or any(_SAID in text for text in (str(error), running.last_words()))


def _no_room(running: Running) -> ScratchError:
    place = running.log.parent.parent
    return ScratchError(
        f"The scratch server ran out of disk space in {place}; live was only read",
        hint=f"make room in {place}, name another folder with DBSYNC_CACHE, or another server with --scratch",
    )


def _first(running: Running) -> psycopg.Connection[Any]:
    target = running.target(user=RESERVED)
    return connect(Target({**target.parameters, "password": cluster.FIRST_PASSWORD}))


def _lock(admin: psycopg.Connection[Any], password: str) -> None:
    """Gives the superuser a password that nobody else knows: code of the file may reach the server's own socket."""
    # To make a strong password costly to guess takes time at each login, and this one cannot be guessed.
    cheap = "scram_iterations = 1" if admin.info.server_version >= 160000 else "password_encryption = md5"
    admin.execute(f"SET {cheap}".encode())
    admin.execute(f"ALTER ROLE {sql.name(RESERVED)} PASSWORD {sql.literal(password)}".encode())


def _furnish(admin: psycopg.Connection[Any], needs: Needs) -> None:
    roles.make(admin, needs)
    admin.execute("; ".join([*roles.closing(admin.info.server_version), *roles.owner(needs)]).encode())
    if needs.tablespaces:
        # Folders inside the data directory: the names are what counts.
        admin.execute("SET allow_in_place_tablespaces = on")
        for name in needs.tablespaces:
            admin.execute(f"CREATE TABLESPACE {sql.name(name)} LOCATION ''".encode())
            admin.execute(f"GRANT CREATE ON TABLESPACE {sql.name(name)} TO PUBLIC".encode())

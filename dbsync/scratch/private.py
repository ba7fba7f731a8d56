"""A private server of ours as a scratch server, with live's roles and tablespaces."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from dbsync import sql
from dbsync.errors import DbsyncError, ScratchError
from dbsync.pg.connect import PINNED, connect
from dbsync.pg.failures import Failure
from dbsync.pg.target import Target
from dbsync.pg.time_limit import TimeLimit
from dbsync.scratch import account, roles, tools
from dbsync.scratch.binaries import Installation
from dbsync.scratch.cluster import SUPERUSER
from dbsync.scratch.contract import Scratch
from dbsync.scratch.databases import Databases
from dbsync.scratch.launch import Running, launched
from dbsync.scratch.needs import Needs

_SAID = "No space left on device"
_NO_ROOM = 1_000_000


class PrivateServer(Scratch):
    """A server that runs while its context is open."""

    def __init__(
        self,
        running: Running,
        admin: psycopg.Connection[Any],
        needs: Needs,
        notes: Sequence[str],
        environ: Mapping[str, str],
    ):
        self.version = running.installation.version
        self.label = running.installation.label
        self.admin = admin
        self._running = running
        self._needs = needs
        self._notes = tuple(notes)
        self._environ = environ
        self._databases = Databases(admin, needs.locale)
        self._limit = TimeLimit(needs.load_timeout, lambda: connect(running.target()))

    @property
    def notes(self) -> tuple[str, ...]:
        """What may not be proven on it."""
        return self._notes + self._databases.notes

    def create(self, name: str, template: str | None = None) -> None:
        """Makes a database that live's session role owns."""
        self._databases.create(name, template, self._needs.session_role)

    def drop(self, name: str) -> None:
        """Drops a database."""
        self._databases.drop(name, lambda: self.connect(name))

    def target(self, name: str, role: str | None = None) -> Target:
        """Where the database is."""
        return self._running.target(name, role or SUPERUSER)

    def connect(
        self, name: str, role: str | None = None, settings: Mapping[str, str] = PINNED
    ) -> psycopg.Connection[Any]:
        """A session as this role, or as superuser."""
        return connect(self.target(name, role), settings=settings, limit=self._limit, each=role is None)

    def dump(self, name: str, *, extra: Sequence[str] = ()) -> str:
        """The database's schema."""
        return tools.dump(self._running.installation, self.target(name), extra, timeout=self._limit.seconds)

    def dump_live(self, target: Target, *, snapshot: str | None = None, extra: Sequence[str] = ()) -> str:
        """Live's schema."""
        return tools.dump_live(
            self._running.installation, target, snapshot=snapshot, extra=extra, environ=self._environ
        )

    def restore(self, name: str, text: str) -> None:
        """Loads what pg_dump wrote; event triggers and foreign data wrappers want superusers for their owners."""
        with ExitStack() as stack:
            for role in self._needs.roles:
                if role.superuser and role.name != SUPERUSER:
                    stack.enter_context(self.elevated(role.name))
            tools.restore(
                self._running.installation,
                self.target(name),
                text,
                popen=account.choose().popen(),
                timeout=self._limit.seconds,
            )

    def close(self) -> None:
        """Keeps no time any more."""
        self._limit.close()

    @contextmanager
    def elevated(self, role: str, *sessions: psycopg.Connection[Any]) -> Iterator[None]:
        """Makes the role a superuser for a while."""
        self.admin.execute(f"ALTER ROLE {sql.name(role)} SUPERUSER".encode())
        _notice(sessions)
        try:
            yield
        finally:
            self.admin.execute(f"ALTER ROLE {sql.name(role)} NOSUPERUSER".encode())
            _notice(sessions)


def _notice(sessions: Sequence[psycopg.Connection[Any]]) -> None:
    """A transaction under way sees what changed about its role when it opens a table."""
    for session in sessions:
        if session.info.transaction_status == TransactionStatus.INTRANS:
            session.execute("select from pg_catalog.pg_am limit 0")


@contextmanager
def private_server(
    installation: Installation, needs: Needs, notes: Sequence[str] = (), environ: Mapping[str, str] = os.environ
) -> Iterator[Scratch]:
    """Starts a server from these binaries and makes live's roles on it."""
    with launched(installation, environ) as running, closing(connect(running.target())) as admin:
        try:
            _furnish(admin, needs)
        except psycopg.Error as error:
            raise ScratchError(
                "Live's roles could not be made on the scratch server", detail=str(Failure.of(error))
            ) from error
        try:
            with closing(PrivateServer(running, admin, needs, notes, environ)) as scratch:
                yield scratch
        except (DbsyncError, psycopg.Error) as error:
            if _full(running, error):
                raise _no_room(running) from error
            raise


def _full(running: Running, error: Exception) -> bool:
    """Whether it was for want of disk space; the server's last words may have found no room either."""
    return running.room < _NO_ROOM or any(_SAID in text for text in (str(error), running.last_words()))


def _no_room(running: Running) -> ScratchError:
    place = running.log.parent.parent
    return ScratchError(
        f"The scratch server ran out of disk space in {place}; live was only read",
        hint=f"make room in {place}, name another folder with DBSYNC_CACHE, or another server with --scratch",
    )


def _furnish(admin: psycopg.Connection[Any], needs: Needs) -> None:
    roles.make(admin, needs)
    if needs.tablespaces:
        # Folders inside the data directory: the names are what counts.
        admin.execute("SET allow_in_place_tablespaces = on")
        for name in needs.tablespaces:
            admin.execute(f"CREATE TABLESPACE {sql.name(name)} LOCATION ''".encode())
            admin.execute(f"GRANT CREATE ON TABLESPACE {sql.name(name)} TO PUBLIC".encode())

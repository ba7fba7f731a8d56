"""The server that tests run on: a private one, or one that is given by its URL."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from dbsync import sql
from dbsync.errors import ScratchError
from dbsync.load.acts import Elevate
from dbsync.pg import version as versions
from dbsync.pg.connect import connect
from dbsync.pg.server import Locale, describe
from dbsync.pg.target import Target
from dbsync.scratch import elevation
from dbsync.scratch.binaries import Installation
from dbsync.scratch.databases import Databases
from dbsync.scratch.needs import Needs
from dbsync.scratch.roles import make
from dbsync.testing.kept import kept_server

ROLE = "app"
"""The role of the tests on a private server: an ordinary one, as production has, that owns its databases.

It may make neither roles nor databases: these are the server's, which all tests of a run share.
"""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A server, and how databases are made and reached there; `target` is the tests' own way to it, as `role`."""

    target: Target
    role: str
    admin: psycopg.Connection[Any]
    databases: Databases
    owner: str | None
    elevated: Elevate
    loading: Callable[[], AbstractContextManager[None]]
    """As long as it is open, the role may make the roles that a schema file has."""
    stand_ins: Callable[[Collection[str]], None]
    """Makes the roles of these names that the server lacks, where it is ours."""

    def at(self, name: str) -> Target:
        """A database of it, for the tests' role."""
        return self.target.with_database(name)


@contextlib.contextmanager
def private(installation: Installation, folder: Path) -> Iterator[Site]:
    """A private server of these binaries, shared by the processes that give the same folder."""
    with kept_server(installation, folder) as superuser, contextlib.closing(connect(superuser)) as admin:
        with _alone(admin):
            if not admin.execute("select from pg_roles where rolname = %s", [ROLE]).fetchall():
                admin.execute(f"CREATE ROLE {sql.name(ROLE)} LOGIN".encode())

        @contextlib.contextmanager
        def elevated(
            session: psycopg.Connection[Any], *, silent: bool = True, owner: str | None = None
        ) -> Iterator[None]:
            # The role is that of all processes: another's end would come in the middle of what this one runs.
            with _alone(admin), elevation.elevated(admin, session, silent=silent, owner=owner):
                yield

        @contextlib.contextmanager
        def loading() -> Iterator[None]:
            with _alone(admin):
                admin.execute(f"ALTER ROLE {sql.name(ROLE)} CREATEROLE".encode())
                try:
                    yield
                finally:
                    admin.execute(f"ALTER ROLE {sql.name(ROLE)} NOCREATEROLE".encode())

        def stand_ins(names: Collection[str]) -> None:
            with _alone(admin):
                make(admin, Needs(major=0, session_role=ROLE).and_roles(names))

        yield Site(
            target=Target({**superuser.parameters, "user": ROLE}),
            role=ROLE,
            admin=admin,
            databases=Databases(admin, Locale()),
            owner=ROLE,
            elevated=elevated,
            loading=loading,
            stand_ins=stand_ins,
        )


@contextlib.contextmanager
def given(target: Target) -> Iterator[Site]:
    """The server of a URL, whose role makes the databases."""
    with contextlib.closing(connect(target)) as admin:
        versions.check(admin.info.server_version, target.label)
        facts = describe(admin)
        if facts.in_recovery:
            raise ScratchError(
                f"{target.label} is a standby, where nothing can be made", hint="name its primary server"
            )
        if not (facts.superuser or facts.attributes.createdb):
            raise ScratchError(
                f"The role {facts.role} may not make databases on {target.label}",
                detail="each test gets a database of its own, made beside the one that the URL names",
                hint=f"have an administrator run ALTER ROLE {sql.name(facts.role)} CREATEDB, or leave the server out: "
                "then the tests have a private one",
            )
        # What WAL_LOG writes is more than FILE_COPY's, but it forces no checkpoint on the server's other databases.
        databases = Databases(admin, facts.locale, strategy="wal_log")
        yield Site(
            target=target,
            role=facts.role,
            admin=admin,
            databases=databases,
            owner=None,
            elevated=_as_it_is,
            loading=contextlib.nullcontext,
            stand_ins=lambda _: None,
        )


@contextlib.contextmanager
def _as_it_is(session: psycopg.Connection[Any], *, silent: bool = True, owner: str | None = None) -> Iterator[None]:
    """The role of the URL may do what it may do."""
    del session, silent, owner
    yield


@contextlib.contextmanager
def _alone(admin: psycopg.Connection[Any]) -> Iterator[None]:
    admin.execute("select pg_advisory_lock(1)")
    try:
        yield
    finally:
        admin.execute("select pg_advisory_unlock(1)")

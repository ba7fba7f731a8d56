"""What every scratch server can do, whoever runs it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any

import psycopg

from dbsync.pg.settings import PINNED
from dbsync.pg.target import Target


class Scratch(ABC):
    """A server for databases that nobody else sees; it is gone, or they are, when its context ends."""

    version: int
    """As server_version_num."""
    label: str
    admin: psycopg.Connection[Any]
    """An autocommit session that may make and drop databases: a superuser's, on a private server."""

    @property
    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """What may not be proven on it, in sentences; it may grow when databases are made."""

    @abstractmethod
    def create(self, name: str, template: str | None = None) -> None:
        """Makes a database that live's session role owns, like live in encoding and locale, or a copy of another.

        Subscriptions belong to the server: a copy of a database has none.
        """

    @abstractmethod
    def drop(self, name: str) -> None:
        """Drops a database, and the sessions that it has."""

    @abstractmethod
    def target(self, name: str, role: str | None = None) -> Target:
        """Where the database is, for this role; None is the superuser."""

    @abstractmethod
    def connect(
        self, name: str, role: str | None = None, settings: Mapping[str, str] = PINNED
    ) -> psycopg.Connection[Any]:
        """A session in autocommit mode."""

    @abstractmethod
    def connect_as_owner(self, name: str, settings: Mapping[str, str] = PINNED) -> psycopg.Connection[Any]:
        """A session in autocommit mode that may do what any owner may, and sees all rows.

        What reads or writes tables evaluates their indexes and constraints, and must not be a superuser's.
        """

    @abstractmethod
    def silent(self, superuser: psycopg.Connection[Any]) -> AbstractContextManager[None]:
        """Keeps event triggers of the database from what a superuser's session does."""

    @abstractmethod
    def dump(self, name: str, *, extra: Sequence[str] = ()) -> str:
        """The database's schema as pg_dump writes it."""

    @abstractmethod
    def dump_live(
        self,
        target: Target,
        *,
        snapshot: str | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
        extra: Sequence[str] = (),
    ) -> str:
        """Live's schema as pg_dump of the same binaries writes it, in a session that has these settings."""

    @abstractmethod
    def elevated(
        self, session: psycopg.Connection[Any], *, silent: bool = True, owner: str | None = None
    ) -> AbstractContextManager[None]:
        """Lets the role that a session acts as do everything for a while; `silent` keeps event triggers from it."""

    @abstractmethod
    def owning(self) -> AbstractContextManager[None]:
        """Lets the session role do for a while what any owner of something may do with it, and nothing more."""

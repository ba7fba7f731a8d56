"""Makes databases like live's, or says what could not be alike."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from dbsync import sql
from dbsync.errors import ScratchError
from dbsync.pg.failures import Failure
from dbsync.pg.server import Locale

Silent = Callable[[psycopg.Connection[Any]], contextlib.AbstractContextManager[Any]]


class Databases:
    """Creates databases through an admin session, in live's encoding and locale where the server has them."""

    def __init__(self, admin: psycopg.Connection[Any], locale: Locale, *, strategy: str = "file_copy"):
        self._admin = admin
        self._strategy = strategy
        self._clauses = list(_clauses(locale, admin.info.server_version))
        self._locale = locale
        self.notes: tuple[str, ...] = ()
        self._one_by_one = threading.Lock()

    def create(self, name: str, template: str | None, owner: str | None) -> None:
        """Makes one; the first time also finds out which locale the server can give."""
        head = f"CREATE DATABASE {sql.name(name)} TEMPLATE {sql.name(template or 'template0')}"
        head += f" STRATEGY {self._strategy}" + (f" OWNER {sql.name(owner)}" if owner else "")
        if template is not None:
            self._run(head)
            return
        with self._one_by_one:
            self._create(head, name)

    def _create(self, head: str, name: str) -> None:
        while len(self._clauses) > 1:
            try:
                self._admin.execute(f"{head} {self._clauses[0]}".encode())
            except psycopg.Error as error:
                failure = Failure.of(error)
                if failure.lost or failure.sqlstate in ("42P04", "42501", "53100"):
                    raise self._error(failure, name) from error
                del self._clauses[0]
                self.notes = (_note(self._locale, failure),)
            else:
                return
        self._run(f"{head} {self._clauses[0]}")

    def drop(
        self, name: str, connected: Callable[[], psycopg.Connection[Any]], silent: Silent = contextlib.nullcontext
    ) -> None:
        """Drops one with its sessions; `connected` opens a session in it, if subscriptions stand in the way, and
        `silent` keeps event triggers from what that does."""
        statement = f"DROP DATABASE IF EXISTS {sql.name(name)} WITH (FORCE)".encode()
        try:
            self._admin.execute(statement)
        except psycopg.errors.ObjectInUse:
            with contextlib.closing(connected()) as session, silent(session):
                _drop_subscriptions(session)
            self._admin.execute(statement)

    def _run(self, statement: str) -> None:
        try:
            self._admin.execute(statement.encode())
        except psycopg.Error as error:
            raise self._error(Failure.of(error), statement.split()[2]) from error

    def _error(self, failure: Failure, name: str) -> ScratchError:
        hint = "make room on that disk, then run again" if failure.sqlstate == "53100" else failure.hint
        return ScratchError(
            f"The scratch database {name} could not be made: {failure.message}", detail=failure.detail, hint=hint
        )


def _drop_subscriptions(session: psycopg.Connection[Any]) -> None:
    """Without their slots, which a publisher would be asked to drop."""
    found = session.execute(
        "select subname::text from pg_subscription where subdbid = (select oid from pg_database "
        "where datname = current_database())"
    ).fetchall()
    for (name,) in found:
        subscription = sql.name(name)
        session.execute(f"ALTER SUBSCRIPTION {subscription} DISABLE".encode())
        session.execute(f"ALTER SUBSCRIPTION {subscription} SET (slot_name = NONE)".encode())
        session.execute(f"DROP SUBSCRIPTION {subscription}".encode())


def _clauses(locale: Locale, version: int) -> Iterator[str]:
    encoding = f"ENCODING {sql.literal(locale.encoding)}"
    libc = f"LC_COLLATE {sql.literal(locale.collate)} LC_CTYPE {sql.literal(locale.ctype)}"
    alike = f"{encoding} {libc} LOCALE_PROVIDER {locale.provider}"
    if locale.provider == "icu" and locale.locale:
        alike += f" ICU_LOCALE {sql.literal(locale.locale)}"
        if locale.icu_rules and version >= 160000:
            alike += f" ICU_RULES {sql.literal(locale.icu_rules)}"
    elif locale.provider == "builtin" and locale.locale:
        alike += f" BUILTIN_LOCALE {sql.literal(locale.locale)}"
    plain = f"{encoding} LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc"
    if alike != plain:
        yield alike
    yield plain


def _note(locale: Locale, failure: Failure) -> str:
    wanted = f"{locale.encoding}, {locale.provider} {locale.locale or locale.collate}"
    return (
        f"The scratch server cannot sort as live does ({wanted}: {failure.message}); it sorts by byte order, "
        "so that what depends on the order of texts, such as bounds of partitions, is not proven"
    )

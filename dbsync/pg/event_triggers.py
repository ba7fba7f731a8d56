"""Keeps a scratch database's event triggers from acting on what is done to it for dbsync's own ends.

Commands about event triggers fire none, in any version ("Event Trigger Firing Matrix" of the manual).
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import rows, sql
from psycopg.pq import TransactionStatus

from dbsync.pg.own_names import own_names

Connection = psycopg.Connection[Any]

# Those of dbsync's own are a part of an extension, or call what is in these schemas.
_AWAKE = """
    select evtname::text, evtenabled::text from pg_catalog.pg_event_trigger e
    where evtenabled <> 'D' and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_event_trigger'::regclass and d.objid = e.oid and d.deptype = 'e')
      and not exists (
        select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        where p.oid = e.evtfoid and n.nspname in ('dbsync_places', 'dbsync_touched'))
    order by 1"""
_STATES = {"O": sql.SQL("enable"), "R": sql.SQL("enable replica"), "A": sql.SQL("enable always")}
_DISABLED = sql.SQL("disable")


@contextlib.contextmanager
def resting(superuser: Connection) -> Iterator[None]:
    """While it is open none fires, in any session; their states are then what they were.

    A setting does so from PostgreSQL 17 on, but it would silence dbsync's own too (section "event_triggers" of the
    manual). What is rolled back puts them back as well.
    """
    states = _states(superuser)
    silence(superuser)
    try:
        yield
    finally:
        if not superuser.closed and superuser.info.transaction_status != TransactionStatus.INERROR:
            for name, state in states.items():
                _set(superuser, name, _STATES[state])


def silence(superuser: Connection) -> None:
    """Disable all of them for good, as far as the session may."""
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
        for name in awake(superuser):
            rest(superuser, name)


def awake(session: Connection) -> tuple[str, ...]:
    """The names of the event triggers that fire."""
    return tuple(_states(session))


def rest(superuser: Connection, name: str) -> None:
    """Disable one. psycopg.errors.InsufficientPrivilege where the session may not."""
    _set(superuser, name, _DISABLED)


def wake(superuser: Connection, name: str) -> None:
    """Have one fire always. psycopg.errors.InsufficientPrivilege where the session may not."""
    _set(superuser, name, _STATES["A"])


def _states(session: Connection) -> dict[str, str]:
    with own_names(session), session.cursor(row_factory=rows.tuple_row) as cursor:
        return dict(cursor.execute(_AWAKE).fetchall())


def _set(superuser: Connection, name: str, state: sql.SQL) -> None:
    with contextlib.suppress(psycopg.errors.UndefinedObject):
        superuser.execute(sql.SQL("alter event trigger {} {}").format(sql.Identifier(name), state))

"""Gives the role of a session a superuser's rights for one act, out of reach of the database's event triggers."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from dbsync import sql
from dbsync.pg.event_triggers import resting

Connection = psycopg.Connection[Any]

_BOOTSTRAP = 10
"""The oid of the server's first superuser, to whom event triggers of ours belong (BOOTSTRAP_SUPERUSERID)."""

GUARD = rf"""
create function pg_catalog.dbsync_guard() returns event_trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (select rolsuper from pg_roles where rolname = current_user)
       and exists (select from pg_event_trigger where evtenabled <> 'D' and evtowner <> {_BOOTSTRAP}) then
        raise insufficient_privilege using message = 'an event trigger would run with a superuser''s rights';
    end if;
end $$;
create event trigger {{name}} on ddl_command_start execute function pg_catalog.dbsync_guard();
alter extension plpgsql add function pg_catalog.dbsync_guard();
alter extension plpgsql add event trigger {{name}};
""".format(name='"\x01dbsync"')
"""Keeps event triggers of a database from what a superuser does there, such as the script of a trusted extension that
an ordinary role makes. Its name is the first in order, and so it is asked first; as a part of an extension it is in no
dump and in no catalog of ours.
"""


@contextlib.contextmanager
def elevated(
    admin: Connection, session: Connection, *, silent: bool = True, owner: str | None = None
) -> Iterator[None]:
    """Makes the role that a session acts as a superuser for a while. While it is one, nobody else may act as it.

    `silent` keeps all event triggers but ours from what it does; `owner` is another role that is one meanwhile.
    """
    found = {_text(session, "select current_user::text"), *([owner] if owner else [])}
    known = admin.execute(_ORDINARY.encode(), [sorted(found)]).fetchall()
    names = [sql.name(name) for (name,) in known]
    _give(admin, names, "SUPERUSER")
    _notice(session)
    try:
        with resting(session) if silent else contextlib.nullcontext():
            yield
    finally:
        _give(admin, names, "NOSUPERUSER")
        _notice(session)


_ORDINARY = "select rolname::text from pg_catalog.pg_roles where rolname = any (%s) and not rolsuper"


def _give(admin: Connection, names: list[str], rights: str) -> None:
    if names:
        admin.execute("; ".join(f"ALTER ROLE {name} {rights}" for name in names).encode())


def _text(session: Connection, query: str) -> str:
    with session.cursor(row_factory=tuple_row) as cursor:
        return str(cursor.execute(query.encode()).fetchall()[0][0])


def _notice(session: Connection) -> None:
    """A transaction under way sees what changed about its role when it opens a table."""
    if session.info.transaction_status == TransactionStatus.INTRANS:
        session.execute("select from pg_catalog.pg_am limit 0")

"""Reads what an operator should know of a database besides its schema: rights, leftovers, what stands in the way."""

import dataclasses
from typing import Any

import psycopg
from psycopg.rows import dict_row

Connection = psycopg.Connection[Any]

_ROLE = """
    select current_user::text as role,
           has_database_privilege(d.oid, 'create') as creates,
           coalesce((select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user), false) as superuser,
           pg_is_in_recovery() as standby,
           (select reset_val = 'on' from pg_catalog.pg_settings
            where name = 'default_transaction_read_only') as read_only
    from pg_catalog.pg_database d where d.datname = current_database()
"""
# Members of extensions belong to whoever made the extension.
_TABLES = """
    select format('%I.%I', n.nspname, c.relname), pg_has_role(c.relowner, 'usage')
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'dbsync')
      and not exists (select from pg_catalog.pg_depend d
                      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by 1
"""
# One that is being made is not valid either; what another role makes in this database may not be told to ours.
_INVALID = """
    select format('%I.%I', n.nspname, c.relname)
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where not i.indisvalid and c.relkind = 'i' and n.nspname !~ '^pg_toast'
      and not exists (select from pg_catalog.pg_stat_progress_create_index p
                      where p.index_relid = i.indexrelid
                         or (p.index_relid is null and p.datname = current_database()))
    order by 1
"""
_DATABASES = """
    select d.datname::text from pg_catalog.pg_database d
    where starts_with(d.datname, %s)
      and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid)
    order by 1
"""
# What holds a lock for long makes an apply wait, and then everybody behind it.
_OPEN = """
    select format('process %s (role %s%s), since %s', pid, usename, case when application_name <> ''
                  then ', ' || application_name else '' end, xact_start::timestamptz(0))
    from pg_catalog.pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
      and xact_start < now() - interval '5 minutes'
    union all
    select format('prepared transaction %s (role %s), since %s', gid, owner, prepared::timestamptz(0))
    from pg_catalog.pg_prepared_xacts where database = current_database()
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Condition:
    """The state of a database and what the session's role may do in it."""

    role: str
    superuser: bool
    creates: bool
    standby: bool
    read_only: bool
    tables: int
    foreign: tuple[str, ...]
    """Tables that the role may not alter."""
    invalid: tuple[str, ...]
    """Indexes that a CREATE INDEX CONCURRENTLY left behind."""
    databases: tuple[str, ...]
    """Databases of the server under the prefix that was asked for, in which nobody works."""
    open: tuple[str, ...]
    """Transactions that have been open for more than five minutes, in words."""


def look(connection: Connection, prefix: str) -> Condition:
    """Read it; nothing is written, and no row of the database's tables is read."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_ROLE).fetchone()
    assert row is not None
    tables = connection.execute(_TABLES).fetchall()
    return Condition(
        **row,
        tables=len(tables),
        foreign=tuple(name for name, ours in tables if not ours),
        invalid=_names(connection, _INVALID),
        databases=_names(connection, _DATABASES, prefix),
        open=_names(connection, _OPEN),
    )


def _names(connection: Connection, query: str, *parameters: str) -> tuple[str, ...]:
    return tuple(name for (name,) in connection.execute(query.encode(), parameters or None).fetchall())

"""Reads what a scratch server must know of live: version, encoding, locale, roles, extensions, capacity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from dbsync.pg import version as versions
from dbsync.pg.settings import PINNED


@dataclass(frozen=True, kw_only=True)
class Locale:
    """How a database encodes and sorts text; `provider` is libc, icu or builtin."""

    encoding: str = "UTF8"
    collate: str = "C"
    ctype: str = "C"
    provider: str = "libc"
    locale: str | None = None
    icu_rules: str | None = None


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role and what it may do; its password is never read."""

    name: str
    superuser: bool = False
    inherit: bool = True
    createrole: bool = False
    createdb: bool = False
    replication: bool = False
    bypassrls: bool = False


@dataclass(frozen=True, kw_only=True)
class Membership:
    """That `member` is a member of `role`; `inherit` and `set` are None before PostgreSQL 16, which lacks them."""

    role: str
    member: str
    admin: bool = False
    inherit: bool | None = None
    set: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An extension that a database has."""

    name: str
    version: str
    schema: str


@dataclass(frozen=True, kw_only=True)
class LiveFacts:
    """A database and its server at one moment."""

    version: int
    database: str
    database_oid: int
    system_identifier: str | None
    locale: Locale
    role: str
    """The role that the session acts as: another than the one that logs in, where ALTER ROLE ... SET role says so."""
    superuser: bool
    extensions: tuple[Installed, ...]
    roles: tuple[Role, ...]
    memberships: tuple[Membership, ...]
    lock_capacity: int
    in_recovery: bool
    read_only: bool
    tablespaces: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the role's sessions have in this database, of the settings that ours are given: before they are pinned."""

    @property
    def major(self) -> int:
        """The major version."""
        return versions.major(self.version)

    @property
    def attributes(self) -> Role:
        """The session's role with its attributes."""
        return next((role for role in self.roles if role.name == self.role), Role(name=self.role))


_SERVER = """
select current_setting('server_version_num')::int, d.datname::text, d.oid::bigint, current_user::text,
       pg_encoding_to_char(d.encoding)::text, d.datcollate::text, d.datctype::text, {locale},
       {capacity},
       pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
       coalesce((select array_agg(spcname::text order by spcname) from pg_tablespace
                 where spcname not in ('pg_default', 'pg_global')), '{{}}')
from pg_database d where d.datname = current_database()"""

_PROVIDER = (
    "case d.datlocprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end, {name}::text, {rules}::text"
)

_ROLES = """
select rolname::text, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
from pg_roles order by rolname"""

_MEMBERSHIPS = """
select r.rolname::text, m.rolname::text, bool_or(a.admin_option), {inherit}, {set}
from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
group by 1, 2 order by 1, 2"""

_EXTENSIONS = """
select e.extname::text, e.extversion, n.nspname::text
from pg_extension e join pg_namespace n on n.oid = e.extnamespace order by e.extname"""


_SETTINGS = "select name, reset_val from pg_catalog.pg_settings where name = any (%s) order by name"


def lock_capacity(version: int) -> str:
    """The expression that says for how many locks a server's table is made: as many for each process there may be."""
    workers = "autovacuum_worker_slots" if version >= 180000 else "autovacuum_max_workers"
    processes = ("max_connections", "max_prepared_transactions", "max_worker_processes", "max_wal_senders", workers)
    sum_of = " + ".join(f"current_setting('{name}')::bigint" for name in processes)
    return f"current_setting('max_locks_per_transaction')::bigint * ({sum_of} + 1)"


def describe(connection: psycopg.Connection[Any]) -> LiveFacts:
    """Reads the facts through a connection of live's own role; refuses a server that is too old."""
    number = connection.info.server_version
    versions.check(number)
    locale = _PROVIDER.format(
        name="d.datlocale" if number >= 170000 else "d.daticulocale",
        rules="d.daticurules" if number >= 160000 else "null",
    )
    options = ("inherit", "set") if number >= 160000 else ()
    members = _MEMBERSHIPS.format(
        **{name: f"bool_or(a.{name}_option)" if name in options else "null::bool" for name in ("inherit", "set")}
    )
    with connection.cursor(row_factory=tuple_row) as cursor:
        server = cursor.execute(_SERVER.format(locale=locale, capacity=lock_capacity(number)).encode()).fetchall()[0]
        roles = cursor.execute(_ROLES.encode()).fetchall()
        memberships = cursor.execute(members.encode()).fetchall()
        extensions = cursor.execute(_EXTENSIONS.encode()).fetchall()
    fields = ("name", "superuser", "inherit", "createrole", "createdb", "replication", "bypassrls")
    found = tuple(Role(**dict(zip(fields, row, strict=True))) for row in roles)
    return LiveFacts(
        version=server[0],
        database=server[1],
        database_oid=server[2],
        system_identifier=_system_identifier(connection),
        role=server[3],
        superuser=any(role.superuser for role in found if role.name == server[3]),
        locale=Locale(
            encoding=server[4],
            collate=server[5],
            ctype=server[6],
            provider=server[7],
            locale=server[8],
            icu_rules=server[9],
        ),
        lock_capacity=server[10],
        in_recovery=server[11],
        read_only=server[12],
        tablespaces=tuple(server[13]),
        roles=found,
        memberships=tuple(
            Membership(role=row[0], member=row[1], admin=row[2], inherit=row[3], set=row[4]) for row in memberships
        ),
        extensions=tuple(Installed(name=row[0], version=row[1], schema=row[2]) for row in extensions),
        settings=settings_of(connection),
    )


def settings_of(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """What a session had, of the settings that ours are given, before it was given them."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_SETTINGS, [list(PINNED)]).fetchall())


def _system_identifier(connection: psycopg.Connection[Any]) -> str | None:
    """The cluster's own number; None where the provider of the server hides it."""
    allowed = connection.execute("select has_function_privilege('pg_control_system()', 'execute')").fetchone()
    if not allowed or not allowed[0]:
        return None
    row = connection.execute("select system_identifier::text from pg_control_system()").fetchone()
    return str(row[0]) if row else None

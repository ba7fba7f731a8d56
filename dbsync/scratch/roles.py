"""Writes the live database's roles for a scratch server: the same names and memberships, and none that could do more
there than an ordinary role.

None is a superuser, has a password, or may do what reaches out of its database: read or write files of the server, run
programs, replicate.
"""

from collections import defaultdict
from collections.abc import Iterator, Set
from typing import Any

import psycopg

from dbsync import sql
from dbsync.pg.server import Membership, Role
from dbsync.scratch.needs import Needs

_HARMLESS = frozenset(
    {
        "pg_create_subscription",
        "pg_maintain",
        "pg_monitor",
        "pg_read_all_data",
        "pg_read_all_settings",
        "pg_read_all_stats",
        "pg_stat_scan_tables",
        "pg_use_reserved_connections",
        "pg_write_all_data",
    }
)
"""PostgreSQL's own roles that give nothing outside of a database."""


OWNER = "dbsync_scratch_owner"
"""The reserved name of the ordinary role that is a member of all others, and reads and writes rows on scratch."""


def statements(needs: Needs, version: int, present: frozenset[str]) -> Iterator[str]:
    """The statements for a server of this version that has the roles `present` already."""
    wanted = {role.name: role for role in needs.roles if not _reserved(role.name)}
    wanted.setdefault(needs.session_role, Role(name=needs.session_role))
    for role in wanted.values():
        if role.name not in present:
            yield f"CREATE ROLE {sql.name(role.name)} {_attributes(role, needs)}"
    known = present | wanted.keys()
    granted = _granted(needs, known)
    yield from _grants(granted, version)
    if needs.superuser:
        yield from _everything(needs.session_role, wanted, granted)


def joining(needs: Needs, version: int) -> Iterator[str]:
    """The statements that make the session's role a member of every other one, so that it may do all that these may.

    Others are no members of it meanwhile: no role is a member of itself.
    """
    role, options = sql.name(needs.session_role), " WITH INHERIT TRUE, SET TRUE" if version >= 160000 else ""
    if members := [one.member for one in _granted(needs) if one.role == needs.session_role]:
        yield f"REVOKE {role} FROM {sql.names(members)}"
    if others := _others(needs):
        yield f"GRANT {sql.names(others)} TO {role}{options}"


def parting(needs: Needs, version: int) -> Iterator[str]:
    """The statements that take back what `joining` gave, and give back what it took."""
    if others := _others(needs):
        yield f"REVOKE {sql.names(others)} FROM {sql.name(needs.session_role)}"
    granted = _granted(needs)
    yield from _grants([one for one in granted if needs.session_role in (one.role, one.member)], version)
    if needs.superuser:
        yield from _everything(needs.session_role, {role.name: role for role in needs.roles}, granted)


def _others(needs: Needs) -> list[str]:
    return [one.name for one in needs.roles if not _reserved(one.name) and one.name != needs.session_role]


def _granted(needs: Needs, known: Set[str] | None = None) -> list[Membership]:
    """The memberships of the live database that there are on the scratch server."""
    if known is None:
        known = {one.name for one in needs.roles if not _reserved(one.name)} | {needs.session_role} | _HARMLESS
    return [
        one
        for one in needs.memberships
        if {one.role, one.member} <= known
        and not _reserved(one.member)
        and (not _reserved(one.role) or one.role in _HARMLESS)
    ]


def _grants(granted: list[Membership], version: int) -> Iterator[str]:
    for one in granted:
        yield f"GRANT {sql.name(one.role)} TO {sql.name(one.member)}{_options(one, version)}"


_CLOSED = """
    update pg_catalog.pg_authid set rolsuper = true
    where rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')"""


def closing(version: int) -> Iterator[str]:
    """The statements that let nobody join PostgreSQL's own roles which reach out of a database.

    Before PostgreSQL 16 whoever has CREATEROLE may make anybody a member of any role that is no superuser (section
    "Role Attributes" of the manual). To be a member of a superuser gives none of its rights.
    """
    if version < 160000:
        yield _CLOSED


def owner(needs: Needs) -> Iterator[str]:
    """The statements that make OWNER."""
    yield f"CREATE ROLE {OWNER} LOGIN BYPASSRLS"
    yield f"GRANT {sql.names([needs.session_role, *_others(needs)])} TO {OWNER}"
    # So that rows are written as they are, with no trigger and no look at foreign keys.
    yield f"GRANT SET ON PARAMETER session_replication_role TO {OWNER}"


def make(admin: "psycopg.Connection[Any]", needs: Needs) -> None:
    """Make those that the server lacks."""
    present = frozenset(row[0] for row in admin.execute("select rolname::text from pg_roles").fetchall())
    if script := "; ".join(statements(needs, admin.info.server_version, present)):
        admin.execute(script.encode())


def _everything(session_role: str, wanted: dict[str, Role], granted: list[Membership]) -> Iterator[str]:
    """A superuser may act as every role; the scratch has none, so that it becomes a member of each that it can."""
    members = defaultdict(set)
    for one in granted:
        members[one.member].add(one.role)
    for name in wanted:
        if name != session_role and not _reserved(name) and session_role not in _reach(name, members):
            yield f"GRANT {sql.name(name)} TO {sql.name(session_role)} WITH ADMIN OPTION"


def _reach(name: str, members: dict[str, set[str]]) -> set[str]:
    """The roles that `name` is a member of, through others too."""
    found: set[str] = set()
    todo = [name]
    while todo:
        new = members.get(todo.pop(), set()) - found
        found |= new
        todo.extend(new)
    return found


def _attributes(role: Role, needs: Needs) -> str:
    every = needs.superuser and role.name == needs.session_role
    flags = {
        "INHERIT": role.inherit,
        "CREATEROLE": role.createrole or every,
        "BYPASSRLS": role.bypassrls or every,
    }
    # Every role may log in: nobody but us can reach the server.
    return " ".join(["LOGIN", "NOSUPERUSER", *(flag if on else f"NO{flag}" for flag, on in flags.items())])


def _options(membership: Membership, version: int) -> str:
    if version < 160000:
        return " WITH ADMIN OPTION" if membership.admin else ""
    options = {"ADMIN": membership.admin, "INHERIT": membership.inherit, "SET": membership.set}
    return " WITH " + ", ".join(f"{key} {str(value).upper()}" for key, value in options.items() if value is not None)


def _reserved(name: str) -> bool:
    return name.startswith("pg_")

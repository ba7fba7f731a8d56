"""Writes live's roles for a scratch server: the same names and memberships, none a superuser, none with a password."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg

from dbsync import sql
from dbsync.pg.server import Membership, Role
from dbsync.scratch.needs import Needs


def statements(needs: Needs, version: int, present: frozenset[str]) -> Iterator[str]:
    """The statements for a server of this version that has the roles `present` already."""
    wanted = {role.name: role for role in needs.roles if not _reserved(role.name)}
    wanted.setdefault(needs.session_role, Role(name=needs.session_role))
    for role in wanted.values():
        if role.name not in present:
            yield f"CREATE ROLE {sql.name(role.name)} {_attributes(role, needs)}"
    known = present | wanted.keys()
    granted = [one for one in needs.memberships if {one.role, one.member} <= known and not _reserved(one.member)]
    for membership in granted:
        yield f"GRANT {sql.name(membership.role)} TO {sql.name(membership.member)}{_options(membership, version)}"
    if needs.superuser:
        yield from _everything(needs.session_role, wanted, granted)


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
        if name != session_role and session_role not in _reach(name, members):
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
        "CREATEDB": role.createdb or every,
        "REPLICATION": role.replication or every,
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

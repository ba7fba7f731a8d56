"""Which roles a script names: a server that only the file is loaded on needs stand-ins for them."""

import contextlib
import re
import secrets
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from dbsync import sql
from dbsync.load import tree
from dbsync.model.text import Script, Statement

_NAMING = frozenset(
    """AlterDefaultPrivilegesStmt AlterOwnerStmt AlterPolicyStmt AlterTableStmt CreatePolicyStmt CreateSchemaStmt
    CreateUserMappingStmt GrantStmt VariableSetStmt""".split()
)
# Most ALTER TABLE give no owner: looking there spares these the look at the tree.
_MAY_NAME = re.compile(r"owner\s+to", re.IGNORECASE)
_AS = ("role", "session_authorization")


def named(script: Script) -> frozenset[str]:
    """The roles that the statements speak of: grantees, owners, those of policies, those that the session acts as."""
    return frozenset(name for statement in script.statements for name in _named(statement))


def owners(script: Script) -> frozenset[str]:
    """The roles that SET SESSION AUTHORIZATION names, as pg_dump writes it where it is asked to: they make objects."""
    found = (acts_as(node) for node in map(_setting, script.statements) if node)
    return frozenset(name for name in found if name)


def acts_as(node: pb.Node) -> str | None:
    """The role that a SET ROLE or SET SESSION AUTHORIZATION names."""
    setting = node.variable_set_stmt
    if setting.name not in _AS or not setting.args:
        return None
    name = setting.args[0].a_const.sval.sval
    return None if name == "none" else name or None


def _setting(statement: Statement) -> pb.Node | None:
    node = tree.node(statement.sql) if statement.node == "VariableSetStmt" else None
    return node if node and node.variable_set_stmt.name == "session_authorization" else None


def _named(statement: Statement) -> Iterator[str]:
    if statement.node not in _NAMING:
        return
    if statement.node == "AlterTableStmt" and not _MAY_NAME.search(statement.sql):
        return
    node = tree.node(statement.sql)
    if node is None:
        return
    if name := acts_as(node):
        yield name
    yield from _specified(node)


def _specified(node: Message) -> Iterator[str]:
    if isinstance(node, pb.RoleSpec):
        if node.roletype == pb.ROLESPEC_CSTRING:
            yield node.rolename
        return
    for field, value in node.ListFields():
        if field.message_type is not None:
            for one in value if isinstance(value, Iterable) else (value,):
                yield from _specified(one)


@contextlib.contextmanager
def may_create(admin: "psycopg.Connection[Any]", names: Iterable[str]) -> Iterator[None]:
    """Lets these roles, as far as there are any, make objects in the database while the context is open: a dump gives
    the right to that at its end, when all is made. Nothing of it is left in the catalog of the database."""
    query = "select quote_ident(rolname) from pg_catalog.pg_roles where rolname = any (%s)"
    known = [str(name) for (name,) in admin.execute(query, [list(names)]).fetchall()]
    if not known:
        yield
        return
    helper, database = sql.name(f"dbsync_{secrets.token_hex(6)}"), sql.name(admin.info.dbname)
    inherits = " with inherit true" if admin.info.server_version >= 160000 else ""
    rights = (f"create on database {database}", "create on schema public")
    _run(admin, f"create role {helper}", f"grant {helper} to {', '.join(known)}{inherits}")
    _run(admin, *(f"grant {right} to {helper}" for right in rights))
    try:
        yield
    finally:
        _run(admin, *(f"revoke {right} from {helper} cascade" for right in rights), f"drop role {helper}")


def _run(admin: "psycopg.Connection[Any]", *texts: str) -> None:
    for text in texts:
        # The file may have dropped the schema.
        with contextlib.suppress(psycopg.errors.InvalidSchemaName):
            admin.execute(text.encode())

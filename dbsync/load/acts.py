"""What a superuser does on a scratch server for a role that may not: acts which evaluate nothing of the schema file.

A statement is one of these acts only if it does no more than name things. One that evaluates an expression, or holds
a constant of which PostgreSQL asks a type whether it is one, could run code of the file with a superuser's rights, and
stays what its role may do. The code that an act does run, an extension's script, must not meet names of the file's.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import psycopg
from postgast import pg_query_pb2 as pb
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from dbsync.load import tree, untouched
from dbsync.load.extension_script import extension
from dbsync.load.native_function import SAID, defaults_are_harmless, has_query, in_parts, says
from dbsync.pg.own_names import own_names
from dbsync.pg.sealing import RESEAL

Connection = psycopg.Connection[Any]

_INSUFFICIENT_PRIVILEGE = "42501"
_INVALID_FUNCTION_DEFINITION = "42P13"
_PROHIBITED_STATEMENT = "2F003"


class Elevate(Protocol):
    """Gives the role that a session acts as a superuser's rights while the context is open."""

    def __call__(
        self, session: Connection, *, silent: bool = True, owner: str | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """The context. `silent` keeps the database's event triggers from what is done in it; `owner` is a role that has
        the rights too, since it is to own what only superusers may."""


def may_act(sqlstate: str | None, statement: str) -> bool:
    """Whether a superuser may do what a role may not: the SQLSTATE of the refusal, and the text of the statement."""
    if sqlstate not in (_INSUFFICIENT_PRIVILEGE, _INVALID_FUNCTION_DEFINITION, _PROHIBITED_STATEMENT):
        return False
    node = tree.node(statement)
    if node is None:
        return False
    name = tree.node_name(node)
    if sqlstate == _PROHIBITED_STATEMENT:
        return name in ("CreateSubscriptionStmt", "AlterSubscriptionStmt")  # a connection without a password
    if sqlstate == _INVALID_FUNCTION_DEFINITION and name != "DefineStmt":  # an aggregate over "internal"
        return False
    return _unvalidated(node, name) or (name in _ACTS and _ACTS[name](node))


def act(session: Connection, elevate: Elevate, statement: str) -> None:
    """Do what `may_act` allows.

    psycopg.Error where PostgreSQL refuses it all the same, UnsafeActError where it would evaluate what the file has
    made after all.
    """
    node = tree.node(statement)
    if node is None:
        raise AssertionError("what cannot be parsed is no act")
    name = tree.node_name(node)
    if _unvalidated(node, name):
        with _options_unchecked(session, elevate):
            session.execute(statement.encode())
    elif name == "CreateFunctionStmt":
        _make_function(session, elevate, statement)
    else:
        owner = _new_owner(node, name)
        if owner:
            untouched.check_owner(session, owner)
        schema = _current_schema(session)
        # What is done about event triggers wakes none, and a state that it gives one must stay.
        with elevate(session, silent=name != "AlterEventTrigStmt", owner=owner), session.transaction():
            with own_names(session):
                before = untouched.names(session)
            if name in ("CreateFdwStmt", "AlterFdwStmt"):
                _make_wrapper(session, statement)
            elif name in ("CreateExtensionStmt", "AlterExtensionStmt"):
                with own_names(session):
                    texts = list(extension(session, node, statement, schema))
                _run(session, texts)
            else:
                session.execute(statement.encode())
            _conclude(session, before, native=name in _MAKES_NATIVE_CODE)


def _make_function(session: Connection, elevate: Elevate, statement: str) -> None:
    """A function that is not native code is made by the role itself, but for what only a superuser may say of it."""
    made, said = in_parts(statement)
    if said:
        try:
            with session.transaction():
                session.execute(made.encode())
        except psycopg.errors.InsufficientPrivilege:
            if has_query(statement):
                raise
        else:
            with elevate(session):
                session.execute(said.encode())
            return
    defaults_are_harmless(session, statement)
    with elevate(session), session.transaction():
        with own_names(session):
            before = untouched.names(session)
        # The validator of C loads the library, and others compile the text.
        with _away(session, _LANGUAGE_VALIDATORS, _LANGUAGE_BACK):
            session.execute(statement.encode())
        _conclude(session, before, native=True)


def _conclude(session: Connection, before: str, *, native: bool) -> None:
    """Seals native code that was made, and looks at what is PostgreSQL's own."""
    with own_names(session):
        if native:
            session.execute(RESEAL.encode())
        untouched.check(session, before)


def _make_wrapper(session: Connection, statement: str) -> None:
    """The validator of a foreign-data wrapper may be a function of the file's, and does not see the options."""
    first, then = _options_first(statement)
    if first:
        with _away(session, _FDW_VALIDATORS, _FDW_BACK):
            session.execute(first.encode())
    if then:
        session.execute(then.encode())


def _run(session: Connection, statements: Iterable[str]) -> None:
    for text in statements:
        session.execute(text.encode())


def _always(_: pb.Node) -> bool:
    return True


def _only(node: pb.Node, *subtypes: int) -> bool:
    return all(one.alter_table_cmd.subtype in subtypes for one in node.alter_table_stmt.cmds)


def _unvalidated(node: pb.Node, name: str) -> bool:
    return _only(node, pb.AT_GenericOptions) if name == "AlterTableStmt" else name in _UNVALIDATED


def _new_owner(node: pb.Node, name: str) -> str | None:
    """The role that a statement makes the owner of something, by its name."""
    if name == "AlterTableStmt":
        # Of several, the last counts.
        owners = [one.alter_table_cmd.newowner.rolename for one in node.alter_table_stmt.cmds]
        return next(filter(None, reversed(owners)), None)
    return node.alter_owner_stmt.newowner.rolename or None


def _current_schema(session: Connection) -> str | None:
    with session.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(b"select pg_catalog.current_schema()::text").fetchone()
    return row[0] if row else None


def _without_rows(objects: Iterable[pb.Node]) -> bool:
    return not any(one.publication_obj_spec.pubtable.HasField("where_clause") for one in objects)


def _definition(node: pb.Node) -> bool:
    define = node.define_stmt
    if define.kind == pb.OBJECT_AGGREGATE:
        # Whether a type takes an initial value is asked of the type.
        return not any(one.def_elem.defname.lower() in ("initcond", "minitcond") for one in define.definition)
    return define.kind in (pb.OBJECT_TYPE, pb.OBJECT_TSPARSER, pb.OBJECT_TSTEMPLATE)


_ACTS: Mapping[str, Callable[[pb.Node], bool]] = {
    "AlterDefaultPrivilegesStmt": _always,
    "AlterEventTrigStmt": _always,
    "AlterExtensionContentsStmt": _always,
    "AlterExtensionStmt": _always,
    "AlterFdwStmt": _always,
    # Who owns it may say all else; with a superuser's rights, SECURITY DEFINER would give these away.
    "AlterFunctionStmt": lambda node: all(one.def_elem.defname in SAID for one in node.alter_function_stmt.actions),
    "AlterOpFamilyStmt": _always,
    "AlterOperatorStmt": _always,
    "AlterOwnerStmt": _always,
    "AlterPublicationStmt": lambda node: _without_rows(node.alter_publication_stmt.pubobjects),
    "AlterSubscriptionStmt": _always,
    # Triggers of foreign keys are the system's.
    "AlterTableStmt": lambda node: _only(node, pb.AT_ChangeOwner, pb.AT_DisableTrigAll, pb.AT_EnableTrigAll),
    "AlterTypeStmt": _always,
    "CommentStmt": _always,
    "CreateAmStmt": _always,
    "CreateCastStmt": _always,  # WITHOUT FUNCTION
    "CreateEventTrigStmt": _always,
    "CreateExtensionStmt": _always,
    "CreateFdwStmt": _always,
    # Languages C and internal, and those that are not trusted; LEAKPROOF, SUPPORT.
    "CreateFunctionStmt": lambda node: not node.create_function_stmt.HasField("sql_body") or says(node),
    "CreateOpClassStmt": _always,
    "CreateOpFamilyStmt": _always,
    "CreatePLangStmt": _always,
    "CreatePublicationStmt": lambda node: _without_rows(node.create_publication_stmt.pubobjects),
    "CreateSubscriptionStmt": _always,
    "CreateTransformStmt": _always,
    "DefineStmt": _definition,  # base types, text search parsers and templates, aggregates over "internal"
    "DropStmt": lambda node: node.drop_stmt.remove_type == pb.OBJECT_ACCESS_METHOD,
    "GrantStmt": _always,
    # The constructors of a range belong to the server's superuser, whoever made the range.
    "RenameStmt": lambda node: node.rename_stmt.rename_type in (pb.OBJECT_FUNCTION, pb.OBJECT_ROUTINE),
    "SecLabelStmt": _always,
}
"""The acts, by parse node, each with what tells that the statement evaluates nothing."""

_UNVALIDATED = frozenset(
    {
        "AlterForeignServerStmt",
        "AlterUserMappingStmt",
        "CreateForeignServerStmt",
        "CreateForeignTableStmt",
        "CreateUserMappingStmt",
    }
)
"""What the role may do by itself, but for options that the foreign-data wrapper's validator keeps for superusers: a
file or a program to read, a connection without a password. Nothing on a scratch server can use them."""

_MAKES_NATIVE_CODE = frozenset({"AlterExtensionStmt", "CreateExtensionStmt", "DefineStmt"})

_TAKE = """
    with away as (update pg_catalog.{table} t set {column} = 0 from pg_catalog.{table} o
                  where o.oid = t.oid and t.{column} <> 0 {more} returning t.oid, o.{column}::oid as validator)
    select coalesce(pg_catalog.jsonb_agg(away), '[]')::text from away"""
_BACK = """
    update pg_catalog.{table} t set {column} = a.validator
    from pg_catalog.jsonb_to_recordset(%s::pg_catalog.jsonb) a (oid oid, validator oid)
    where a.oid = t.oid and t.{column} = 0"""
_FDW = {"table": "pg_foreign_data_wrapper", "column": "fdwvalidator"}
_LANGUAGE = {"table": "pg_language", "column": "lanvalidator"}
_FDW_VALIDATORS = _TAKE.format(**_FDW, more="")
_FDW_BACK = _BACK.format(**_FDW)
_LANGUAGE_VALIDATORS = _TAKE.format(**_LANGUAGE, more="and not t.lanpltrusted")
_LANGUAGE_BACK = _BACK.format(**_LANGUAGE)


@contextlib.contextmanager
def _options_unchecked(session: Connection, elevate: Elevate) -> Iterator[None]:
    """No validator of a foreign-data wrapper is called, while the session's role is what it was."""
    with elevate(session):
        away = _taken(session, _FDW_VALIDATORS)
    try:
        yield
    finally:
        if session.info.transaction_status != TransactionStatus.INERROR:
            with elevate(session), own_names(session):
                session.execute(_FDW_BACK.encode(), [away])


@contextlib.contextmanager
def _away(session: Connection, take: str, back: str) -> Iterator[None]:
    """No validator is called, in a session that is elevated; where a transaction fails, its end puts them back."""
    away = _taken(session, take)
    try:
        yield
    finally:
        if session.info.transaction_status != TransactionStatus.INERROR:
            with own_names(session):
                session.execute(back.encode(), [away])


def _taken(session: Connection, take: str) -> str:
    with own_names(session), session.cursor(row_factory=tuple_row) as cursor:
        return str(cursor.execute(take.encode()).fetchall()[0][0])


def _options_first(statement: str) -> tuple[str, str]:
    """A CREATE or ALTER FOREIGN DATA WRAPPER: what gives options and must not meet a validator, and what does not."""
    parsed = tree.parse(statement)
    if parsed is None:
        raise AssertionError("what cannot be parsed is no act")
    node = parsed.stmts[0].stmt
    body = getattr(node, str(node.WhichOneof("node")))
    if not body.options:
        return "", statement
    validators = [one for one in body.func_options if one.def_elem.defname == "validator"]
    if not validators:
        return statement, ""
    others = [one for one in body.func_options if one.def_elem.defname != "validator"]
    del body.func_options[:]
    body.func_options.extend(others)
    second = pb.ParseResult()
    alter = second.stmts.add().stmt.alter_fdw_stmt
    alter.fdwname = body.fdwname
    alter.func_options.extend(validators)
    return tree.deparse(parsed), tree.deparse(second)

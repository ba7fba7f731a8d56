"""The parts of a CREATE FUNCTION that only a superuser may say, and the defaults of arguments, which are evaluated."""

from typing import Any

import psycopg
from postgast import pg_query_pb2 as pb
from psycopg.rows import tuple_row

from dbsync.load import tree
from dbsync.load.unsafe import UnsafeActError

Connection = psycopg.Connection[Any]

SAID = frozenset({"leakproof", "support"})
"""The options that only a superuser may give a function, and that run nothing."""
_INPUTS = frozenset({pb.FUNC_PARAM_DEFAULT, pb.FUNC_PARAM_IN, pb.FUNC_PARAM_INOUT, pb.FUNC_PARAM_VARIADIC})
_BUILT_IN = "select pg_catalog.to_regtype(%s)::oid < 16384"


def says(node: pb.Node) -> bool:
    """Whether a CREATE FUNCTION gives such an option."""
    return any(one.def_elem.defname in SAID for one in node.create_function_stmt.options)


def has_query(statement: str) -> bool:
    """Whether the body of a CREATE FUNCTION is more than a text: PostgreSQL evaluates what is constant in it."""
    return bool(_parsed(statement).stmts[0].stmt.create_function_stmt.HasField("sql_body"))


def in_parts(statement: str) -> tuple[str, str]:
    """A CREATE FUNCTION without LEAKPROOF and SUPPORT, and the ALTER FUNCTION that says them; empty where it says
    neither."""
    parsed = _parsed(statement)
    function = parsed.stmts[0].stmt.create_function_stmt
    said = [one for one in function.options if one.def_elem.defname in SAID]
    if not said:
        return statement, ""
    others = [one for one in function.options if one.def_elem.defname not in SAID]
    del function.options[:]
    function.options.extend(others)
    second = pb.ParseResult()
    alter = second.stmts.add().stmt.alter_function_stmt
    alter.objtype = pb.OBJECT_FUNCTION
    alter.func.objname.extend(function.funcname)
    for one in function.parameters:
        if one.function_parameter.mode in _INPUTS:
            alter.func.objargs.add().type_name.CopyFrom(one.function_parameter.arg_type)
    alter.actions.extend(said)
    return tree.deparse(parsed), tree.deparse(second)


def defaults_are_harmless(session: Connection, statement: str) -> None:
    """UnsafeActError where the default of an argument is more than a constant of a type of PostgreSQL's own."""
    for one in _parsed(statement).stmts[0].stmt.create_function_stmt.parameters:
        parameter = one.function_parameter
        if not parameter.HasField("defexpr"):
            continue
        types = [parameter.arg_type]
        value = parameter.defexpr
        while value.HasField("type_cast"):
            types.append(value.type_cast.type_name)
            value = value.type_cast.arg
        if not value.HasField("a_const") or not all(_built_in(session, one) for one in types):
            raise UnsafeActError(
                f"the default of argument {parameter.name or 'without a name'} would be evaluated as a superuser",
                "write a constant of a built-in type, or give the function no default",
            )


def _built_in(session: Connection, name: pb.TypeName) -> bool:
    with session.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_BUILT_IN.encode(), [_written(name)]).fetchone()
    return bool(row and row[0])


def _written(name: pb.TypeName) -> str:
    """The name of a type, as PostgreSQL's parser writes it."""
    cast = pb.ParseResult()
    target = cast.stmts.add().stmt.select_stmt.target_list.add().res_target
    target.val.type_cast.type_name.CopyFrom(name)
    target.val.type_cast.arg.a_const.isnull = True
    return tree.deparse(cast).partition("NULL::")[2]


def _parsed(statement: str) -> pb.ParseResult:
    parsed = tree.parse(statement)
    if parsed is None:
        raise AssertionError("what cannot be parsed is no act")
    return parsed

"""Whether a script makes the same whenever it is loaded, so that what it made once may be kept.

Statements that run code, or write rows and so run triggers and functions, can look at the clock and at everything
else: what they make is never kept.
"""

import re
from collections.abc import Iterable, Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from dbsync.load import tree
from dbsync.model.text import Script, Statement

_RUN_CODE = frozenset(
    {
        *("DoStmt", "CallStmt", "ExecuteStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt"),
        *("CreateEventTrigStmt", "AlterEventTrigStmt", "ImportForeignSchemaStmt", ""),
    }
)
_HARMLESS = frozenset({"set_config", "setval"})
_SELECTED = frozenset({"target_list", "limit_option", "op"})
"""What a SELECT of nothing but values has."""
# What constants of dates and times hold that are read off the clock when they are converted.
_CLOCK = re.compile(r"(?<![a-z])(now|today|tomorrow|yesterday)(?![a-z])", re.IGNORECASE)
# Such a constant stands in the text as it is, or in escapes: looking there spares most statements the look at the tree.
# A now() that no quote follows is a call.
_MAY_HOLD = re.compile(rf"(?!now\s*\(\s*\)(?!\s*')){_CLOCK.pattern}|\\", re.IGNORECASE)


def lasting(script: Script) -> bool:
    """Whether it does; false where that is not plain to see."""
    return all(_lasting(statement) for statement in script.statements)


def _lasting(statement: Statement) -> bool:
    if statement.node in _RUN_CODE:
        return False
    if _MAY_HOLD.search(statement.sql) and any(map(_CLOCK.search, _texts(tree.parse(statement.sql)))):
        return False
    match statement.node:
        case "SelectStmt":
            return _only_sets(statement.sql)
        case "CreateTableAsStmt":
            node = tree.node(statement.sql)
            return node is not None and node.create_table_as_stmt.objtype == pb.OBJECT_MATVIEW
        case "CreateStmt" | "CreateForeignTableStmt" | "AlterTableStmt" if "values" in statement.sql.lower():
            return all(map(_constant, _bounds(statement.sql)))
        case _:
            return True


def _texts(tree: Message | None) -> Iterator[str]:
    """The text constants in a tree."""
    if isinstance(tree, pb.A_Const):
        yield tree.sval.sval
    for field, value in tree.ListFields() if tree is not None else ():
        if field.message_type is not None:
            for one in value if isinstance(value, Iterable) else (value,):
                yield from _texts(one)


def _only_sets(text: str) -> bool:
    """Whether a SELECT does nothing but call functions of PostgreSQL's that set something, with constants."""
    node = tree.node(text)
    if node is None or {field.name for field, _ in node.select_stmt.ListFields()} - _SELECTED:
        return False
    calls = [target.res_target.val.func_call for target in node.select_stmt.target_list]
    return all(_name(call) in _HARMLESS and all(map(_constant, call.args)) for call in calls)


def _name(call: pb.FuncCall) -> str:
    """The name of a function of PostgreSQL's; empty for others, and where there is no call."""
    names = [part.string.sval for part in call.funcname]
    return names[-1] if names[:-1] in ([], ["pg_catalog"]) and names else ""


def _bounds(text: str) -> Iterator[pb.Node]:
    """What says in a statement which rows a partition holds."""
    node = tree.node(text)
    if node is None:
        return
    commands = [getattr(one.alter_table_cmd, "def") for one in node.alter_table_stmt.cmds]
    made = (node.create_stmt.partbound, node.create_foreign_table_stmt.base_stmt.partbound)
    for bound in (*made, *(command.partition_cmd.bound for command in commands)):
        yield from (*bound.listdatums, *bound.lowerdatums, *bound.upperdatums)


def _constant(node: pb.Node) -> bool:
    """Whether it is the same each time: a constant, of whatever type, or MINVALUE and MAXVALUE."""
    match node.WhichOneof("node"):
        case "a_const":
            return True
        case "type_cast":
            return _constant(node.type_cast.arg)
        case "a_expr":
            return not node.a_expr.HasField("lexpr") and _constant(node.a_expr.rexpr)
        case "column_ref":
            return node.column_ref.fields[0].string.sval in ("minvalue", "maxvalue")
        case _:
            return False

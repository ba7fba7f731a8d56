"""Whether a script makes the same whenever it is loaded, so that what it made once may be kept.

Statements that run code, or write rows and so run triggers and functions, can look at the clock and at everything
else: what they make is never kept.
"""

import re

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
# Constants that are read off the clock when they are converted, and bounds of partitions that are computed.
_CLOCK = re.compile(r"'\s*(now|today|tomorrow|yesterday|current)\b", re.IGNORECASE)
_BOUND = re.compile(r"\bfor\s+values\b", re.IGNORECASE)
_COMPUTED = re.compile(
    r"""\b(?!(?:from|to|in|with|values|range|list|hash)\b)\w+\s*\(|"\s*\(|\b(?:current_\w+|localtime\w*|\w*user)\b""",
    re.IGNORECASE,
)


def lasting(script: Script) -> bool:
    """Whether it does; false where that is not plain to see."""
    return all(_lasting(statement) for statement in script.statements)


def _lasting(statement: Statement) -> bool:
    if statement.node in _RUN_CODE or _CLOCK.search(statement.sql):
        return False
    if statement.node == "SelectStmt":
        return _called(statement.sql) <= _HARMLESS
    if statement.node == "CreateTableAsStmt":
        node = tree.node(statement.sql)
        return node is not None and node.create_table_as_stmt.objtype == pb.OBJECT_MATVIEW
    if statement.node in ("CreateStmt", "AlterTableStmt") and (bound := _BOUND.search(statement.sql)):
        return not _COMPUTED.search(statement.sql, bound.end())
    return True


def _called(text: str) -> set[str]:
    """The functions in the list of a SELECT; with "" for whatever else it may do."""
    node = tree.node(text)
    if node is None or node.select_stmt.from_clause or node.select_stmt.HasField("with_clause"):
        return {""}
    calls = [target.res_target.val.func_call for target in node.select_stmt.target_list]
    plain = all(arg.WhichOneof("node") in ("a_const", "type_cast") for call in calls for arg in call.args)
    return {call.funcname[-1].string.sval if call.funcname and plain else "" for call in calls}

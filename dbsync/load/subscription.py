"""CREATE SUBSCRIPTION as a scratch database may run it: without its connection, as it must never reach a publisher,
and saying what an older live server takes for granted."""

import dataclasses

from postgast import pg_query_pb2 as pb

from dbsync.load import tree
from dbsync.model.text import Script

_DECIDED = frozenset({"connect", "enabled", "create_slot", "copy_data"})


def unconnected(text: str) -> str:
    """The statement with `connect = false`, and without the options that contradict it; its slot name stays."""
    parsed = tree.parse(text)
    if parsed is None:
        return text
    statement = parsed.stmts[0].stmt.create_subscription_stmt
    kept = [one for one in statement.options if one.def_elem.defname not in _DECIDED]
    del statement.options[:]
    statement.options.extend([_option("connect", "false"), *kept])
    return tree.deparse(parsed)


def as_before_18(script: Script) -> Script:
    """The script as an older server reads it: a subscription that says nothing of it does not stream.

    Since 18 it streams in parallel (section "CREATE SUBSCRIPTION" of the manual).
    """
    statements = (
        dataclasses.replace(one, sql=_streaming_off(one.sql)) if one.node == "CreateSubscriptionStmt" else one
        for one in script.statements
    )
    return dataclasses.replace(script, statements=tuple(statements))


def _streaming_off(text: str) -> str:
    parsed = tree.parse(text)
    if parsed is None:
        return text
    statement = parsed.stmts[0].stmt.create_subscription_stmt
    if any(one.def_elem.defname == "streaming" for one in statement.options):
        return text
    statement.options.append(_option("streaming", "off"))
    return tree.deparse(parsed)


def _option(name: str, value: str) -> pb.Node:
    option = pb.Node()
    option.def_elem.defname = name
    option.def_elem.arg.string.sval = value
    option.def_elem.defaction = pb.DEFELEM_UNSPEC
    return option

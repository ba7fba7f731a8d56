"""CREATE SUBSCRIPTION without its connection: a scratch database must never reach a publisher."""

from postgast import pg_query_pb2 as pb

from dbsync.load import tree

_DECIDED = frozenset({"connect", "enabled", "create_slot", "copy_data"})


def unconnected(text: str) -> str:
    """The statement with `connect = false`, and without the options that contradict it; its slot name stays."""
    parsed = tree.parse(text)
    if parsed is None:
        return text
    statement = parsed.stmts[0].stmt.create_subscription_stmt
    kept = [one for one in statement.options if one.def_elem.defname not in _DECIDED]
    connect = pb.Node()
    connect.def_elem.defname = "connect"
    connect.def_elem.arg.string.sval = "false"
    connect.def_elem.defaction = pb.DEFELEM_UNSPEC
    del statement.options[:]
    statement.options.extend([connect, *kept])
    return tree.deparse(parsed)

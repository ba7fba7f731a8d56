"""Words of the schema file that leave no trace of their own in a catalog, and that not every server knows."""

from collections.abc import Iterator

from postgast import pg_query_pb2 as pb

from dbsync.load import tree
from dbsync.model.text import Place, Script

_GRANTING = frozenset({"GrantStmt", "AlterDefaultPrivilegesStmt"})


def explicit(script: Script) -> Iterator[tuple[Place, str, int]]:
    """Each with its place and the first major version that knows it: MAINTAIN by name, which is a part of ALL too."""
    for statement in script.statements:
        node = tree.node(statement.sql) if statement.node in _GRANTING else None
        if node and any(one.access_priv.priv_name == "maintain" for one in _grant(node).privileges):
            yield statement.place, "MAINTAIN", 17


def _grant(node: pb.Node) -> pb.GrantStmt:
    return node.grant_stmt if node.HasField("grant_stmt") else node.alter_default_privileges_stmt.action

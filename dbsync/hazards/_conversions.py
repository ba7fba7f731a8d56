"""How the steps of a plan convert the values of columns: the USING of ALTER COLUMN … TYPE."""

from collections.abc import Iterable

from postgast import pg_query_pb2 as pb

from dbsync.load import tree


def conversions(steps: Iterable[str]) -> dict[tuple[str, ...], str | None]:
    """The USING expression by (schema, table, column); None for a step that leaves it to PostgreSQL."""
    found: dict[tuple[str, ...], str | None] = {}
    for text in steps:
        # Parsing takes time, and few steps are of this kind.
        node = tree.node(text) if " TYPE " in text.upper() else None
        if node is None or node.WhichOneof("node") != "alter_table_stmt":
            continue
        relation = node.alter_table_stmt.relation
        for one in node.alter_table_stmt.cmds:
            command = one.alter_table_cmd
            if command.subtype == pb.AT_AlterColumnType:
                using = getattr(command, "def").column_def.raw_default
                path = (relation.schemaname, relation.relname, command.name)
                found[path] = _expression(using) if using.WhichOneof("node") else None
    return found


def _expression(node: pb.Node) -> str:
    """The SQL of an expression."""
    whole = pb.ParseResult()
    target = whole.stmts.add().stmt.select_stmt.target_list.add()
    target.res_target.val.CopyFrom(node)
    return tree.deparse(whole).removeprefix("SELECT ")

"""Which tables a statement of the seeds file writes to, and which columns it gives there."""

import dataclasses
from collections.abc import Iterable, Iterator

from postgast import pg_query_pb2 as pb

from dbsync.load import tree
from dbsync.model.text import Statement
from dbsync.seeds.tables import Table


@dataclasses.dataclass(frozen=True)
class Gives:
    """A table as the statement names it, and the columns that it gives: by name, or the first `width` (None: all),
    less those at the positions in `left`, where DEFAULT stands."""

    schema: str
    table: str
    columns: tuple[str, ...] | None = None
    width: int | None = None
    left: frozenset[int] = frozenset()
    updates: bool = False
    """Whether it changes rows that other statements have given."""
    identity: bool = True
    """Whether values for identity columns count."""

    def speaks_of(self, table: Table) -> bool:
        """Whether the table, or a partition of it, goes by this name."""
        paths = (table.path, *table.members)
        return any(self.table == name and self.schema in ("", schema) for schema, name in paths)

    def given(self, table: Table) -> frozenset[str]:
        """The columns that it gives."""
        names = [column.name for column in table.columns.values()]
        names = names[: self.width] if self.columns is None else list(self.columns)
        kept = {name for position, name in enumerate(names) if position not in self.left}
        return frozenset(
            name
            for name in kept
            if (column := table.columns.get(name)) and not column.generated and (self.identity or not column.identity)
        )


def gives(statement: Statement) -> tuple[Gives, ...]:
    """What a statement gives to tables that it names; nothing where it calls functions to do it."""
    node = tree.node(statement.sql)
    return tuple(_of(node, statement.sql)) if node else ()


def _of(node: pb.Node, text: str) -> Iterator[Gives]:
    which = node.WhichOneof("node")
    if which not in ("insert_stmt", "copy_stmt", "update_stmt", "merge_stmt", "delete_stmt", "select_stmt"):
        return
    body = getattr(node, which)
    if which != "copy_stmt":
        for one in body.with_clause.ctes:
            yield from _of(one.common_table_expr.ctequery, text)
    if which == "insert_stmt":
        yield _insert(body, text)
    elif which == "update_stmt":
        names = tuple(one.res_target.name for one in body.target_list)
        yield Gives(body.relation.schemaname, body.relation.relname, names, updates=True)
    elif which == "merge_stmt":
        yield Gives(body.relation.schemaname, body.relation.relname)
    elif which == "copy_stmt":
        names = tuple(one.string.sval for one in body.attlist)
        yield Gives(body.relation.schemaname, body.relation.relname, names or None)


def _insert(body: pb.InsertStmt, text: str) -> Gives:
    rows = body.select_stmt.select_stmt.values_lists
    columns = tuple(one.res_target.name for one in body.cols)
    width = len(rows[0].list.items) if rows else None
    left = _defaults(rows) if rows and "default" in text.lower() else frozenset()
    if not body.HasField("select_stmt"):
        width = 0
    if columns and body.on_conflict_clause.action == pb.ONCONFLICT_UPDATE:
        columns += tuple(one.res_target.name for one in body.on_conflict_clause.target_list)
    return Gives(
        body.relation.schemaname,
        body.relation.relname,
        columns or None,
        width,
        left,
        identity=body.override != pb.OVERRIDING_USER_VALUE,
    )


def _defaults(rows: Iterable[pb.Node]) -> frozenset[int]:
    """The positions at which every row has DEFAULT."""
    found = [
        {position for position, one in enumerate(row.list.items) if one.WhichOneof("node") == "set_to_default"}
        for row in rows
    ]
    return frozenset(set.intersection(*found))

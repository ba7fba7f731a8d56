"""Which tables a statement of the seeds file writes to, and which columns it gives there."""

import dataclasses
import re
from collections.abc import Iterable, Iterator

from postgast import pg_query_pb2 as pb

from dbsync import sql
from dbsync.load import tree
from dbsync.load.tokens import kinds
from dbsync.model.text import Statement
from dbsync.seeds.tables import Path, Table

_TIMES = ("now", "today", "tomorrow", "yesterday")
_CLOCK = re.compile(rf"\b(?:{'|'.join(_TIMES)})\b", re.IGNORECASE)
"""What PostgreSQL reads as a time of its own."""
_STAYS = frozenset({pb.SCONST, pb.ICONST, pb.FCONST, pb.BCONST, pb.XCONST, pb.NULL_P, pb.TRUE_P, pb.FALSE_P}) | {
    *(pb.ASCII_40, pb.ASCII_41, pb.ASCII_43, pb.ASCII_44, pb.ASCII_45, pb.SQL_COMMENT, pb.C_COMMENT)
}
"""The tokens of rows of constants."""


@dataclasses.dataclass(frozen=True)
class Gives:
    """A relation as the statement names it, and the columns that it gives: by name, or the first `width` (None: all),
    less those at the positions in `left`, where DEFAULT stands.

    `path` and `names` are what PostgreSQL found by the name: the table (of a partition its root; None where it is no
    lasting relation) and the columns of what was named.
    """

    schema: str
    table: str
    columns: tuple[str, ...] | None = None
    width: int | None = None
    left: frozenset[int] = frozenset()
    more: tuple[str, ...] = ()
    """Columns that it gives rows that are there already."""
    query: str | None = None
    """The query whose columns make out the width."""
    updates: bool = False
    """Whether it changes rows that other statements have given."""
    identity: bool = True
    """Whether values for identity columns count."""
    outer: bool = False
    """Whether the statement as a whole is about it, and not a part of it."""
    path: Path | None = None
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As SQL, qualified if the statement does it."""
        return sql.qualified(self.schema, self.table) if self.schema else sql.name(self.table)

    def given(self, table: Table) -> frozenset[str]:
        """The columns that it gives."""
        names = self.names[: self.width] if self.columns is None else self.columns
        kept = {name for position, name in enumerate(names) if position not in self.left}
        return frozenset(
            name
            for name in kept.union(self.more)
            if (column := table.columns.get(name)) and not column.generated and (self.identity or not column.identity)
        )


def gives(statement: Statement) -> tuple[Gives, ...]:
    """What a statement gives to relations that it names; nothing where it calls functions to do it."""
    node = tree.node(statement.sql)
    return tuple(_of(node, statement.sql, outer=True)) if node else ()


def may_move(statement: Statement) -> bool:
    """Whether a statement may give other values when it is run again; rows of constants stay the same."""
    if statement.data is not None:
        return "default" in statement.sql.lower() or _names_a_time(statement.data)
    if statement.node != "InsertStmt" or _names_a_time(statement.sql):
        return True
    found = kinds(statement.sql)
    rows = found[found.index(pb.VALUES) + 1 :] if pb.VALUES in found else []
    return not rows or not _STAYS.issuperset(rows)


def _names_a_time(text: str) -> bool:
    # In a long text the words alone are found much sooner than by the pattern.
    small = text.lower()
    return any(word in small for word in _TIMES) and bool(_CLOCK.search(text))


def _of(node: pb.Node, text: str, *, outer: bool = False) -> Iterator[Gives]:
    which = node.WhichOneof("node")
    if which not in ("insert_stmt", "copy_stmt", "update_stmt", "merge_stmt", "delete_stmt", "select_stmt"):
        return
    body = getattr(node, which)
    if which != "copy_stmt":
        for one in body.with_clause.ctes:
            yield from _of(one.common_table_expr.ctequery, text)
    if which == "insert_stmt":
        yield _insert(body, text, outer=outer)
    elif which == "update_stmt":
        names = _names(body.target_list)
        yield Gives(body.relation.schemaname, body.relation.relname, names, updates=True, outer=outer)
    elif which == "merge_stmt":
        yield _merge(body, outer=outer)
    elif which == "copy_stmt":
        names = tuple(one.string.sval for one in body.attlist)
        yield Gives(body.relation.schemaname, body.relation.relname, names or None, outer=outer)


def _insert(body: pb.InsertStmt, text: str, *, outer: bool) -> Gives:
    query = body.select_stmt.select_stmt
    rows, columns = query.values_lists, _names(body.cols)
    width, asked = (len(rows[0].list.items) if rows else None), None
    if not body.HasField("select_stmt"):
        width = 0
    elif not rows and not columns:
        asked = _query(body)
    conflict = body.on_conflict_clause
    return Gives(
        body.relation.schemaname,
        body.relation.relname,
        columns or None,
        width,
        frozenset.intersection(*defaults(rows)) if rows and "default" in text.lower() else frozenset(),
        _names(conflict.target_list) if conflict.action == pb.ONCONFLICT_UPDATE else (),
        asked,
        identity=body.override != pb.OVERRIDING_USER_VALUE,
        outer=outer,
    )


def _merge(body: pb.MergeStmt, *, outer: bool) -> Gives:
    """All that its parts name; of an INSERT that names none the columns that its values fill."""
    named, width, unnamed, left = set[str](), 0, set[int](), set[int]()
    for one in body.merge_when_clauses:
        clause = one.merge_when_clause
        # Of an UPDATE the values stand at the names, of an INSERT apart.
        values = list(clause.values) or [target.res_target.val for target in clause.target_list]
        given = {at for at, value in enumerate(values) if value.WhichOneof("node") != "set_to_default"}
        if clause.target_list:
            names = _names(clause.target_list)
            named.update(name for at, name in enumerate(names) if at in given or at >= len(values))
        else:
            width = max(width, len(values))
            unnamed |= given
            left |= {*range(len(values))}
    return Gives(
        body.relation.schemaname,
        body.relation.relname,
        width=width,
        left=frozenset(left - unnamed),
        more=tuple(sorted(named)),
        outer=outer,
    )


def _names(targets: Iterable[pb.Node]) -> tuple[str, ...]:
    return tuple(one.res_target.name for one in targets)


def _query(body: pb.InsertStmt) -> str:
    """The query of an INSERT as a statement of its own."""
    found = pb.ParseResult()
    query = found.stmts.add().stmt.select_stmt
    query.CopyFrom(body.select_stmt.select_stmt)
    if body.HasField("with_clause"):
        around = pb.WithClause()
        around.CopyFrom(body.with_clause)
        around.ctes.extend(query.with_clause.ctes)
        around.recursive |= query.with_clause.recursive
        query.with_clause.CopyFrom(around)
    return tree.deparse(found)


def defaults(rows: Iterable[pb.Node]) -> list[frozenset[int]]:
    """For each row of VALUES the positions at which DEFAULT stands."""
    return [
        frozenset(position for position, one in enumerate(row.list.items) if one.WhichOneof("node") == "set_to_default")
        for row in rows
    ]

"""Writes the steps that would block a large table for long in another way, where PostgreSQL has one.

An index is built and dropped CONCURRENTLY (one that changes serves by another name until the new one is there), a key
goes over to an index that was built so, and what has to be checked for every row is added NOT VALID, then validated in
a transaction of its own. The recipes take longer, and no longer run in one transaction: what fails on the way leaves a
part behind that the next plan completes.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterator, Sequence

from postgast import pg_query_pb2 as pb

from dbsync import sql
from dbsync.load import tree
from dbsync.model.objects import aside
from dbsync.model.plan import Observed
from dbsync.model.steps import Step

_BUILT = "built without blocking writes, since {table} is large"
_DROPPED = "dropped without waiting in front of others, since {table} is large"
_VALIDATED = "checked without blocking writes, since {table} is large"
_PREPARED = "holds for new rows at once; those that are there are checked afterwards"
_ASIDE = "goes on serving queries by this name until the new one is built"
_TAKEN = "takes over the index that was built before"


@dataclasses.dataclass(frozen=True)
class Part:
    """A step of an arrangement, and the one that it was written for."""

    step: Step
    origin: Observed
    late: bool = False
    """Whether it can wait for the end of the plan."""
    last: bool = False
    """Whether it has to wait for all others."""

    @property
    def written(self) -> bool:
        """Whether it is written anew, and not the step itself."""
        return self.step is not self.origin.step


def arrangements(
    steps: Sequence[Observed],
    large: frozenset[str],
    version: int,
    ordinary: Collection[Step] = (),
    invalid: Collection[str] = (),
) -> Iterator[tuple[Part, ...]]:
    """The steps written online, but for the `ordinary` ones, the better arrangement first: one transaction for all
    that is quick, then the rest; or each where it stood. Nothing where no step has such a form.

    `invalid` indexes serve nobody.
    """
    around = _Around(version, _changing(steps).difference(invalid))
    parts = [
        part
        for one in steps
        for part in ([Part(one.step, one)] if one.step in ordinary else _parts(one, large, around))
    ]
    if not any(part.written for part in parts):
        return
    late = tuple(sorted(parts, key=lambda part: (part.last, part.late)))
    yield late
    placed = tuple(sorted(parts, key=lambda part: part.last))
    if late != placed:
        yield placed


@dataclasses.dataclass(frozen=True)
class _Around:
    """What a recipe must know of the whole: the server's version, and the indexes that other steps make again."""

    version: int
    changing: frozenset[str]


def _changing(steps: Sequence[Observed]) -> frozenset[str]:
    """The indexes that are dropped and made again, but for those of a table whose rewrite would build the old one."""
    rewritten = {table for one in steps for table in one.rewritten}
    dropped, made = set[str](), set[str]()
    for one in steps:
        node = tree.node(one.step.sql)
        if node and node.HasField("drop_stmt") and node.drop_stmt.remove_type == pb.OBJECT_INDEX:
            dropped.update(_dropped(node.drop_stmt))
        elif node and node.HasField("index_stmt") and _table(node.index_stmt.relation) not in rewritten:
            made.add(sql.qualified(node.index_stmt.relation.schemaname, node.index_stmt.idxname))
    return frozenset(dropped & made)


def _dropped(drop: pb.DropStmt) -> list[str]:
    return [sql.qualified(*(name.string.sval for name in one.list.items)) for one in drop.objects]


def _parts(one: Observed, large: frozenset[str], around: _Around) -> list[Part]:
    """A step in its online form; itself where it has none, or does not need it."""
    blocked = large & {*one.scanned, *(table for table, mode in one.locks.items() if mode == "ACCESS EXCLUSIVE")}
    node = tree.node(one.step.sql) if blocked and one.step.transactional and not one.rewritten else None
    if node is not None:
        recipe = _RECIPES.get(node.WhichOneof("node") or "")
        if recipe and (parts := list(recipe(one, node, blocked, around))):
            return parts
    return [Part(one.step, one)]


def _index(one: Observed, node: pb.Node, blocked: frozenset[str], _: _Around) -> Iterator[Part]:
    index = node.index_stmt
    table = _table(index.relation)
    if table in blocked and index.idxname and not index.concurrent:
        index.concurrent = True
        yield _part(one, _written(node), _BUILT.format(table=table), late=True, transactional=False)


def _drop(one: Observed, node: pb.Node, blocked: frozenset[str], around: _Around) -> Iterator[Part]:
    drop = node.drop_stmt
    if drop.remove_type == pb.OBJECT_INDEX and len(drop.objects) == 1 and drop.behavior == pb.DROP_RESTRICT:
        (index,) = _dropped(drop)
        if again := index in around.changing:
            name = drop.objects[0].list.items[-1].string
            name.sval = aside(name.sval)
            yield _part(one, f"ALTER INDEX {index} RENAME TO {sql.name(name.sval)}", _ASIDE)
        drop.concurrent = True
        reason = _DROPPED.format(table=min(blocked))
        yield _part(one, _written(node), reason, late=True, last=again, transactional=False)


def _alter(one: Observed, node: pb.Node, blocked: frozenset[str], around: _Around) -> Iterator[Part]:
    alter = node.alter_table_stmt
    table, commands = _table(alter.relation), [command.alter_table_cmd for command in alter.cmds]
    if any(command.subtype == pb.AT_AddConstraint and _constraint(command).indexname for command in commands):
        # The index that it names is one that is built late.
        yield Part(one.step, one, late=True)
        return
    if alter.objtype != pb.OBJECT_TABLE or table not in blocked or table not in one.scanned:
        return
    if all(command.subtype == pb.AT_SetNotNull for command in commands):
        for command in commands:
            yield from _not_null(one, alter.relation, command.name, around.version)
    elif len(commands) == 1 and commands[0].subtype == pb.AT_ValidateConstraint:
        yield _part(one, one.step.sql, _VALIDATED.format(table=table), late=True, apart=True)
    elif len(commands) == 1 and commands[0].subtype == pb.AT_AddConstraint:
        constraint = _constraint(commands[0])
        if constraint.contype in (pb.CONSTR_CHECK, pb.CONSTR_FOREIGN) and constraint.conname:
            constraint.skip_validation, constraint.initially_valid = True, False
            yield _part(one, _written(node), _PREPARED)
            yield _validate(one, table, constraint.conname)
        elif constraint.contype in (pb.CONSTR_UNIQUE, pb.CONSTR_PRIMARY) and constraint.conname:
            yield from _key(one, table, constraint)


def _constraint(command: pb.AlterTableCmd) -> pb.Constraint:
    return getattr(command, "def").constraint


def _not_null(one: Observed, relation: pb.RangeVar, column: str, version: int) -> Iterator[Part]:
    table, name = _table(relation), sql.name(column)
    if version >= 180000:
        constraint = f"{relation.relname}_{column}_not_null"
        text = f"ALTER TABLE {table} ADD CONSTRAINT {sql.name(constraint)} NOT NULL {name} NOT VALID"
        yield _part(one, text, _PREPARED)
        yield _validate(one, table, constraint)
        return
    # A valid check spares SET NOT NULL the look at the rows.
    constraint = f"dbsync_{column}_not_null"[:63]
    written = sql.name(constraint)
    yield _part(one, f"ALTER TABLE {table} ADD CONSTRAINT {written} CHECK ({name} IS NOT NULL) NOT VALID", _PREPARED)
    yield _validate(one, table, constraint)
    # In one statement the check would be dropped first.
    yield _part(one, f"ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL", "known from the check", late=True)
    yield _part(one, f"ALTER TABLE {table} DROP CONSTRAINT {written}", "no longer needed", late=True)


def _key(one: Observed, table: str, constraint: pb.Constraint) -> Iterator[Part]:
    if constraint.indexname or constraint.without_overlaps or constraint.options or constraint.indexspace:
        return
    columns = sql.names(key.string.sval for key in constraint.keys)
    including = sql.names(key.string.sval for key in constraint.including)
    index = sql.name(constraint.conname)
    built = [f"CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table} ({columns})"]
    built += [f"INCLUDE ({including})"] if including else []
    built += ["NULLS NOT DISTINCT"] if constraint.nulls_not_distinct else []
    kind = "PRIMARY KEY" if constraint.contype == pb.CONSTR_PRIMARY else "UNIQUE"
    taken = [f"ALTER TABLE {table} ADD CONSTRAINT {index} {kind} USING INDEX {index}"]
    taken += ["DEFERRABLE"] if constraint.deferrable else []
    taken += ["INITIALLY DEFERRED"] if constraint.initdeferred else []
    yield _part(one, " ".join(built), _BUILT.format(table=table), late=True, transactional=False)
    yield _part(one, " ".join(taken), _TAKEN, late=True)


def _validate(one: Observed, table: str, constraint: str) -> Part:
    text = f"ALTER TABLE {table} VALIDATE CONSTRAINT {sql.name(constraint)}"
    return _part(one, text, _VALIDATED.format(table=table), late=True, apart=True)


def _part(
    one: Observed,
    text: str,
    reason: str,
    *,
    late: bool = False,
    last: bool = False,
    apart: bool = False,
    transactional: bool = True,
) -> Part:
    author = one.step.author if text == one.step.sql else "dbsync"
    step = dataclasses.replace(
        one.step, sql=text, reason=reason, apart=apart, transactional=transactional, author=author
    )
    return Part(step, one, late, last)


def _written(node: pb.Node) -> str:
    whole = pb.ParseResult()
    whole.stmts.add().stmt.CopyFrom(node)
    return tree.deparse(whole)


def _table(relation: pb.RangeVar) -> str:
    return sql.qualified(*filter(None, (relation.schemaname, relation.relname)))


_RECIPES: dict[str, Callable[[Observed, pb.Node, frozenset[str], _Around], Iterator[Part]]] = {
    "index_stmt": _index,
    "drop_stmt": _drop,
    "alter_table_stmt": _alter,
}

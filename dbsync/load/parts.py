"""What has a name of its own inside of a statement: columns, constraints, labels of enums, attributes of types."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from postgast import pg_query_pb2 as pb

from dbsync.load.tokens import Characters, tokens

_ADDED = (pb.AT_AddColumn, pb.AT_AddConstraint)
# What CREATE TABLE has among the constraints of a column and is none.
_NO_CONSTRAINTS = frozenset(
    {
        pb.CONSTR_NULL,
        pb.CONSTR_DEFAULT,
        pb.CONSTR_IDENTITY,
        pb.CONSTR_GENERATED,
        pb.CONSTR_ATTR_DEFERRABLE,
        pb.CONSTR_ATTR_NOT_DEFERRABLE,
        pb.CONSTR_ATTR_DEFERRED,
        pb.CONSTR_ATTR_IMMEDIATE,
        pb.CONSTR_ATTR_ENFORCED,
        pb.CONSTR_ATTR_NOT_ENFORCED,
    }
)


class Part(NamedTuple):
    """A part of a statement: where it starts, in characters; its name is empty where PostgreSQL gives it one.

    `kind` is column, constraint, domain constraint, attribute or label. `nested`: it stands inside of another part, as
    a column's constraint does. `not_null`: a constraint that belongs to its column.
    """

    kind: str
    name: str
    start: int
    nested: bool = False
    not_null: bool = False


def parts(node: pb.Node, text: str) -> list[Part]:
    """The parts that a statement makes, in their order; `node` is the tree of the text."""
    which = node.WhichOneof("node")
    if which not in _READERS:
        return []
    at = Characters(text)
    found = [part._replace(start=at[part.start]) for part in _READERS[which](getattr(node, which))]
    return found or _labels(node, text)


def _elements(elements: Iterable[pb.Node], column: str = "column") -> Iterator[Part]:
    for element in elements:
        which = element.WhichOneof("node")
        if which == "column_def":
            yield Part(column, element.column_def.colname, element.column_def.location)
            for one in element.column_def.constraints:
                yield from _constraint(one.constraint, nested=True)
        elif which == "constraint":
            yield from _constraint(element.constraint)


def _constraint(one: pb.Constraint, *, nested: bool = False, kind: str = "constraint") -> Iterator[Part]:
    if one.contype not in _NO_CONSTRAINTS:
        yield Part(kind, one.conname, one.location, nested, one.contype == pb.CONSTR_NOTNULL)


def _altered(body: pb.AlterTableStmt) -> Iterator[Part]:
    added = (one.alter_table_cmd for one in body.cmds if one.alter_table_cmd.subtype in _ADDED)
    yield from _elements(getattr(one, "def") for one in added)


def _domain(body: pb.CreateDomainStmt) -> Iterator[Part]:
    for one in body.constraints:
        yield from _constraint(one.constraint, kind="domain constraint")


def _altered_domain(body: pb.AlterDomainStmt) -> Iterator[Part]:
    definition = getattr(body, "def")
    if definition.HasField("constraint"):
        yield from _constraint(definition.constraint, kind="domain constraint")


_READERS: dict[str, Callable[[Any], Iterable[Part]]] = {
    "create_stmt": lambda body: _elements(body.table_elts),
    "create_foreign_table_stmt": lambda body: _elements(body.base_stmt.table_elts),
    "alter_table_stmt": _altered,
    "composite_type_stmt": lambda body: _elements(body.coldeflist, "attribute"),
    "create_domain_stmt": _domain,
    "alter_domain_stmt": _altered_domain,
    # Their labels have no places in the tree.
    "create_enum_stmt": lambda _: (),
    "alter_enum_stmt": lambda _: (),
}


def _labels(node: pb.Node, text: str) -> list[Part]:
    """The labels of an enum, which are the constants of its statement in their order."""
    if node.HasField("create_enum_stmt"):
        names = [one.string.sval for one in node.create_enum_stmt.vals]
    elif node.HasField("alter_enum_stmt") and not node.alter_enum_stmt.old_val:
        names = [node.alter_enum_stmt.new_val]
    else:
        return []
    constants = [one for one in tokens(text) if one.kind in (pb.SCONST, pb.USCONST)]
    return [Part("label", name, one.start) for name, one in zip(names, constants, strict=False)]

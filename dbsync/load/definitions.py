"""Which names a statement defines, so that an error can say where else the file speaks of one."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from postgast import pg_query_pb2 as pb

from dbsync.load import tree
from dbsync.load.parts import parts
from dbsync.model.text import Place, Script, Statement


class Definition(NamedTuple):
    """A name in one of PostgreSQL's name spaces; an empty schema stands for whatever the search path gives."""

    space: str
    schema: str
    name: str
    rest: str = ""

    def same(self, other: "Definition") -> bool:
        """Whether two may be the same object."""
        schemas = (self.schema, other.schema)
        return self[0] == other[0] and self[2:] == other[2:] and (not all(schemas) or schemas[0] == schemas[1])


def definitions(statement: Statement) -> Iterator[Definition]:
    """The names that a statement defines."""
    node = tree.node(statement.sql)
    if node is None:
        return
    which = str(node.WhichOneof("node"))
    body = getattr(node, which)
    if which in _RELATIONS:
        relation = _RELATIONS[which](body)
        yield Definition("relation", relation.schemaname, relation.relname)
    elif which == "index_stmt" and body.idxname:
        yield Definition("relation", body.relation.schemaname, body.idxname)
    elif which in _TYPES:
        schema, name = _qualified(getattr(body, _TYPES[which]))
        yield Definition("type", schema, name)
    elif which == "composite_type_stmt":
        yield Definition("relation", body.typevar.schemaname, body.typevar.relname)
    elif which == "create_function_stmt":
        schema, name = _qualified(body.funcname)
        yield Definition("function", schema, name, _arguments(body.parameters))
    elif which in ("create_trig_stmt", "create_policy_stmt"):
        relation = body.relation if which == "create_trig_stmt" else body.table
        name = body.trigname if which == "create_trig_stmt" else body.policy_name
        yield Definition(which, relation.schemaname, relation.relname, name)
    elif which == "create_schema_stmt":
        yield Definition("schema", "", body.schemaname)
    elif which == "create_extension_stmt":
        yield Definition("extension", "", body.extname)
    if which in ("create_stmt", "alter_table_stmt"):
        for part in parts(node, statement.sql):
            if part.name:
                yield Definition(part.kind, body.relation.schemaname, body.relation.relname, part.name)


def extensions(script: Script) -> dict[str, Place]:
    """The extensions that a script creates, so that a server that has them can be chosen."""
    return {
        one.name: statement.place
        for statement in script.statements
        if statement.node == "CreateExtensionStmt"
        for one in definitions(statement)
    }


_NAMED = frozenset({"relation", "type", "function", "schema"})


def earlier(statement: Statement, before: Iterable[Statement]) -> Statement | None:
    """The first statement that defines a name that `statement` defines as well."""
    wanted = list(definitions(statement))
    for other in before:
        if any(one.same(two) for two in definitions(other) for one in wanted):
            return other
    return None


def later(name: str, after: Iterable[Statement]) -> Statement | None:
    """The first statement that defines a relation, type, function or schema of this name, qualified or not."""
    schema, _, last = name.rpartition(".")
    for other in after:
        for one in definitions(other):
            wanted = one.space in _NAMED and one.name == last
            if wanted and (not schema or not one.schema or schema == one.schema):
                return other
    return None


_RELATIONS = {
    "create_stmt": lambda body: body.relation,
    "create_foreign_table_stmt": lambda body: body.base_stmt.relation,
    "create_table_as_stmt": lambda body: body.into.rel,
    "view_stmt": lambda body: body.view,
    "create_seq_stmt": lambda body: body.sequence,
}
_TYPES = {"create_enum_stmt": "type_name", "create_domain_stmt": "domainname", "create_range_stmt": "type_name"}


def _qualified(names: Iterable[pb.Node]) -> tuple[str, str]:
    parts = [one.string.sval for one in names]
    return (parts[-2] if len(parts) > 1 else ""), parts[-1]


def _arguments(parameters: Iterable[pb.Node]) -> str:
    """The types of a function's input parameters as they are written, less their schemas."""
    inputs = (
        pb.FUNC_PARAM_IN,
        pb.FUNC_PARAM_INOUT,
        pb.FUNC_PARAM_VARIADIC,
        pb.FUNC_PARAM_DEFAULT,
    )
    return ", ".join(
        _qualified(one.function_parameter.arg_type.names)[1] + "[]" * len(one.function_parameter.arg_type.array_bounds)
        for one in parameters
        if one.function_parameter.mode in inputs
    )

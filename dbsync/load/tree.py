"""PostgreSQL's parse trees of statements, as far as loading needs them."""

from collections.abc import Iterator

import postgast
from google.protobuf.message import DecodeError
from postgast import pg_query_pb2 as pb


def parse(text: str) -> pb.ParseResult | None:
    """The parse tree; None where the parser at hand does not know the syntax: the server has the last word."""
    try:
        return postgast.parse(text)
    except (postgast.PgQueryError, DecodeError, UnicodeEncodeError):
        return None


def deparse(tree: pb.ParseResult) -> str:
    """The SQL of a parse tree."""
    return str(postgast.deparse(tree))


def node(text: str) -> pb.Node | None:
    """The tree of the first statement in the text."""
    tree = parse(text)
    return tree.stmts[0].stmt if tree and tree.stmts else None


def node_name(tree: pb.Node) -> str:
    """The name of a parse node: "CreateStmt"."""
    which = tree.WhichOneof("node")
    message = tree.DESCRIPTOR.fields_by_name[which].message_type if which else None
    return str(message.name) if message else ""


def statements(text: str) -> Iterator[tuple[int, str, str]]:
    """(start, text, node name) of each statement in a text that holds one as far as psql can see.

    Where the parser sees several (a word such as BEGIN can mislead psql's count), they are told apart.
    """
    tree = parse(text)
    if tree is None or len(tree.stmts) <= 1:
        yield 0, text.rstrip(), node_name(tree.stmts[0].stmt) if tree and tree.stmts else ""
        return
    data = text.encode()
    for one in tree.stmts:
        end = one.stmt_location + one.stmt_len if one.stmt_len else len(data)
        start = len(data[: one.stmt_location].decode())
        part = data[one.stmt_location : end].decode()
        yield start + len(part) - len(part.lstrip()), part.strip(), node_name(one.stmt)


def begins_or_commits(node: pb.Node) -> bool:
    """Whether a transaction statement only begins or ends one."""
    return node.transaction_stmt.kind in (pb.TRANS_STMT_BEGIN, pb.TRANS_STMT_START, pb.TRANS_STMT_COMMIT)


def is_temporary(node: pb.Node) -> bool:
    """Whether a statement makes a temporary table, or an index or DROP that may be about one."""
    match node.WhichOneof("node"):
        case "create_stmt":
            return bool(node.create_stmt.relation.relpersistence == "t")
        case "create_table_as_stmt":
            return bool(node.create_table_as_stmt.into.rel.relpersistence == "t")
        case _:
            return True


def reads_stdin(text: str) -> bool:
    """Whether a COPY takes rows from the client."""
    tree = node(text)
    copy = tree.copy_stmt if tree else None
    return bool(copy and copy.is_from and not copy.filename and not copy.is_program)


def sequences_set(text: str) -> Iterator[tuple[str, ...]]:
    """The names of the sequences that queries in the text set with setval(), as they are written there."""
    for one in ((tree := parse(text)) and tree.stmts) or ():
        for target in one.stmt.select_stmt.target_list:
            call = target.res_target.val.func_call
            if call.funcname and call.funcname[-1].string.sval == "setval" and (name := _constant(call.args[0])):
                yield tuple(split_name(name))


def _constant(node: pb.Node) -> str:
    """The text of a constant, behind its casts; empty for anything else."""
    while node.HasField("type_cast"):
        node = node.type_cast.arg
    return str(node.a_const.sval.sval)


def split_name(text: str) -> list[str]:
    """The parts of a name as SQL writes it: public."T" is ["public", "T"]."""
    node_ = node(f"TABLE {text}")
    relation = node_.select_stmt.from_clause[0].range_var if node_ else pb.RangeVar()
    return [part for part in (relation.schemaname, relation.relname) if part]


def casts(text: str) -> bool:
    """Whether an ALTER TABLE says by itself how a column's values become those of its new type (USING)."""
    found = node(text)
    return bool(
        found
        and found.HasField("alter_table_stmt")
        and any(
            getattr(one.alter_table_cmd, "def").column_def.HasField("raw_default")
            for one in found.alter_table_stmt.cmds
            if one.alter_table_cmd.subtype == pb.AT_AlterColumnType
        )
    )

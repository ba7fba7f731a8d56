"""Leaves options that are the server's own out of what a pg_dump wrote that does not know them."""

from collections.abc import Iterator

from postgast import pg_query_pb2 as pb

from dbsync.load import tree
from dbsync.load.script import script_of
from dbsync.load.source import Source
from dbsync.load.tokens import CLOSE, OPEN, Characters, Token, tokens

_COMMA = pb.ASCII_44


def without(dump: str, names: frozenset[str]) -> str:
    """The dump without the options of these names: a server that does not make them takes them from nobody."""
    if not any(name in dump for name in names):
        return dump
    source = Source("dump", dump)
    parts, end = [], 0
    for statement in script_of("dump", dump).statements:
        if any(name in statement.sql for name in names):
            start = source.position(statement.place)
            parts += [dump[end:start], _cleared(statement.sql, names)]
            end = start + len(statement.sql)
    return "".join([*parts, dump[end:]])


def _cleared(text: str, names: frozenset[str]) -> str:
    """A statement without these options; empty where nothing is left of it but the semicolon."""
    node = tree.node(text)
    at = Characters(text)
    for is_all, found in reversed(list(_lists(node))) if node else ():
        options = [(one.def_elem.defname, at[one.def_elem.location]) for one in found]
        left = [place for name, place in options if name not in names]
        if is_all and not left:
            return ""
        if len(left) < len(options):
            text = _shortened(text, [place for _, place in options], left)
    return text


def _lists(node: pb.Node) -> Iterator[tuple[bool, list[pb.Node]]]:
    """The lists of options of a statement that makes or alters a relation, and whether it says nothing else."""
    match node.WhichOneof("node"):
        case "create_stmt":
            yield False, list(node.create_stmt.options)
        case "create_table_as_stmt":
            yield False, list(node.create_table_as_stmt.into.options)
        case "index_stmt":
            yield False, list(node.index_stmt.options)
        case "view_stmt":
            yield False, list(node.view_stmt.options)
        case "alter_table_stmt":
            for one in node.alter_table_stmt.cmds:
                value = getattr(one.alter_table_cmd, "def")
                if value.WhichOneof("node") == "list":
                    yield True, list(value.list.items)
                elif value.WhichOneof("node") == "constraint":
                    yield False, list(value.constraint.options)
        case _:
            pass


def _shortened(text: str, places: list[int], left: list[int]) -> str:
    """The text with only those elements of a list in parentheses that begin at the places `left`."""
    found = tokens(text)
    opening = max((one for one in found if one.kind == OPEN and one.end <= places[0]), key=lambda one: one.start)
    closing = _closing(found, opening)
    if not left:
        word = max((one for one in found if one.end <= opening.start), key=lambda one: one.start)
        return text[: word.start].rstrip() + text[closing.end :]
    ends = [*(one.start for one in found if one.kind == _COMMA and one.start > places[0]), closing.start]
    kept = [text[place : min(end for end in ends if end > place)].strip() for place in left]
    return text[: opening.end] + ", ".join(kept) + text[closing.start :]


def _closing(found: list[Token], opening: Token) -> Token:
    depth = 0
    for one in found:
        if one.start >= opening.start:
            depth += (one.kind == OPEN) - (one.kind == CLOSE)
            if depth == 0:
                return one
    raise ValueError("a list has no end")

"""The SQL that makes an object, as marked-up text: without secrets, its key words and constants set off."""

from collections.abc import Iterator
from html import escape

import postgast
from markupsafe import Markup
from postgast import pg_query_pb2 as pb

from dbsync import sql
from dbsync.load.secrets import masked
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Object
from dbsync.render.page import code

_CLASSES = {
    **dict.fromkeys((pb.SCONST, pb.USCONST, pb.BCONST, pb.XCONST), "s"),
    **dict.fromkeys((pb.ICONST, pb.FCONST), "n"),
    **dict.fromkeys((pb.SQL_COMMENT, pb.C_COMMENT), "c"),
}


def text_of(catalog: Catalog, thing: Object) -> str:
    """The statements that make an object with what stands in it; of what has none of its own, its clause."""
    inner = sorted(catalog.children.get(thing.id, ()), key=lambda child: (child.position(), child.path))
    clauses = [clause for child in inner if (clause := child.clause())]
    if (own := thing.clause()) is not None:
        return own.removeprefix(f"CONSTRAINT {sql.name(thing.path[-1])} ")
    return ";\n".join(step.sql for step in thing.create(clauses))


def coloured(text: str) -> Markup:
    """SQL for the page; as it is, where PostgreSQL's scanner cannot read it."""
    shown = code(masked(text))
    return Markup("".join(_pieces(shown)))


def _pieces(text: str) -> Iterator[str]:
    """The text as HTML; what is not ours is escaped."""
    try:
        tokens = postgast.scan(text).tokens
    except postgast.PgQueryError:
        yield escape(text)
        return
    raw, position = text.encode(), 0
    # Where key words are not in capitals, as migra writes them, every one of them is set off.
    small = bool(tokens) and raw[tokens[0].start : tokens[0].end].islower()
    for token in tokens:
        word = raw[token.start : token.end].decode()
        kind = _CLASSES.get(token.token)
        if kind is None and token.keyword_kind and (small or word.isupper()):
            kind = "k"
        if kind is None:
            continue
        yield escape(raw[position : token.start].decode())
        yield f'<i class="{kind}">{escape(word)}</i>'
        position = token.end
    yield escape(raw[position:].decode())

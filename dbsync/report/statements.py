"""The SQL that makes an object, as marked-up text: without secrets, its key words and constants set off."""

from collections.abc import Iterator

import postgast
from markupsafe import Markup, escape
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
    return Markup("").join(_pieces(shown))


def _pieces(text: str) -> Iterator[Markup]:
    try:
        tokens = postgast.scan(text).tokens
    except postgast.PgQueryError:
        yield escape(text)
        return
    raw, position = text.encode(), 0
    for token in tokens:
        word = raw[token.start : token.end].decode()
        kind = _CLASSES.get(token.token)
        if kind is None and token.keyword_kind and word.isupper():
            kind = "k"
        if kind is None:
            continue
        yield escape(raw[position : token.start].decode())
        yield Markup('<i class="{}">{}</i>').format(kind, word)
        position = token.end
    yield escape(raw[position:].decode())

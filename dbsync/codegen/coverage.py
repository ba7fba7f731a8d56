"""What dbsync knows of each kind of object, read off the kinds themselves: every attribute, and how it changes."""

import ast
import dataclasses
import inspect
import itertools
import textwrap
from collections.abc import Iterator

import postgast
from postgast import pg_query_pb2 as pb

from dbsync.kinds import KINDS
from dbsync.model.coverage import IN_PLACE, REMADE, Attribute, Kind
from dbsync.model.objects import Object
from dbsync.pg.version import NEWEST, OLDEST


def kinds() -> tuple[Kind, ...]:
    """Every kind, by name; `unknown` is none, it stands for what has no kind."""
    return tuple(_kind(KINDS[name]) for name in sorted(KINDS) if name != "unknown")


def _kind(kind: type[Object]) -> Kind:
    about, since = _docstrings(kind), _since(kind)
    attributes = tuple(
        Attribute(field.name, about.get(field.name, ""), _changed(kind, field.name), since.get(field.name))
        for field in dataclasses.fields(kind)
        if field.compare and field.name != "path"
    )
    return Kind(kind.kind, _first(inspect.getdoc(kind) or ""), attributes)


def _changed(kind: type[Object], field: str) -> str:
    if field in kind.fixed or kind.alter is Object.alter:
        return REMADE
    if field in kind.limits:
        return f"{IN_PLACE}; {REMADE} where {kind.limits[field]}"
    return IN_PLACE


def _docstrings(kind: type[Object]) -> dict[str, str]:
    """The texts below the fields, of the class and those that it extends."""
    found: dict[str, str] = {}
    for base in reversed([one for one in kind.__mro__ if issubclass(one, Object)]):
        for field, below in itertools.pairwise(_body(base)):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
                found[field.target.id] = _first(str(ast.literal_eval(below.value)))
    return found


def _body(kind: type[Object]) -> list[ast.stmt]:
    found = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(found, ast.ClassDef)
    return found.body


def _first(text: str) -> str:
    """The first paragraph, as one line."""
    return " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())


def _since(kind: type[Object]) -> dict[str, int]:
    """For each field that some supported version lacks, the first version whose query reads it from a catalog."""
    oldest, *newer = range(OLDEST, NEWEST + 1)
    missing = set(_constants(kind, oldest))
    found: dict[str, int] = {}
    for major in newer:
        constants = set(_constants(kind, major))
        found |= dict.fromkeys(missing - constants, major)
        missing &= constants
    return found


def _constants(kind: type[Object], major: int) -> Iterator[str]:
    """The columns of the kind's query that are the same for every object on a server of this version."""
    select = postgast.parse(kind.read(major * 10000)).stmts[0].stmt.select_stmt
    for target in select.target_list:
        if _is_constant(target.res_target.val):
            yield target.res_target.name


def _is_constant(value: pb.Node) -> bool:
    if value.HasField("type_cast"):
        return _is_constant(value.type_cast.arg)
    if value.HasField("a_array_expr"):
        return all(map(_is_constant, value.a_array_expr.elements))
    return bool(value.HasField("a_const"))

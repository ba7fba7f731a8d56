"""Dataclasses for rows, dictionaries for new rows, and enums: plain Python, typed."""

import keyword
import unicodedata
from collections.abc import Iterator

from dbsync.codegen import python
from dbsync.codegen.names import IN_BODIES, fields
from dbsync.codegen.python import Annotations, docstring, literal, remark
from dbsync.codegen.schema import Column, Composite, Domain, Relation, Source, Type

_JSON = 'Json: TypeAlias = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None'


def write(source: Source) -> str:
    """The text of the file."""
    schema = source.schema
    annotations = Annotations(python.classes(schema), "Json")
    classes = annotations.classes
    row_types = [*schema.row_types()]
    inserting = Annotations(classes, "Jsonb")
    body = [[_JSON]] if any(python.holds_json(one) for one in _types(source)) else []
    body += [list(python.enum(one, classes[one.name])) for one in schema.enums]
    body += [
        list(python.alias(one, annotations, row_types))
        if isinstance(one, Domain)
        else list(
            _row(classes[one.name], one.comment or f"A value of the type {one.name[1]}.", one.columns, annotations)
        )
        for one in schema.types
    ]
    for one in schema.relations:
        body.append(list(_row(classes[one.name], python.about(one), one.columns, annotations)))
        if one.insertable:
            body.append(list(_insert(one, classes.more(one.name, "Insert"), inserting)))
    registered = [
        *(one.name for one in schema.enums),
        *(one.name for one in schema.types if isinstance(one, Composite)),
        *row_types,
    ]
    body.append(list(python.types({name: classes[name] for name in registered})))
    text = python.blocks(body)
    # Rows of one table in a column of another: the class may stand further below.
    future = "from __future__ import annotations\n\n" if row_types else ""
    head = (
        f"{python.header(source, 'dataclasses', _WORDS)}\n{future}{_imports(text, annotations.used + inserting.used)}"
    )
    return f"{head}\n\n{python.fingerprint(source)}\n\n\n{text}\n"


_WORDS = """Rows of the database, as dataclasses.

A row is read as one (`db.query("select ...", row=...)`); a new one is a dictionary in which what has a default, or may
be NULL, can be left out. An application gives FINGERPRINT and TYPES to `dbsync.runtime.Settings`."""


def _types(source: Source) -> Iterator[Type]:
    for relation in source.schema.relations:
        yield from (column.type for column in relation.columns)
    for one in source.schema.types:
        yield from (column.type for column in one.columns) if isinstance(one, Composite) else [one.type]


def _row(name: str, words: str, columns: tuple[Column, ...], annotations: Annotations) -> Iterator[str]:
    yield "@dataclass(frozen=True, kw_only=True, slots=True)"
    yield f"class {name}:"
    yield from docstring(words)
    if columns:
        yield ""
    names = fields((column.name for column in columns), ["field"], annotations.classes)
    for field, column in zip(names, columns, strict=True):
        renamed = "" if field == column.name else f' = field(metadata={{"column": {literal(column.name)}}})'
        yield f"    {field}: {annotations.column(column)}{renamed}"
        if column.comment:
            yield from docstring(column.comment)


def _insert(one: Relation, name: str, annotations: Annotations) -> Iterator[str]:
    columns = [*one.settable]
    words = f"A new row of {one.name[1]}; what is left out gets its default."
    if all(_is_plain(column.name) for column in columns):
        yield f"class {name}(TypedDict):"
        yield from docstring(words)
        if columns:
            yield ""
        for column in columns:
            if column.default:
                yield from remark(f"defaults to {column.default}")
            yield f"    {column.name}: {_value(column, annotations)}"
        return
    # A name that Python would not leave as it is can only be written so.
    yield f"{name} = TypedDict("
    yield f"    {literal(name)},"
    yield "    {"
    for column in columns:
        if column.default:
            yield from remark(f"defaults to {column.default}", "        ")
        yield f"        {literal(column.name)}: {literal(_value(column, annotations))},"
    yield "    },"
    yield ")"
    yield from docstring(words, "")


def _is_plain(name: str) -> bool:
    """Whether a class may have a key of this name: Python mangles `__x`, and reads names as NFKC has them."""
    usual = name.isidentifier() and not keyword.iskeyword(name) and name == unicodedata.normalize("NFKC", name)
    return usual and not name.startswith("__") and name not in IN_BODIES


def _value(column: Column, annotations: Annotations) -> str:
    text = annotations.column(column)
    return f"NotRequired[{text}]" if column.optional else text


def _imports(body: str, used: str) -> str:
    typing = ["Any", "Final", *(one for one in ("NotRequired", "TypeAlias", "TypedDict") if one in body)]
    more = [f"typing {one}" for one in typing]
    more += [f"dataclasses {one}" for one in ("dataclass", "field") if f"{one}(" in body]
    more += ["enum StrEnum"] if "(StrEnum)" in body else []
    more += ["collections.abc Mapping", "collections.abc Sequence"] if _JSON in body else []
    return python.imports(used, *more)

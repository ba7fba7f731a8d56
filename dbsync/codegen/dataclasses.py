"""Dataclasses for rows, dictionaries for new rows, and enums: plain Python, typed."""

import keyword
from collections.abc import Iterator

from dbsync.codegen import python
from dbsync.codegen.names import distinct, snake
from dbsync.codegen.python import Annotations, docstring, literal, remark
from dbsync.codegen.schema import Column, Composite, Domain, Relation, Source

_JSON = '''Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"'''


def write(source: Source) -> str:
    """The text of the file."""
    schema = source.schema
    annotations = Annotations(python.classes(schema), "Json")
    classes = annotations.classes
    row_types = [*schema.row_types()]
    body = (
        [[_JSON]] if any(python.is_json(c.type) or "Json" in annotations.of(c.type) for c in _columns(source)) else []
    )
    body += [list(python.enum(one, classes[one.name])) for one in schema.enums]
    body += [
        list(python.alias(one, annotations))
        if isinstance(one, Domain)
        else list(
            _row(classes[one.name], one.comment or f"A value of the type {one.name[1]}.", one.columns, annotations)
        )
        for one in schema.types
    ]
    for one in schema.relations:
        body.append(list(_row(classes[one.name], python.about(one), one.columns, annotations)))
        if one.insertable:
            body.append(list(_insert(one, classes.more(one.name, "Insert"), annotations)))
    registered = [
        *(one.name for one in schema.enums),
        *(one.name for one in schema.types if isinstance(one, Composite)),
        *row_types,
    ]
    body.append(list(python.types({name: classes[name] for name in registered})))
    text = python.blocks(body)
    # Rows of one table in a column of another: the class may stand further below.
    future = "from __future__ import annotations\n\n" if row_types else ""
    head = f"{python.header(source, 'dataclasses', _WORDS)}\n{future}{_imports(text, annotations.used)}"
    return f"{head}\n\n{python.fingerprint(source)}\n\n\n{text}\n"


_WORDS = """Rows of the database, as dataclasses.

A row is read as one (`db.query("select ...", row=...)`); a new one is a dictionary in which what has a default, or may
be NULL, can be left out. An application gives FINGERPRINT and TYPES to `dbsync.runtime.Settings`."""


def _columns(source: Source) -> Iterator[Column]:
    for one in source.schema.relations:
        yield from one.columns
    for kind in source.schema.types:
        if isinstance(kind, Composite):
            yield from kind.columns
        else:
            yield Column(name="", type=kind.type, nullable=False)


def _row(name: str, words: str, columns: tuple[Column, ...], annotations: Annotations) -> Iterator[str]:
    yield "@dataclass(frozen=True, kw_only=True, slots=True)"
    yield f"class {name}:"
    yield from docstring(words)
    if columns:
        yield ""
    names = distinct(snake(column.name) for column in columns)
    for field, column in zip(names, columns, strict=True):
        renamed = "" if field == column.name else f' = field(metadata={{"column": {literal(column.name)}}})'
        yield f"    {field}: {annotations.column(column)}{renamed}"
        if column.comment:
            yield from docstring(column.comment)


def _insert(one: Relation, name: str, annotations: Annotations) -> Iterator[str]:
    columns = [*one.settable]
    words = f"A new row of {one.name[1]}; what is left out gets its default."
    if all(column.name.isidentifier() and not keyword.iskeyword(column.name) for column in columns):
        yield f"class {name}(TypedDict):"
        yield from docstring(words)
        yield ""
        for column in columns:
            if column.default:
                yield from remark(f"default: {column.default}")
            yield f"    {column.name}: {_value(column, annotations)}"
        return
    # A name that is none in Python can only be written so.
    yield f"{name} = TypedDict("
    yield f"    {literal(name)},"
    yield "    {"
    for column in columns:
        if column.default:
            yield from remark(f"default: {column.default}", "        ")
        yield f"        {literal(column.name)}: {literal(_value(column, annotations))},"
    yield "    },"
    yield ")"
    yield from docstring(words, "")


def _value(column: Column, annotations: Annotations) -> str:
    text = "Jsonb" if python.is_json(column.type) else annotations.of(column.type)
    text = f"{text} | None" if column.nullable else text
    return f"NotRequired[{text}]" if column.optional else text


def _imports(body: str, used_types: str) -> str:
    used = [word for word in ("dataclass", "field") if f"{word}(" in body]
    typing = ["Any", "Final"] + [w for w in ("NotRequired", "TypeAlias", "TypedDict") if w in body]
    lines = [f"from dataclasses import {', '.join(used)}"] if used else []
    lines += ["from enum import StrEnum"] if "(StrEnum)" in body else []
    lines += ["from collections.abc import Mapping, Sequence"] if _JSON in body else []
    lines += [f"from typing import {', '.join(typing)}"]
    lines += ["from psycopg.types.json import Jsonb"] if "Jsonb" in body else []
    lines += python.imports(used_types)
    third = sorted(line for line in lines if "psycopg" in line)
    own = sorted(
        (line for line in lines if "psycopg" not in line), key=lambda line: (not line.startswith("import"), line)
    )
    return "\n".join([*own, *([""] if third else []), *third])

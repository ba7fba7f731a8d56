"""Pydantic models, for rows and for new rows."""

from collections.abc import Iterator

from dbsync.codegen import python
from dbsync.codegen.names import distinct, snake
from dbsync.codegen.python import Annotations, docstring, literal, remark
from dbsync.codegen.schema import Column, Domain, Relation, Source, Type

_RESERVED = frozenset({"copy", "json", "dict", "schema", "construct", "validate", "register", "fields"})
"""What BaseModel has itself, besides everything that begins with model_."""
_WORDS = """Rows of the database, as Pydantic models.

A model for new rows leaves out what was not set: `new.model_dump(by_alias=True, exclude_unset=True)` gets the defaults
of the database. An application gives FINGERPRINT to `dbsync.runtime.Settings`."""


_DEFAULT = 'DEFAULT: Any = None\n"""What stands in a field that was not set: the database has the default."""'


def write(source: Source) -> str:
    """The text of the file."""
    schema = source.schema
    annotations = Annotations(python.classes(schema), "JsonValue")
    classes = annotations.classes
    body: list[list[str]] = [list(python.enum(one, classes[one.name])) for one in schema.enums]
    for kind in schema.types:
        if isinstance(kind, Domain):
            body.append(list(python.alias(kind, annotations, [*schema.row_types()])))
        else:
            words = kind.comment or f"A value of the type {kind.name[1]}."
            body.append(list(_model(classes[kind.name], words, kind.columns, annotations)))
    for one in schema.relations:
        body.append(list(_model(classes[one.name], python.about(one), one.columns, annotations)))
        if one.insertable:
            body.append(list(_insert(one, classes.more(one.name, "Insert"), annotations)))
    registered = {one.name: classes[one.name] for one in (*schema.enums, *schema.types) if not isinstance(one, Domain)}
    registered |= {name: classes[name] for name in schema.row_types()}
    body.append(list(python.types(registered)))
    text = python.blocks(body)
    future = "from __future__ import annotations\n\n" if [*schema.row_types()] else ""
    head = f"{python.header(source, 'pydantic', _WORDS)}\n{future}{_imports(text, annotations.used)}"
    constants = python.fingerprint(source) + (f"\n\n{_DEFAULT}" if "=DEFAULT" in text else "")
    return f"{head}\n\n{constants}\n\n\n{text}\n"


def _model(name: str, words: str, columns: tuple[Column, ...], annotations: Annotations) -> Iterator[str]:
    yield f"class {name}(BaseModel):"
    yield from docstring(words)
    yield ""
    yield f"    model_config = ConfigDict({_config(columns, 'frozen=True')})"
    if columns:
        yield ""
    for field, column in zip(_fields(columns), columns, strict=True):
        yield from _field(field, column, f"{_sized(column, annotations)}{' | None' if column.nullable else ''}", "")


def _insert(one: Relation, name: str, annotations: Annotations) -> Iterator[str]:
    columns = tuple(one.settable)
    yield f"class {name}(BaseModel):"
    yield from docstring(f"A new row of {one.name[1]}; what is not set gets its default.")
    yield ""
    yield f"    model_config = ConfigDict({_config(columns, 'extra=' + chr(34) + 'forbid' + chr(34))})"
    if columns:
        yield ""
    for field, column in zip(_fields(columns), columns, strict=True):
        if column.default:
            yield from remark(f"defaults to {column.default}")
        annotation = f"{_sized(column, annotations)}{' | None' if column.nullable else ''}"
        yield from _field(field, column, annotation, _default(column))


def _default(column: Column) -> str:
    if not column.optional:
        return ""
    return "default=DEFAULT" if column.default and not column.nullable else "default=None"


def _field(field: str, column: Column, annotation: str, default: str) -> Iterator[str]:
    arguments = [default] if default else []
    arguments += [f"alias={literal(column.name)}"] if field != column.name else []
    yield f"    {field}: {annotation}" + (f" = Field({', '.join(arguments)})" if arguments else "")
    if column.comment:
        yield from docstring(column.comment)


def _sized(column: Column, annotations: Annotations) -> str:
    """The annotation of a value, with what a text's length may be."""
    text = annotations.of(column.type)
    return f"Annotated[{text}, Field(max_length={column.type.length})]" if column.type.length else text


def _fields(columns: tuple[Column, ...]) -> list[str]:
    fields = distinct(snake(column.name) for column in columns)
    return [f"{one}_" if one in _RESERVED or one.startswith("model_") else one for one in fields]


def _config(columns: tuple[Column, ...], first: str) -> str:
    options = [first, "from_attributes=True", "use_attribute_docstrings=True"]
    if any(field != column.name for field, column in zip(_fields(columns), columns, strict=True)):
        options.append("populate_by_name=True")
    if any(_arbitrary(column.type) for column in columns):
        options.append("arbitrary_types_allowed=True")
    return ", ".join(options)


def _arbitrary(one: Type) -> bool:
    """Whether psycopg's own classes stand for values."""
    return one.kind in ("range", "multirange") or (one.of is not None and _arbitrary(one.of))


def _imports(body: str, used: str) -> str:
    more = [f"typing {one}" for one in ("Annotated", "TypeAlias") if one in body]
    more += ["enum StrEnum"] if "(StrEnum)" in body else []
    more += ["pydantic BaseModel", "pydantic ConfigDict"] if "(BaseModel)" in body else []
    more += ["pydantic Field"] if "Field(" in body else []
    return python.imports(used, "typing Any", "typing Final", *more)

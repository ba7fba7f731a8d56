"""Pydantic models, for rows and for new rows."""

from collections.abc import Iterator

from dbsync.codegen import python
from dbsync.codegen.names import fields
from dbsync.codegen.python import Annotations, docstring, literal, remark
from dbsync.codegen.schema import Column, Domain, Relation, Source, Type


class _Reserved:
    """What BaseModel has itself: some names, and everything that begins with model_."""

    _names = frozenset(
        "copy json dict schema construct validate register fields from_orm parse_file parse_obj parse_raw schema_json"
        " update_forward_refs".split()
    )

    def __contains__(self, name: object) -> bool:
        return name in self._names or str(name).startswith("model_")


_WORDS = """Rows of the database, as Pydantic models.

A model for new rows leaves out what was not set: `new.model_dump(by_alias=True, exclude_unset=True)` gets the defaults
of the database. An application gives FINGERPRINT to `dbsync.runtime.Settings`."""


_ARRAY = '''@dataclass(frozen=True)
class Array:
    """Arrays as PostgreSQL has them: it holds none to the number of dimensions that its column was declared with."""

    dimensions: int

    def each(self, value: Any, handle: Callable[[Any], Any]) -> Any:
        """Handle the innermost lists, each as if it stood alone in an array of the declared dimensions."""
        if isinstance(value, list) and any(isinstance(one, list) for one in value):
            return [self.each(one, handle) for one in value]
        for _ in range(1, self.dimensions):
            value = [value]
        value = handle(value)
        for _ in range(1, self.dimensions):
            value = value[0]
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        schema = handler(source)
        written = core_schema.wrap_serializer_function_ser_schema(self.each, schema=schema)
        return core_schema.no_info_wrap_validator_function(self.each, schema, serialization=written)'''
_DEFAULT = 'DEFAULT: Any = None\n"""What stands in a field that was not set: the database has the default."""'


class _Annotations(Annotations):
    def array(self, text: str, one: Type) -> str:
        """Lists are validated one by one, unless the elements are lists themselves: JSON's, and a domain's arrays."""
        element = one.of
        while element and element.kind == "domain":
            element = element.of
        of_lists = element is None or element.kind == "array" or python.holds_json(element)
        return text if of_lists else f"Annotated[{text}, Array({one.dimensions})]"


def write(source: Source) -> str:
    """The text of the file."""
    schema = source.schema
    annotations = _Annotations(python.classes(schema), "JsonValue")
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
    if "Array(" in annotations.used:
        body.insert(0, [_ARRAY])
    text = python.blocks(body)
    future = "from __future__ import annotations\n\n" if [*schema.row_types()] else ""
    head = f"{python.header(source, 'pydantic', _WORDS)}\n{future}{_imports(text, annotations.used)}"
    constants = python.fingerprint(source) + (f"\n\n{_DEFAULT}" if "=DEFAULT" in text else "")
    return f"{head}\n\n{constants}\n\n\n{text}\n"


def _model(name: str, words: str, columns: tuple[Column, ...], annotations: Annotations) -> Iterator[str]:
    yield f"class {name}(BaseModel):"
    yield from docstring(words)
    yield ""
    yield f"    model_config = ConfigDict({_config(columns, annotations, 'frozen=True')})"
    if columns:
        yield ""
    for field, column in zip(_fields(columns, annotations), columns, strict=True):
        yield from _field(field, column, f"{_sized(column, annotations)}{' | None' if column.nullable else ''}", "")


def _insert(one: Relation, name: str, annotations: Annotations) -> Iterator[str]:
    columns = tuple(one.settable)
    yield f"class {name}(BaseModel):"
    yield from docstring(f"A new row of {one.name[1]}; what is not set gets its default.")
    yield ""
    options = _config(columns, annotations, 'extra="forbid"')
    yield f"    model_config = ConfigDict({options})"
    if columns:
        yield ""
    for field, column in zip(_fields(columns, annotations), columns, strict=True):
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


def _fields(columns: tuple[Column, ...], annotations: Annotations) -> list[str]:
    return fields((column.name for column in columns), _Reserved(), annotations.classes)


def _config(columns: tuple[Column, ...], annotations: Annotations, first: str) -> str:
    options = [first, "from_attributes=True", "use_attribute_docstrings=True"]
    if any(field != column.name for field, column in zip(_fields(columns, annotations), columns, strict=True)):
        options.append("populate_by_name=True")
    if any(_holds(column.type, "numeric") for column in columns):
        options.append("allow_inf_nan=True")
    if any(_holds(column.type, "range", "multirange") for column in columns):
        # psycopg's own classes stand for values.
        options.append("arbitrary_types_allowed=True")
    return ", ".join(options)


def _holds(one: Type, *wanted: str) -> bool:
    """Whether values are of such a kind or of such a type of PostgreSQL's, or made of any."""
    return one.kind in wanted or one.builtin in wanted or (one.of is not None and _holds(one.of, *wanted))


def _imports(body: str, used: str) -> str:
    more = [f"typing {one}" for one in ("Annotated", "TypeAlias") if one in body]
    more += ["enum StrEnum"] if "(StrEnum)" in body else []
    more += ["pydantic BaseModel", "pydantic ConfigDict"] if "(BaseModel)" in body else []
    more += ["pydantic Field"] if "Field(" in body else []
    if _ARRAY in body:
        more += ["dataclasses dataclass", "collections.abc Callable", "pydantic GetCoreSchemaHandler"]
        more += ["pydantic_core core_schema"]
    return python.imports(used, "typing Any", "typing Final", *more)

"""What the formats in Python have in common: annotations, docstrings, enums."""

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator

from dbsync.codegen.names import Classes, constant, distinct
from dbsync.codegen.schema import Column, Domain, Enum, Name, Relation, Schema, Source, Type, composites
from dbsync.visible import visible

WIDTH = 110

_BUILTIN = {
    "bool": "bool",
    "int2": "int",
    "int4": "int",
    "int8": "int",
    "oid": "int",
    "float4": "float",
    "float8": "float",
    "numeric": "Decimal",
    "bytea": "bytes",
    "date": "dt.date",
    "time": "dt.time",
    "timetz": "dt.time",
    "timestamp": "dt.datetime",
    "timestamptz": "dt.datetime",
    "interval": "dt.timedelta",
    "uuid": "UUID",
    "inet": "IPv4Address | IPv6Address | IPv4Interface | IPv6Interface",
    "cidr": "IPv4Network | IPv6Network",
}
"""What psycopg makes of values; of all other types it makes texts."""
JSON = frozenset({"json", "jsonb"})

_MODULES = {
    "Decimal": "decimal",
    "UUID": "uuid",
    "IPv4Address": "ipaddress",
    "IPv6Address": "ipaddress",
    "IPv4Interface": "ipaddress",
    "IPv6Interface": "ipaddress",
    "IPv4Network": "ipaddress",
    "IPv6Network": "ipaddress",
    "Range": "psycopg.types.range",
    "Multirange": "psycopg.types.multirange",
    "Jsonb": "psycopg.types.json",
    "JsonValue": "pydantic",
    "Json": "",
}
_INSTALLED = ("psycopg", "pydantic", "sqlalchemy")
TAKEN = frozenset(
    [
        "Any",
        "ClassVar",
        "Decimal",
        "UUID",
        "IPv4Address",
        "IPv6Address",
        "IPv4Interface",
        "IPv6Interface",
        "IPv4Network",
        "IPv6Network",
        "Range",
        "Multirange",
        "Json",
        "Jsonb",
        "StrEnum",
        "TypedDict",
        "NotRequired",
        "TypeAlias",
        "Final",
        "BaseModel",
        "ConfigDict",
        "Field",
        "JsonValue",
        "Annotated",
        "Array",
        "Callable",
        "GetCoreSchemaHandler",
        "FINGERPRINT",
        "TYPES",
        "Mapping",
        "Sequence",
        "None",
        "True",
        "False",
    ]
)
"""Names that the files use themselves."""


class Annotations:
    """How the types of columns are written."""

    def __init__(self, classes: Classes, json: str):
        self.classes = classes
        self.json = json
        self.used = ""
        """Everything that was written, for the imports."""

    def of(self, one: Type) -> str:
        """The annotation of a value that is not NULL."""
        found = self._of(one)
        self.used += f" {found}"
        return found

    def _of(self, one: Type) -> str:
        if self.json == "Jsonb" and one.kind == "domain" and one.of and holds_json(one):
            return self.of(one.of)
        if one.kind in ("enum", "domain", "composite"):
            try:
                return self.classes[one.name]
            except KeyError:
                # An extension's.
                return self.of(one.of) if one.of else "str"
        if one.kind == "array" and one.of:
            # Any element of an array may be NULL, and no array is held to the dimensions of its declaration.
            inner = self.of(one.of)
            nullable = inner if inner == "Any" else f"{inner} | None"
            return self.array("list[" * one.dimensions + nullable + "]" * one.dimensions, one)
        if one.kind in ("range", "multirange") and one.of:
            return f"{one.kind.title()}[{self.of(one.of)}]"
        return self.json if one.builtin in JSON else _BUILTIN.get(one.builtin, "str")

    def array(self, text: str, one: Type) -> str:  # noqa: ARG002 - for formats that say more of it
        """The annotation of an array whose lists are written so."""
        return text

    def column(self, column: Column) -> str:
        """The annotation of a column."""
        return f"{self.of(column.type)} | None" if column.nullable else self.of(column.type)


def holds_json(one: Type) -> bool:
    """Whether values are JSON, or arrays of it."""
    if one.kind in ("array", "domain") and one.of is not None:
        return holds_json(one.of)
    return one.builtin in JSON


def imports(used: str, *more: str) -> str:
    """The imports that annotations need, and more as `module name`; the standard library's first."""
    words = set(re.findall(r"\w+", used))
    found = {(module, word) for word, module in _MODULES.items() if module and word in words}
    found |= {(module, word) for module, word in (one.split() for one in more)}
    by_module: dict[str, list[str]] = {}
    for module, word in sorted(found):
        by_module.setdefault(module, []).append(word)
    own = ["import datetime as dt"] if "dt" in words else []
    third: list[str] = []
    for module, names in by_module.items():
        line = f"from {module} import {', '.join(sorted(names, key=lambda name: (not name.isupper(), name)))}"
        (third if module.startswith(_INSTALLED) else own).append(line)
    return "\n".join([*own, *([""] if third else []), *third])


def header(source: Source, form: str, words: str) -> str:
    """The docstring of the file."""
    option = "" if form == "dataclasses" else f" --format {form}"
    written = f"Written by `dbsync models{option}` from {source.file}: change that file, and write this one anew."
    return "\n".join(docstring(f"{words}\n\n{written}", "", 120)) + "\n"


def literal(text: str) -> str:
    """A string constant, in double quotes where that takes no backslash."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain and "\\'" not in plain else plain


def docstring(text: str, indent: str = "    ", width: int = WIDTH) -> Iterator[str]:
    """A docstring, in lines."""
    room = width - len(indent)
    wrapped = [part for line in text.strip().splitlines() for part in (textwrap.wrap(line, room) or [""])]
    # Escaped line by line, so that no escape is cut in two.
    lines = [visible(line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')) for line in wrapped]
    if len(lines) == 1 and lines[-1].endswith('"'):
        lines[-1] = lines[-1][:-1] + '\\"'
    if len(lines) < 2:
        yield f'{indent}"""{"".join(lines)}"""'
        return
    yield f'{indent}"""{lines[0]}'
    yield from (indent + line if line else "" for line in lines[1:])
    yield f'{indent}"""'


def remark(text: str, indent: str = "    ") -> Iterator[str]:
    """A comment, in lines."""
    for line in textwrap.wrap(visible(" ".join(text.split())), WIDTH - len(indent), break_long_words=False):
        yield f"{indent}# {line}"


def enum(one: Enum, name: str) -> Iterator[str]:
    """A class of an enum's labels."""
    yield f"class {name}(StrEnum):"
    yield from docstring(one.comment or f"The values of the type {one.name[1]}.")
    yield ""
    members = distinct(map(constant, one.labels), ["MRO"])
    yield from (f"    {member} = {literal(label)}" for member, label in zip(members, one.labels, strict=True))


def classes(schema: Schema, more: Iterable[str] = ()) -> Classes:
    """The names of all classes; `more` is what a format's files need besides."""
    named = [*(one.name for one in schema.relations), *(one.name for one in schema.enums)]
    return Classes([*named, *(one.name for one in schema.types)], [*TAKEN, *more])


def alias(one: Domain, annotations: Annotations, later: Collection[Name]) -> Iterator[str]:
    """A domain, as another name of what it is made of; classes that stand `later` in the file are quoted."""
    text = annotations.of(one.type)
    quoted = literal(text) if set(composites(one.type)) & set(later) else text
    yield f"{annotations.classes[one.name]}: TypeAlias = {quoted}"
    if one.comment:
        yield from docstring(one.comment, "")


def about(one: Relation) -> str:
    """The docstring of a row's class."""
    return one.comment or f"A row of the {one.kind} {one.name[1]}."


def blocks(parts: Iterable[Iterable[str]]) -> str:
    """Classes with two empty lines between them."""
    return "\n\n\n".join("\n".join(part) for part in parts)


def fingerprint(source: Source) -> str:
    """The constant that dbsync.runtime compares."""
    return f'FINGERPRINT: Final = {literal(source.schema.fingerprint)}\n"""Of the schema that these classes are for."""'


def types(names: dict[tuple[str, str], str]) -> Iterator[str]:
    """The constant that teaches dbsync.runtime the database's types."""
    if not names:
        yield "TYPES: Final[dict[tuple[str, str], type[Any]]] = {}"
    else:
        yield "TYPES: Final[dict[tuple[str, str], type[Any]]] = {"
        for (schema, name), found in names.items():
            yield f"    ({literal(schema)}, {literal(name)}): {found},"
        yield "}"
    yield '"""The classes of the database\'s own types."""'

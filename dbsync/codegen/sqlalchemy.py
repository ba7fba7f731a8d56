"""SQLAlchemy 2 models: a class for each table with a primary key, a Table for all else."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from dbsync import sql
from dbsync.codegen import python
from dbsync.codegen.names import Classes, distinct, fields, snake
from dbsync.codegen.python import docstring, literal, remark
from dbsync.codegen.relationships import End, ends
from dbsync.codegen.schema import Column, Enum, ForeignKey, Name, Relation, Source, Type

_WORDS = """Tables of the database, as SQLAlchemy models.

They are for queries and writes: the database itself is made from the schema file, so what only it needs to know (check
constraints, indexes, the expressions of defaults) is not repeated here; FetchedValue says that it has a value.
An application gives FINGERPRINT to `dbsync.runtime.Settings`."""
_RESERVED = frozenset({"sa", "pg", "mapped_column", "relationship", "labels", "metadata", "registry"})
"""What the body of a class needs, besides what every format does, and what DeclarativeBase has itself."""
_NAMES = ["Base", "DeclarativeBase", "MultiRange", "Mapped", "Other", "Enum", "UserDefinedType"]
_INET = "IPv4Address | IPv6Address | IPv4Interface | IPv6Interface"
_BUILTIN = {
    "bool": ("sa.Boolean", "bool"),
    "int2": ("sa.SmallInteger", "int"),
    "int4": ("sa.Integer", "int"),
    "int8": ("sa.BigInteger", "int"),
    "oid": ("pg.OID", "int"),
    "float4": ("sa.REAL", "float"),
    "float8": ("sa.Double", "float"),
    "numeric": ("sa.Numeric", "Decimal"),
    "money": ("pg.MONEY", "str"),
    "text": ("sa.Text", "str"),
    "varchar": ("sa.String", "str"),
    "bytea": ("sa.LargeBinary", "bytes"),
    "date": ("sa.Date", "dt.date"),
    "time": ("sa.Time", "dt.time"),
    "timetz": ("sa.Time(timezone=True)", "dt.time"),
    "timestamp": ("sa.DateTime", "dt.datetime"),
    "timestamptz": ("sa.DateTime(timezone=True)", "dt.datetime"),
    "interval": ("pg.INTERVAL", "dt.timedelta"),
    "uuid": ("sa.Uuid", "UUID"),
    "json": ("pg.JSON", "Any"),
    "jsonb": ("pg.JSONB", "Any"),
    "inet": ("pg.INET", _INET),
    "cidr": ("pg.CIDR", "IPv4Network | IPv6Network"),
    "macaddr": ("pg.MACADDR", "str"),
    "tsvector": ("pg.TSVECTOR", "str"),
    "tsquery": ("pg.TSQUERY", "str"),
    "int4range": ("pg.INT4RANGE", "Range[int]"),
    "int8range": ("pg.INT8RANGE", "Range[int]"),
    "numrange": ("pg.NUMRANGE", "Range[Decimal]"),
    "daterange": ("pg.DATERANGE", "Range[dt.date]"),
    "tsrange": ("pg.TSRANGE", "Range[dt.datetime]"),
    "tstzrange": ("pg.TSTZRANGE", "Range[dt.datetime]"),
    "int4multirange": ("pg.INT4MULTIRANGE", "MultiRange[int]"),
    "int8multirange": ("pg.INT8MULTIRANGE", "MultiRange[int]"),
    "nummultirange": ("pg.NUMMULTIRANGE", "MultiRange[Decimal]"),
    "datemultirange": ("pg.DATEMULTIRANGE", "MultiRange[dt.date]"),
    "tsmultirange": ("pg.TSMULTIRANGE", "MultiRange[dt.datetime]"),
    "tstzmultirange": ("pg.TSTZMULTIRANGE", "MultiRange[dt.datetime]"),
}
"""SQLAlchemy's types, and the values that they give with psycopg."""
_BASE = '''class Base(DeclarativeBase):
    """The base of all models."""'''
_OTHER = '''class Other(UserDefinedType[Any]):
    """A type that SQLAlchemy has no class for: values are what psycopg makes of them."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in SQL."""
        return self.name'''
_LABELS = '''def labels(members: type[Enum]) -> list[str]:
    """The values of an enum's members, which are its labels in the database."""
    return [str(one.value) for one in members]'''


def write(source: Source) -> str:
    """The text of the file."""
    schema = source.schema
    types = _Types(python.classes(schema, _NAMES), schema.enums)
    mapped = {one.name: one for one in schema.relations if one.primary_key}
    names = {
        one.name: dict(
            zip(
                (column.name for column in one.columns),
                fields((column.name for column in one.columns), _RESERVED, types.classes),
                strict=True,
            )
        )
        for one in mapped.values()
    }
    known = {one.name for one in schema.relations}
    joined = {name: replace(one, foreign_keys=tuple(_nameable(one, known))) for name, one in mapped.items()}
    found = ends(joined, names, types.classes, _RESERVED)
    plain = [one for one in schema.relations if one.name not in mapped]
    tables = distinct(f"t_{snake(one.name[1])}" for one in plain)
    body = [list(python.enum(one, types.classes[one.name])) for one in schema.enums]
    body += [list(_class(one, names[one.name], types, found[one.name], known)) for one in mapped.values()]
    body += [list(_table(one, name, types)) for one, name in zip(plain, tables, strict=True)]
    helpers = [_BASE]
    helpers += [_OTHER] if "Other(" in types.used else []
    helpers += [_LABELS] if "labels)" in types.used else []
    text = python.blocks([*([one] for one in helpers), *body])
    head = python.header(source, "sqlalchemy", _WORDS)
    return f"{head}\n{_imports(text, types.used)}\n\n{python.fingerprint(source)}\n\n\n{text}\n"


class _Types:
    """How the types of columns are written: SQLAlchemy's type, and the annotation of a value."""

    def __init__(self, classes: Classes, enums: tuple[Enum, ...]):
        self.classes = classes
        self.labelled = {one.name for one in enums if one.labels}
        self.used = ""
        """Everything that was written, for the imports."""

    def of(self, column: Column) -> tuple[str, str]:
        """Both for a column."""
        kind, annotation = self._of(column.type)
        if column.nullable:
            # NULL is what None is written as, not JSON's null.
            kind = f"{kind}(none_as_null=True)" if kind in ("pg.JSON", "pg.JSONB") else kind
            annotation = annotation if annotation == "Any" else f"{annotation} | None"
        self.used += f" {kind} {annotation}"
        return kind, annotation

    def _of(self, one: Type) -> tuple[str, str]:
        if one.kind == "domain" and one.of is not None:
            return self._of(one.of)
        if one.kind == "enum" and one.name in self.labelled:
            schema = "" if one.name[0] == "public" else f", schema={literal(one.name[0])}"
            name = self.classes[one.name]
            return f"sa.Enum({name}, name={literal(one.name[1])}{schema}, values_callable=labels)", name
        if one.kind == "array" and one.of is not None and (one.of.builtin or one.of.name in self.labelled):
            kind, inner = self._of(one.of)
            nullable = inner if inner == "Any" else f"{inner} | None"
            return f"pg.ARRAY({kind})", "list[" * one.dimensions + nullable + "]" * one.dimensions
        if found := _BUILTIN.get(one.builtin):
            return found
        return f"Other({literal(_spelled(one))})", "str"


def _spelled(one: Type) -> str:
    """A type as SQL has it; psycopg gives arrays of the database's own types as PostgreSQL writes them."""
    if one.kind == "array" and one.of is not None:
        return f"{_spelled(one.of)}[]"
    return sql.qualified(*one.name)


def _class(
    one: Relation, names: Mapping[str, str], types: _Types, found: list[End], known: Collection[Name]
) -> Iterator[str]:
    yield f"class {types.classes[one.name]}(Base):"
    yield from docstring(python.about(one))
    yield ""
    yield f"    __tablename__ = {literal(one.name[1])}"
    yield from _arguments(one, known)
    yield ""
    for column in one.columns:
        kind, annotation = types.of(column)
        arguments = [literal(column.name)] if names[column.name] != column.name else []
        arguments += [kind, *_flags(column, one)]
        yield from remark(f"defaults to {column.default}") if column.default else ()
        yield from _call(f"    {names[column.name]}: Mapped[{annotation}] = mapped_column", arguments)
        yield from docstring(column.comment) if column.comment else ()
    yield from [""] if found else []
    for end in found:
        yield from _call(f"    {end.name}: Mapped[{end.annotation}] = relationship", end.arguments)


def _nameable(one: Relation, known: Collection[Name]) -> Iterator[ForeignKey]:
    """The foreign keys whose other side SQLAlchemy can name, in whose spelling a dot is no part of a name."""
    for key in one.foreign_keys:
        if key.target in known and not any("." in name for name in (*key.target, *key.target_columns)):
            yield key


def _arguments(one: Relation, known: Collection[Name]) -> Iterator[str]:
    """What is said of the table: its foreign keys, and a schema other than public."""
    keys = [*_nameable(one, known)]
    for key in one.foreign_keys:
        if key not in keys:
            yield from remark(f"the foreign key {key.name} is left out: SQLAlchemy cannot name what it refers to")
    parts = [line for key in keys for line in _foreign_key(key)]
    schema = [] if one.name[0] == "public" else [f'{{"schema": {literal(one.name[0])}}}']
    if not parts and schema:
        yield f"    __table_args__ = {schema[0]}"
    elif parts:
        yield "    __table_args__ = ("
        yield from parts
        yield from (f"        {part}," for part in schema)
        yield "    )"


def _foreign_key(key: ForeignKey) -> Iterator[str]:
    schema, table = key.target
    prefix = table if schema == "public" else f"{schema}.{table}"
    own = ", ".join(map(literal, key.columns))
    other = ", ".join(literal(f"{prefix}.{column}") for column in key.target_columns)
    arguments = [f"[{own}]", f"[{other}]", f"name={literal(key.name)}"]
    yield from _call("        sa.ForeignKeyConstraint", arguments, ",")


def _call(name: str, arguments: Iterable[str], after: str = "") -> Iterator[str]:
    """A call on one line, or in several where that would be too long."""
    line = f"{name}({', '.join(arguments)}){after}"
    if len(line) <= python.WIDTH:
        yield line
        return
    indent = " " * (len(name) - len(name.lstrip()))
    yield f"{name}("
    yield from (f"{indent}    {one}," for one in arguments)
    yield f"{indent}){after}"


def _flags(column: Column, one: Relation) -> Iterator[str]:
    if column.name in one.primary_key:
        yield "primary_key=True"
    elif not column.nullable:
        yield "nullable=False"
    if column.default or column.given:
        yield "server_default=sa.FetchedValue()"
    if column.given and column.name not in one.primary_key:
        yield "server_onupdate=sa.FetchedValue()"


def _table(one: Relation, name: str, types: _Types) -> Iterator[str]:
    yield f"{name} = sa.Table("
    yield f"    {literal(one.name[1])},"
    yield "    Base.metadata,"
    for column in one.columns:
        yield from _call("    sa.Column", [literal(column.name), types.of(column)[0], *_flags(column, one)], ",")
    if one.name[0] != "public":
        yield f"    schema={literal(one.name[0])},"
    yield ")"
    yield from docstring(python.about(one), "")


def _imports(body: str, used: str) -> str:
    more = ["typing Any"] if re.search(r"\bAny\b", body) else []
    more += ["sqlalchemy.orm DeclarativeBase"]
    more += ["sqlalchemy.orm Mapped", "sqlalchemy.orm mapped_column"] if "Mapped[" in body else []
    more += ["sqlalchemy.orm relationship"] if " = relationship(" in body else []
    more += ["sqlalchemy.types UserDefinedType"] if _OTHER in body else []
    more += ["enum StrEnum"] if "(StrEnum)" in body else []
    ranges = "sqlalchemy.dialects.postgresql.ranges"
    more += [f"{ranges} {one}" for one in ("MultiRange", "Range") if re.search(rf"\b{one}\[", used)]
    more += ["enum Enum"] if _LABELS in body else []
    lines = python.imports(re.sub(r"\bRange\b", "", used), "typing Final", *more).split("\n")
    return "\n".join([*lines, "import sqlalchemy as sa", "from sqlalchemy.dialects import postgresql as pg"])

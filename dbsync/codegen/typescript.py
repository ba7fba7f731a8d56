"""TypeScript interfaces: values as node-postgres (`pg`) gives them."""

import json
import re
import textwrap
from collections.abc import Iterator

from dbsync.codegen.names import Classes
from dbsync.codegen.schema import Column, Composite, Domain, Enum, Relation, Source, Type
from dbsync.visible import visible

_BUILTIN = {
    "bool": "boolean",
    "int2": "number",
    "int4": "number",
    "oid": "number",
    "float4": "number",
    "float8": "number",
    "bytea": "Uint8Array",
    "date": "Date",
    "timestamp": "Date",
    "timestamptz": "Date",
    "json": "Json",
    "jsonb": "Json",
    "interval": "Interval",
    "point": "{ x: number; y: number }",
    "circle": "{ x: number; y: number; radius: number }",
}
"""What node-postgres reads as something else than text: int8 and numeric are texts, which hold them exactly."""
_ARRAYS = frozenset(
    [
        "bool",
        "int2",
        "int4",
        "oid",
        "float4",
        "float8",
        "bytea",
        "date",
        "timestamp",
        "timestamptz",
        "json",
        "jsonb",
        "interval",
        "point",
        "int8",
        "numeric",
        "text",
        "varchar",
        "bpchar",
        "uuid",
        "time",
        "timetz",
        "inet",
        "cidr",
        "macaddr",
        "money",
        "numrange",
    ]
)
"""Those whose arrays it reads; others stay texts as PostgreSQL writes them."""
_JSON = """export type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;"""
_INTERVAL = """/** An interval as node-postgres reads it. */
export interface Interval {
  years?: number;
  months?: number;
  days?: number;
  hours?: number;
  minutes?: number;
  seconds?: number;
  milliseconds?: number;
}"""
_PLAIN = re.compile(r"[A-Za-z_$][\w$]*\Z", re.ASCII)
_TAKEN = frozenset(
    [
        "Json",
        "Interval",
        "Date",
        "Uint8Array",
        "FINGERPRINT",
        "Array",
        "Object",
        "String",
        "Number",
        "Boolean",
        "Symbol",
        "Function",
        "Promise",
        "Record",
        "Partial",
        "Pick",
        "Omit",
        "Readonly",
        "Required",
    ]
)


def write(source: Source) -> str:
    """The text of the file."""
    schema = source.schema
    names = [*(one.name for one in schema.relations), *(one.name for one in schema.enums)]
    classes = Classes([*names, *(one.name for one in schema.types)], _TAKEN)
    body = [_enum(one, classes) for one in schema.enums]
    body += [_domain(one, classes) if isinstance(one, Domain) else _composite(one, classes) for one in schema.types]
    for one in schema.relations:
        body.append("\n".join(_row(one, classes)))
        if one.insertable:
            body.append("\n".join(_insert(one, classes.more(one.name, "Insert"), classes)))
    text = "\n\n".join(body)
    used = [part for word, part in (("Json", _JSON), ("Interval", _INTERVAL)) if re.search(rf"\b{word}\b", text)]
    head = (
        "// Rows of the database, as node-postgres gives them.\n"
        f"// Written by `dbsync models --format typescript` from {visible(source.file)}: change that file, "
        "and write this one anew.\n"
    )
    constant = (
        f"/** Of the schema that these types are for. */\nexport const FINGERPRINT = {json.dumps(schema.fingerprint)};"
    )
    return "\n\n".join([head.rstrip(), constant, *used, text]).rstrip() + "\n"


def _enum(one: Enum, classes: Classes) -> str:
    name = classes[one.name]
    labels = ", ".join(_string(label) for label in one.labels)
    values = f"{name[0].lower()}{name[1:]}Values"
    doc = "\n".join(_doc(one.comment or f"The values of the type {one.name[1]}."))
    return f"{doc}\nexport const {values} = [{labels}] as const;\nexport type {name} = (typeof {values})[number];"


def _domain(one: Domain, classes: Classes) -> str:
    doc = "".join(f"{line}\n" for line in _doc(one.comment)) if one.comment else ""
    return f"{doc}export type {classes[one.name]} = {_type(one.type, classes)};"


def _composite(one: Composite, classes: Classes) -> str:
    doc = "\n".join(_doc(one.comment or f"A value of the type {one.name[1]}, as PostgreSQL writes it."))
    return f"{doc}\nexport type {classes[one.name]} = string;"


def _row(one: Relation, classes: Classes) -> Iterator[str]:
    yield from _doc(one.comment or f"A row of the {one.kind} {one.name[1]}.")
    yield f"export interface {classes[one.name]} {{"
    for column in one.columns:
        yield from _doc(column.comment, "  ") if column.comment else ()
        yield f"  {_key(column.name)}: {_value(column, classes)};"
    yield "}"


def _insert(one: Relation, name: str, classes: Classes) -> Iterator[str]:
    yield from _doc(f"A new row of {one.name[1]}; what is left out gets its default.")
    yield f"export interface {name} {{"
    for column in one.settable:
        yield from _doc(f"default: {column.default}", "  ") if column.default else ()
        yield f"  {_key(column.name)}{'?' if column.optional else ''}: {_value(column, classes)};"
    yield "}"


def _value(column: Column, classes: Classes) -> str:
    return _type(column.type, classes) + (" | null" if column.nullable else "")


def _type(one: Type, classes: Classes) -> str:
    if one.kind in ("enum", "domain"):
        try:
            return classes[one.name]
        except KeyError:
            return _type(one.of, classes) if one.of else "string"
    if one.kind == "composite":
        return "string"
    if one.kind == "array" and one.of:
        if one.of.builtin not in _ARRAYS:
            return "string"
        # Of all numbers only the elements of numeric[] lose digits: that is how node-postgres reads them.
        inner = "number" if one.of.builtin == "numeric" else _type(one.of, classes)
        return f"({inner} | null){'[]' * one.dimensions}"
    return _BUILTIN.get(one.builtin, "string")


def _key(name: str) -> str:
    return name if _PLAIN.match(name) else _string(name)


def _string(text: str) -> str:
    return json.dumps(text)


def _doc(text: str, indent: str = "") -> Iterator[str]:
    wrapped = [part for line in text.splitlines() for part in (textwrap.wrap(line, 100) or [""])]
    lines = [visible(line).replace("*/", "*\\/") for line in wrapped]
    if len(lines) < 2:
        yield f"{indent}/** {''.join(lines)} */"
        return
    yield f"{indent}/**"
    yield from (f"{indent} * {line}".rstrip() for line in lines)
    yield f"{indent} */"

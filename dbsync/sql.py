"""Writes names and values as SQL text; the only place that quotes."""

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*\Z")

# Every key word that is not "unreserved" (Appendix C of the manual): these need quotes somewhere.
_KEYWORDS = frozenset(
    """all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case
    cast char character check coalesce collate collation column concurrently constraint create cross current_catalog
    current_date current_role current_schema current_time current_timestamp current_user dec decimal default
    deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant
    greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull join
    json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize
    json_table json_value lateral leading least left like limit localtime localtimestamp merge_action national
    natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay
    placing position precision primary real references returning right row select session_user setof similar
    smallint some substring symmetric system_user table tablesample then time timestamp to trailing treat trim true
    union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement
    xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable""".split()
)


def name(text: str) -> str:
    """An identifier, in quotes only where PostgreSQL needs them."""
    if _PLAIN.match(text) and text not in _KEYWORDS:
        return text
    return '"' + text.replace('"', '""') + '"'


def names(texts: Iterable[str]) -> str:
    """Identifiers as a list: `a, b`."""
    return ", ".join(name(text) for text in texts)


def qualified(*parts: str) -> str:
    """A name with its schema: `public.plans`."""
    return ".".join(name(part) for part in parts)


def literal(text: str) -> str:
    """A string constant, as quote_literal() writes it under standard_conforming_strings."""
    quoted = "'" + text.replace("'", "''").replace("\\", "\\\\") + "'"
    return "E" + quoted if "\\" in text else quoted


def role(text: str) -> str:
    """A role as GRANT takes it; the empty name is PUBLIC."""
    return name(text) if text else "PUBLIC"

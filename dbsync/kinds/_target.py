"""How COMMENT, GRANT, ALTER … OWNER and SECURITY LABEL name an object of each kind."""

from dbsync import sql
from dbsync.model.objects import Id

_MEMBERS = {
    "constraint": "CONSTRAINT",
    "policy": "POLICY",
    "rule": "RULE",
    "trigger": "TRIGGER",
}
"""What is named after the table that it is on."""

_WORDS = {
    "base type": "TYPE",
    "composite type": "TYPE",
    "enum": "TYPE",
    "range": "TYPE",
    "shell type": "TYPE",
    "operator class": "OPERATOR CLASS",
    "operator family": "OPERATOR FAMILY",
}
"""Where a statement has another word than the name of the kind in capitals."""


def target(one: Id) -> str:
    """The object as a statement names it: "TABLE public.plans", "CONSTRAINT positive ON public.plans"."""
    path = one.path
    if one.kind in _MEMBERS:
        return f"{_MEMBERS[one.kind]} {sql.name(path[2])} ON {sql.qualified(*path[:2])}"
    if one.kind == "domain constraint":
        return f"CONSTRAINT {sql.name(path[2])} ON DOMAIN {sql.qualified(*path[:2])}"
    if one.kind == "function":
        return f"FUNCTION {sql.qualified(*path[:-1])}{path[-1]}"
    if one.kind == "procedure":
        # A mode says that only arguments that go in are listed, where another procedure's OUT arguments could fit too.
        return f"PROCEDURE {sql.qualified(*path[:-1])}{path[-1] if path[-1] == '()' else '(IN ' + path[-1][1:]}"
    if one.kind == "aggregate":
        return f"AGGREGATE {sql.qualified(*path[:-1])}{'(*)' if path[-1] == '()' else path[-1]}"
    if one.kind == "operator":
        return f"OPERATOR {sql.name(path[0])}.{path[1]} {path[2]}"
    if one.kind in {"operator class", "operator family"}:
        return f"{_WORDS[one.kind]} {sql.qualified(*path[:2])} USING {sql.name(path[2])}"
    if one.kind == "cast":
        return f"CAST {path[-1]}" if path[-1].startswith("(") else f"CAST ({path[0]} AS {path[1]})"
    if one.kind == "transform":
        return f"TRANSFORM FOR {path[0]} LANGUAGE {sql.name(path[1])}"
    return f"{_WORDS.get(one.kind, one.kind.upper())} {sql.qualified(*path)}"

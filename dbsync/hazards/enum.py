"""Enums: rows that hold a label which the type no longer has, or a text that never was one."""

from collections.abc import Iterator
from functools import partial

from postgast import pg_query_pb2 as pb

from dbsync import sql
from dbsync.hazards._facts import Facts
from dbsync.kinds.column import Column
from dbsync.kinds.enum import Enum
from dbsync.load import tree
from dbsync.model.hazards import Question
from dbsync.model.objects import Id


def questions(facts: Facts) -> Iterator[Question]:
    """One for each column of a table with rows that becomes an enum, or whose enum is made anew."""
    for was, now in (*facts.retyped.values(), *facts.going_over):
        for one in facts.types(now):
            enum = facts.goal.objects[one]
            if isinstance(enum, Enum) and not any(parent in facts.changed for parent in now.implied_by()):
                yield from facts.put("enum", now.id, partial(_question, facts, was, now, enum))


def _question(facts: Facts, was: Column, now: Column, enum: Enum) -> Question | None:
    before = facts.current.objects.get(enum.id)
    labels = [*enum.labels, *_renamed(facts, enum)]
    if was.type == now.type and isinstance(before, Enum) and set(before.labels) <= set(labels):
        return None
    rows = facts.rows(now.path[:2])
    if rows is None:
        return None
    name = sql.name(was.path[2])
    known = f"ARRAY[{', '.join(map(sql.literal, labels))}]::text[]"
    condition = f"{name}::text <> ALL ({known})"
    if now.type.endswith("[]"):
        condition = f"EXISTS (SELECT FROM unnest({name}::text[]) AS label WHERE label <> ALL ({known}))"
    return Question(
        hazard="enum",
        about=now.id,
        tables=rows.tables,
        query=rows.listing((was.path[2],), condition),
        key=rows.key,
        problem=f"of {rows.label} with something in {name} that is no label of {enum.id.name} any more"
        if was.type == now.type
        else f"of {rows.label} with something in {name} that is no label of {enum.id.name}",
        advice="Give these rows another label first, or keep theirs in the type.",
    )


def _renamed(facts: Facts, enum: Enum) -> Iterator[str]:
    """The names that labels have on live, where the plan renames them."""
    for one in facts.steps:
        node = tree.node(one.step.sql) if "RENAME VALUE" in one.step.sql.upper() else None
        if node is not None and node.WhichOneof("node") == "alter_enum_stmt":
            renamed: pb.AlterEnumStmt = node.alter_enum_stmt
            name = tuple(part.string.sval for part in renamed.type_name)
            if renamed.new_val in enum.labels and Id("enum", name) == enum.id:
                yield renamed.old_val

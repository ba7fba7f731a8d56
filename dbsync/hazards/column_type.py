"""ALTER COLUMN … TYPE: values that the new type cannot hold."""

from collections.abc import Iterator
from functools import partial

from dbsync import sql
from dbsync.hazards._facts import CannotAskError, Facts
from dbsync.hazards._rows import Rows
from dbsync.hazards._types import Type, type_of
from dbsync.kinds.column import Column
from dbsync.model.hazards import Attempt, Question

_CODE = "column-type"


def questions(facts: Facts) -> Iterator[Question]:
    """One for each column of a table with rows that gets another type, or goes over to one that is made anew.

    Enums and composite types have questions of their own, and the checks of domains.
    """
    for was, now in (*facts.retyped.values(), *facts.going_over):
        if (was.type != now.type or was.path not in facts.retyped) and not now.generated and not _implied(facts, now):
            yield from facts.put(_CODE, now.id, partial(_question, facts, was, now))


def _implied(facts: Facts, column: Column) -> bool:
    return any(one.path in facts.retyped for one in column.implied_by())


def _question(facts: Facts, was: Column, now: Column) -> Question | None:
    table, name = now.path[:2], sql.name(was.path[2])
    old, new = type_of(facts.copy, was.path[:2], was.path[2]), type_of(facts.desired, table, now.path[2])
    plain = facts.rows(table)
    if plain is None or new.kind == "e" or (new.kind == "c" and was.type == now.type):
        return None
    one = len(plain.sources) == 1
    condition = _condition(old, new, name, facts.conversion(now.path), facts.version) if one else ""
    return Question(
        hazard=_CODE,
        about=now.id,
        tables=plain.tables,
        query=plain.listing((was.path[2],), condition) if condition else "",
        key=plain.key,
        problem=f"of {plain.label} with a value in {name} that cannot become {now.type}",
        advice="Change these values first, or take a type that holds them.",
        attempt=_attempt(facts, plain, was, now, new),
    )


def _attempt(facts: Facts, plain: Rows, was: Column, now: Column, new: Type) -> Attempt:
    """The conversion; of a domain to the type that it is over."""
    if new.kind == "d" and len(plain.sources) == 1:
        return plain.attempt(f"{sql.name(was.path[2])}::{new.text}{'[]' if new.array else ''}")
    if made := [one for one in facts.types(now) if one in facts.changed]:
        raise CannotAskError(f"the plan makes {made[0]}, which live does not have yet")
    rows = facts.rows(now.path[:2], (now.path[2],))
    assert rows is not None
    return rows.attempt(sql.name(now.path[2]))


def _condition(old: Type, new: Type, name: str, using: str | None, version: int) -> str:
    """What is true of a value that the new type cannot hold, where that can be said."""
    if old.array or new.array:
        return _of_elements(old, new, name, using)
    if (bits := new.bits) and old.bits:
        return f"{name} NOT BETWEEN {-(2**bits)} AND {2**bits - 1}" if old.bits > bits else ""
    if new.digits and (old.bits or (old.base == "numeric" and old.builtin)):
        precision, scale = new.digits
        return f"{name} <> 'NaN'::numeric AND abs(round({name}::numeric, {scale})) >= 1e{precision - scale}::numeric"
    if new.length is not None and using is None:
        return _too_long(new, name)
    if old.category == "S" and new.category != "S" and new.builtin and version >= 160000:
        return f"NOT pg_input_is_valid({name}::text, {sql.literal(new.text)})"
    return ""


def _of_elements(old: Type, new: Type, name: str, using: str | None) -> str:
    if not (old.array and new.array and using is None and new.length is not None):
        return ""
    return f"EXISTS (SELECT FROM unnest({name}) AS element WHERE {_too_long(new, 'element')})"


def _too_long(new: Type, name: str) -> str:
    """An assignment cuts nothing but spaces."""
    if new.base == "bit":
        return f"length({name}) <> {new.length}"
    if new.base == "varbit":
        return f"length({name}) > {new.length}"
    return f"length(rtrim({name}::text)) > {new.length}"

"""Which constraints and unique indexes PostgreSQL verifies against rows: those that are new, or stand on new values."""

from collections.abc import Iterator

from dbsync.hazards._facts import Facts
from dbsync.kinds.constraint import Constraint
from dbsync.kinds.index import Index
from dbsync.model.objects import Object


def verified(facts: Facts, *types: str) -> Iterator[Constraint]:
    """The constraints of these types (as pg_constraint has them)."""
    for one in _touched(facts, "constraint"):
        before = facts.changed[one.id].before if one.id in facts.changed else None
        if isinstance(one, Constraint) and one.type in types and one.enforced and one.validated:
            same = isinstance(before, Constraint) and before.validated and before.printed == one.printed
            if not same or _retyped(facts, one):
                yield one


def unique_indexes(facts: Facts) -> Iterator[Index]:
    """The unique indexes that no constraint has."""
    for one in _touched(facts, "index"):
        before = facts.changed[one.id].before if one.id in facts.changed else None
        if isinstance(one, Index) and one.unique:
            same = isinstance(before, Index) and before.valid and _what(before) == _what(one)
            if not same or _retyped(facts, one):
                yield one


def _touched(facts: Facts, kind: str) -> Iterator[Object]:
    """What changes of a kind, and what speaks of a column that gets another type; once for a table and its parts."""
    yield from (change.after for change in facts.of_kind(kind) if change.after and not _part(facts, change.after))
    for one, thing in facts.goal.objects.items():
        if one.kind == kind and one not in facts.changed and _retyped(facts, thing) and not _part(facts, thing):
            yield thing


def _retyped(facts: Facts, thing: Object) -> bool:
    if not facts.retyped:
        return False
    return any(need.path in facts.retyped for need in facts.goal.needs[thing.id] if need.kind == "column")


def _part(facts: Facts, thing: Object) -> bool:
    """Whether the question about the partitioned table's covers it."""
    if not isinstance(thing, Constraint | Index) or not thing.attached:
        return False
    table = thing.path[:2] if isinstance(thing, Constraint) else thing.table
    parent = next((parent for parent, parts in facts.parts[1].items() if table in parts), None)
    return parent is not None and any(
        change.id.kind == thing.id.kind and change.after is not None and _table(change.after) == parent
        for change in facts.changes
    )


def _table(thing: Object) -> tuple[str, ...]:
    return thing.table if isinstance(thing, Index) else thing.path[:2]


def _what(index: Index) -> tuple[object, ...]:
    return (index.table, index.method, index.body, index.predicate, index.unique)

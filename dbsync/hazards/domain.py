"""Domains: rows whose values do not meet a check, or a NOT NULL, that their domain gets."""

import dataclasses
from collections.abc import Iterator
from functools import partial

from dbsync import sql
from dbsync.hazards._facts import CannotAskError, Facts
from dbsync.hazards._types import type_of
from dbsync.kinds._expression import enclosed
from dbsync.kinds.column import Column
from dbsync.kinds.domain import Domain
from dbsync.kinds.domain_constraint import DomainConstraint
from dbsync.model.hazards import Question
from dbsync.model.objects import Id

_CONDITION = "select pg_catalog.pg_get_expr(conbin, 0) from pg_catalog.pg_constraint where oid = %s"


@dataclasses.dataclass(frozen=True)
class _Rule:
    """What values of a domain must meet, as an expression over VALUE; `stands` tells that it is there, NOT VALID."""

    about: Id
    words: str
    condition: str
    stands: bool = False


def questions(facts: Facts) -> Iterator[Question]:
    """One for each rule and each column of a table with rows, where either of them is new."""
    over = {now.path for _, now in facts.going_over}
    for column in _columns(facts):
        for one in facts.types(column):
            domain = facts.goal.objects[one]
            if isinstance(domain, Domain):
                fresh = column.path in over or column.path in facts.retyped or _live(facts, column) is None
                for rule in _rules(facts, domain, fresh=fresh):
                    yield from facts.put("domain", rule.about, partial(_question, facts, column, rule))


def _columns(facts: Facts) -> Iterator[Column]:
    """The columns of tables with rows that are of some domain."""
    if not any(one.kind == "domain" for one in facts.goal.objects):
        return
    for one, thing in facts.goal.objects.items():
        if isinstance(thing, Column) and one.path[:2] in facts.lineage.tables and not any(thing.implied_by()):
            yield thing


def _live(facts: Facts, column: Column) -> Column | None:
    return facts.live_column(facts.lineage.tables[column.path[:2]], column.path[2])


def _rules(facts: Facts, domain: Domain, *, fresh: bool) -> Iterator[_Rule]:
    """Those that the domain gets; all of them where its values are `fresh`."""
    was = facts.current.objects.get(domain.id)
    if domain.not_null and (fresh or not (isinstance(was, Domain) and was.not_null)):
        yield _Rule(domain.id, "NOT NULL", "VALUE IS NOT NULL")
    for one, thing in facts.goal.objects.items():
        if not isinstance(thing, DomainConstraint) or one.path[:2] != domain.path:
            continue
        change = facts.changed.get(one)
        before = change.before if change else thing
        stands = isinstance(before, DomainConstraint) and before.definition == thing.definition
        same = isinstance(before, DomainConstraint) and before.validated and stands
        if thing.validated and (fresh or not same):
            row = facts.desired.execute(_CONDITION, [facts.oids[one]]).fetchone()
            assert row is not None
            yield _Rule(one, f"CHECK {enclosed(row[0])}", row[0], stands and not fresh)


def _question(facts: Facts, column: Column, rule: _Rule) -> Question | None:
    rows = facts.rows(column.path[:2])
    if rows is None:
        return None
    facts.ready(rule.about)
    kind = type_of(facts.desired, column.path[:2], column.path[2])
    if kind.array or kind.kind != "d" or len(rows.sources) > 1:
        raise CannotAskError("its values are inside of others")
    live = _live(facts, column)
    if live is None and rule.condition == "VALUE IS NOT NULL" and not facts.default(column):
        problem = f"of {rows.label} without a value for the new column {sql.name(column.path[2])}"
    else:
        problem = f"of {rows.label} with a value in {sql.name(column.path[2])}"
    value = sql.name(live.path[2]) if live else f"({facts.added(column) or 'NULL'})"
    key = "".join(f"{sql.name(name)}, " for name in rows.key)
    # PostgreSQL prints a domain's value as VALUE, which is a name like any other.
    source = f"(SELECT {key}{value}::{kind.text} AS value FROM {rows.item()}) AS known"
    return Question(
        hazard="domain",
        about=rule.about,
        tables=rows.tables,
        query=f"SELECT {key}value FROM {source} WHERE NOT ({rule.condition})",
        key=rows.key,
        problem=f"{problem} against {rule.words} of domain {column.type}",
        advice="Change these values first, or the domain.",
        stands=rule.stands,
    )

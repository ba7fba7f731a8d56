"""FOREIGN KEY: rows that refer to a row which is not there."""

from collections.abc import Iterator, Sequence
from functools import partial

from dbsync import sql
from dbsync.hazards._facts import Facts
from dbsync.hazards._rows import Rows
from dbsync.hazards._verified import verified
from dbsync.kinds.constraint import Constraint
from dbsync.model.hazards import Question

_KEY = """
    select array(select a.attname::text from pg_catalog.unnest(c.conkey) with ordinality k (number, place)
                 join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number order by k.place),
           array[n.nspname, t.relname]::text[],
           array(select a.attname::text from pg_catalog.unnest(c.confkey) with ordinality k (number, place)
                 join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.number order by k.place),
           array(select case when s.nspname = 'pg_catalog' then o.oprname
                             else pg_catalog.format('OPERATOR(%%I.%%s)', s.nspname, o.oprname) end
                 from pg_catalog.unnest(c.conpfeqop) with ordinality e (oid, place)
                 join pg_catalog.pg_operator o on o.oid = e.oid
                 join pg_catalog.pg_namespace s on s.oid = o.oprnamespace order by e.place),
           c.confmatchtype = 'f',
           -- From 18 on.
           coalesce((pg_catalog.to_jsonb(c) ->> 'conperiod')::boolean, false)
    from pg_catalog.pg_constraint c
    join pg_catalog.pg_class t on t.oid = c.confrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    where c.oid = %s
"""


def questions(facts: Facts) -> Iterator[Question]:
    """One for each foreign key that a table with rows gets, whose columns get another type, or whose target is lost."""
    for one in (*verified(facts, "f"), *_bereft(facts)):
        yield from facts.put("foreign-key", one.id, partial(_question, facts, one))


def _bereft(facts: Facts) -> Iterator[Constraint]:
    """Foreign keys that stay, though the table that they refer to is made again without its rows."""
    lost = {table.path for table in facts.lineage.lost_tables}.difference(facts.lineage.tables)
    for name, one in facts.goal.objects.items() if lost else ():
        if not isinstance(one, Constraint) or one.type != "f" or name in facts.changed:
            continue
        if one.enforced and one.validated and any(need.path[:2] in lost for need in facts.goal.needs[name]):
            yield one


def _question(facts: Facts, one: Constraint) -> Question | None:
    table = one.path[:2]
    if facts.rows(table) is None:
        return None
    row = facts.desired.execute(_KEY, [facts.oids[one.id]]).fetchone()
    assert row is not None
    columns, other, others, operators, full, period = row
    facts.ready(one.id)
    if period:
        return Question(hazard="foreign-key", about=one.id, cannot="a key over periods is not asked for")
    rows = facts.rows(table, columns, only=table not in facts.parts[1])
    referred = facts.rows(tuple(other), others, only=tuple(other) not in facts.parts[1])
    assert rows is not None
    condition = _condition(columns, others, operators, referred, full=full)
    shown = ", ".join(f"one.{sql.name(name)}" for name in dict.fromkeys((*rows.key, *columns)))
    target = f"{sql.qualified(*other)} ({sql.names(others)})"
    return Question(
        hazard="foreign-key",
        about=one.id,
        tables=(*rows.tables, *(referred.tables if referred else ())),
        query=f"SELECT {shown} FROM {rows.item('one')} WHERE {condition}",
        key=rows.key,
        problem=f"of {rows.label} without a match for ({sql.names(columns)}) in {target}"
        + ("" if referred else ", which is new and empty"),
        advice="Add the rows that are referred to, or change those that refer to them.",
    )


def _condition(
    columns: Sequence[str], others: Sequence[str], operators: Sequence[str], referred: Rows | None, *, full: bool
) -> str:
    """What is true of a row that refers to none; a NULL refers to nothing, and with MATCH FULL must not stand alone."""
    names = [f"one.{sql.name(name)}" for name in columns]
    given = " AND ".join(f"{name} IS NOT NULL" for name in names)
    lacking = given
    if referred is not None:
        same = " AND ".join(
            f"other.{sql.name(other)} {operator} {name}"
            for name, other, operator in zip(names, others, operators, strict=True)
        )
        lacking = f"{given} AND NOT EXISTS (SELECT FROM {referred.item('other')} WHERE {same})"
    if not full or len(names) == 1:
        return lacking
    nulls = " OR ".join(f"{name} IS NULL" for name in names)
    some = " OR ".join(f"{name} IS NOT NULL" for name in names)
    return f"({lacking}) OR (({nulls}) AND ({some}))"

"""EXCLUDE, and keys WITHOUT OVERLAPS: rows that exclude one another."""

from collections.abc import Iterator
from functools import partial

from dbsync import sql
from dbsync.hazards._facts import Facts
from dbsync.hazards._verified import verified
from dbsync.kinds.constraint import Constraint
from dbsync.model.hazards import Question

_EXCLUSION = """
    select array(select pg_catalog.pg_get_indexdef(i.indexrelid, k, true)
                 from pg_catalog.generate_series(1, i.indnkeyatts) k),
           array(select case when s.nspname = 'pg_catalog' then o.oprname
                             else pg_catalog.format('OPERATOR(%%I.%%s)', s.nspname, o.oprname) end
                 from pg_catalog.unnest(c.conexclop) with ordinality e (oid, place)
                 join pg_catalog.pg_operator o on o.oid = e.oid
                 join pg_catalog.pg_namespace s on s.oid = o.oprnamespace order by e.place),
           coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), '')
    from pg_catalog.pg_constraint c join pg_catalog.pg_index i on i.indexrelid = c.conindid
    where c.oid = %s
"""


def questions(facts: Facts) -> Iterator[Question]:
    """One for each such constraint that a table with rows gets, or whose columns get another type."""
    for one in verified(facts, "x", "p", "u"):
        yield from facts.put("exclude", one.id, partial(_question, facts, one))


def _question(facts: Facts, one: Constraint) -> Question | None:
    table = one.path[:2]
    if facts.rows(table) is None:
        return None
    row = facts.desired.execute(_EXCLUSION, [facts.oids[one.id]]).fetchone()
    assert row is not None
    parts, operators, predicate = row
    if not operators:
        return None
    facts.ready(one.id)
    columns = facts.needed(one.id, table)
    rows = facts.rows(table, columns, only=table not in facts.parts[1])
    assert rows is not None
    # Both sides are the same expressions over the same columns, so each is computed before they meet.
    names = [f"part_{number}" for number, _ in enumerate(parts, 1)]
    computed = [f"{part} AS {name}" for part, name in zip(parts, names, strict=True)]
    key = ", ".join(f"one.{name}" for name in _named(rows.key))
    listed = f"SELECT {', '.join([*_named(rows.key), *computed, 'row_number() OVER () AS number'])}"
    source = f"{listed} FROM {rows.item()}" + (f" WHERE {predicate}" if predicate else "")
    meet = " AND ".join(f"one.{name} {operator} other.{name}" for name, operator in zip(names, operators, strict=True))
    return Question(
        hazard="exclude",
        about=one.id,
        tables=rows.tables,
        query=f"WITH listed AS MATERIALIZED ({source}) SELECT {key or '1'} FROM listed AS one"
        f" WHERE EXISTS (SELECT FROM listed AS other WHERE one.number <> other.number AND {meet})",
        key=rows.key,
        problem=f"of {rows.label} with another row that {one.printed} excludes",
        advice="Change or remove rows until none excludes another.",
    )


def _named(names: tuple[str, ...]) -> list[str]:
    return [sql.name(name) for name in names]

"""UNIQUE and PRIMARY KEY: rows that have the same key as another row."""

from collections.abc import Iterator, Sequence
from functools import partial

from dbsync import sql
from dbsync.hazards._facts import Facts
from dbsync.hazards._rows import Rows
from dbsync.hazards._verified import unique_indexes, verified
from dbsync.kinds._expression import enclosed
from dbsync.kinds.constraint import Constraint
from dbsync.kinds.index import Index
from dbsync.model.hazards import Question

# An expression is printed without its collation; one that tells fewer texts apart than bytes do counts here.
_INDEX = """
    select array(select pg_catalog.pg_get_indexdef(i.indexrelid, k, true)
                 from pg_catalog.generate_series(1, i.indnkeyatts) k),
           array(select case when not o.collisdeterministic
                             then pg_catalog.format(' COLLATE %%I.%%I', s.nspname, o.collname) else '' end
                 from pg_catalog.unnest(i.indcollation::oid[]) with ordinality c (oid, place)
                 left join pg_catalog.pg_collation o on o.oid = c.oid
                 left join pg_catalog.pg_namespace s on s.oid = o.collnamespace
                 where c.place <= i.indnkeyatts order by c.place),
           i.indnullsnotdistinct, coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), ''),
           exists (select from pg_catalog.pg_constraint where oid = %(key)s and conexclop is not null)
    from pg_catalog.pg_index i
    where i.indexrelid = %(index)s or i.indexrelid = (select conindid from pg_catalog.pg_constraint where oid = %(key)s)
"""


def questions(facts: Facts) -> Iterator[Question]:
    """One for each key and unique index that a table with rows gets, or whose columns get another type.

    Keys without overlaps are exclusion constraints, but for their name.
    """
    found: list[Constraint | Index] = [*verified(facts, "p", "u"), *unique_indexes(facts)]
    for one in found:
        yield from facts.put("unique", one.id, partial(_question, facts, one))


def _question(facts: Facts, one: Constraint | Index) -> Question | None:
    table = one.table if isinstance(one, Index) else one.path[:2]
    if facts.rows(table) is None:
        return None
    oid = facts.oids[one.id]
    found = {"index": oid, "key": None} if isinstance(one, Index) else {"index": None, "key": oid}
    row = facts.desired.execute(_INDEX, found).fetchone()
    assert row is not None
    parts, collations, nulls_too, predicate, excludes = row
    if excludes:
        return None
    facts.ready(one.id)
    columns = facts.needed(one.id, table)
    rows = facts.rows(table, columns, only=not _partitioned(facts, table))
    assert rows is not None
    key = [f"{part}{collation}" for part, collation in zip(parts, collations, strict=True)]
    listing = _listing_with_nulls if nulls_too else _listing
    where = f" WHERE {enclosed(predicate)}" if predicate else ""
    return Question(
        hazard="unique",
        about=one.id,
        tables=rows.tables,
        query=listing(rows, columns, key, predicate),
        key=rows.key,
        problem=f"of {rows.label} with the same ({', '.join(parts)}) as another row{where}",
        advice="Change or remove rows until each has its own.",
    )


def _partitioned(facts: Facts, table: tuple[str, ...]) -> bool:
    return table in facts.parts[1]


def _listing(rows: Rows, columns: Sequence[str], key: Sequence[str], predicate: str) -> str:
    """Rows whose key is there more than once; a NULL in it makes it another than every other."""
    also = f"{predicate} AND " if predicate else ""
    where = f" WHERE {predicate}" if predicate else ""
    together = ", ".join(key)
    again = f"SELECT {together} FROM {rows.item()}{where} GROUP BY {together} HAVING count(*) > 1"
    return rows.listing(columns, f"{also}({together}) IN ({again})")


def _listing_with_nulls(rows: Rows, columns: Sequence[str], key: Sequence[str], predicate: str) -> str:
    """The same where one NULL is like another."""
    copies = f"count(*) OVER (PARTITION BY {', '.join(key)}) AS copies"
    shown = ", ".join(sql.name(name) for name in dict.fromkeys((*rows.key, *columns)))
    return f"SELECT {shown} FROM ({rows.listing(columns, predicate, extra=[copies])}) AS counted WHERE copies > 1"

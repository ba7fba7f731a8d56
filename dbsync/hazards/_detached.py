"""Partitions that go away from a table which foreign keys refer to: rows that refer to theirs."""

from collections.abc import Iterator, Mapping

from dbsync import sql
from dbsync.hazards._facts import Facts
from dbsync.hazards._lineage import Path
from dbsync.hazards._rows import Rows, Source
from dbsync.kinds.constraint import Constraint
from dbsync.kinds.partition import Partition
from dbsync.model.hazards import Question
from dbsync.model.objects import Id

# A foreign key to a partitioned table has a part for each partition; the user knows the one at its root.
_REFERRING = """
    with recursive up (part, oid, parent) as (
        select oid, oid, conparentid from pg_catalog.pg_constraint
        where contype = 'f' and conparentid <> 0 and confrelid = pg_catalog.to_regclass(%s)
        union all
        select u.part, c.oid, c.conparentid from up u join pg_catalog.pg_constraint c on c.oid = u.parent
    )
    select r.conname::text, array[n.nspname, t.relname]::text[],
           array(select pg_catalog.format('other.%%I OPERATOR(%%I.%%s) one.%%I',
                                          b.attname, s.nspname, o.oprname, a.attname)
                 from rows from (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey),
                                 pg_catalog.unnest(c.conpfeqop)) k (mine, theirs, equal)
                 join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.mine
                 join pg_catalog.pg_attribute b on b.attrelid = c.confrelid and b.attnum = k.theirs
                 join pg_catalog.pg_operator o on o.oid = k.equal
                 join pg_catalog.pg_namespace s on s.oid = o.oprnamespace),
           -- From 18 on.
           coalesce((pg_catalog.to_jsonb(c) ->> 'conperiod')::boolean, false)
    from up u
    join pg_catalog.pg_constraint c on c.oid = u.part
    join pg_catalog.pg_constraint r on r.oid = u.oid
    join pg_catalog.pg_class t on t.oid = r.conrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    where u.parent = 0 order by 2, 1
"""


def detached(facts: Facts) -> Iterator[Question]:
    """One for each foreign key that stays and each partition that goes away from the table that it refers to."""
    now = {origin.path: end for end, origin in facts.lineage.tables.items()}
    parts = {one.path: one for one in facts.current.objects.values() if isinstance(one, Partition)}
    gone = {path for path, one in parts.items() if _goes(facts, one, now) and sql.qualified(*path) not in facts.aside}
    for path in sorted(gone):
        # With a partition go those below it, and with a table the foreign keys to it.
        if parts[path].parent in now and parts[path].parent not in gone:
            for name, table, same, period in facts.copy.execute(_REFERRING, [sql.qualified(*path)]).fetchall():
                if _stays(facts, now.get(tuple(table)), name):
                    about = Id("partition", now.get(path, path))
                    yield _question(facts, parts[path], about, tuple(table), " AND ".join(same), period=period)


def _goes(facts: Facts, one: Partition, now: Mapping[Path, Path]) -> bool:
    """Whether a partition of live is taken from its table, for good or to be attached with other bounds."""
    end = facts.goal.objects.get(Id("partition", now.get(one.path, ())))
    return not isinstance(end, Partition) or (end.parent, end.bound) != (now.get(one.parent), one.bound)


def _stays(facts: Facts, table: Path | None, name: str) -> bool:
    """Whether a table, by its name at the end, keeps a foreign key."""
    if table is None:
        return False
    change = facts.changed.get(Id("constraint", (*table, name)))
    if change is None:
        return True
    was, now = change.before, change.after
    return isinstance(was, Constraint) and isinstance(now, Constraint) and was.printed == now.printed


def _question(facts: Facts, one: Partition, about: Id, table: Path, same: str, *, period: bool) -> Question:
    if period:
        return Question(hazard="partition", about=about, cannot="a key over periods is not asked for")
    partitioned = table in facts.parts[0]
    text = ("" if partitioned else "ONLY ") + sql.qualified(*table)
    key = facts.keys.get(table, () if partitioned else ("ctid",))
    rows, part = Rows(table[1], (Source(table, text, key, ()),)), sql.qualified(*one.path)
    return Question(
        hazard="partition",
        about=about,
        tables=(*rows.tables, part),
        query=f"SELECT {', '.join(f'one.{sql.name(name)}' for name in key) or '1'} FROM {rows.item('one')}"
        f" WHERE EXISTS (SELECT FROM {part} AS other WHERE {same})",
        key=key,
        problem=f"of {rows.label} that refer to rows of {part}, which goes away from {sql.qualified(*one.parent)}",
        advice="Change or remove these rows first, or drop the foreign key.",
    )

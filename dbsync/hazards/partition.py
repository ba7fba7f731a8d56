"""Partitions: rows outside of the bounds of a partition, in a default one those that belong elsewhere, and rows that
refer to those of a partition that goes away."""

from collections.abc import Iterator
from functools import partial

from dbsync import sql
from dbsync.hazards._detached import detached
from dbsync.hazards._facts import CannotAskError, Facts
from dbsync.hazards._lineage import Origin, Path
from dbsync.kinds.partition import Partition
from dbsync.model.hazards import Question
from dbsync.model.objects import Id

_CONDITION = "select pg_catalog.pg_get_partition_constraintdef(pg_catalog.to_regclass(%s))"
_PARTITIONED = """
    select p.partrelid::bigint, array[n.nspname, c.relname]::text[],
           array(select a.attname::text from pg_catalog.unnest(p.partattrs::int2[]) k
                 join pg_catalog.pg_attribute a on a.attrelid = p.partrelid and a.attnum = k),
           p.partexprs is not null
    from pg_catalog.pg_partitioned_table p
    join pg_catalog.pg_class c on c.oid = p.partrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
"""


def questions(facts: Facts) -> Iterator[Question]:
    """One for each partition with rows whose bounds change: it is attached, or is the default one beside a new one; for
    each table whose rows are put into new partitions; and for each foreign key to a table that a partition goes away
    from."""
    if not any(change.id.kind == "partition" for change in facts.changes):
        return
    for one, thing in facts.goal.objects.items():
        origin = facts.lineage.tables.get(one.path)
        if isinstance(thing, Partition) and origin is not None:
            yield from facts.put("partition", one, partial(_question, facts, thing, origin))
    for table in sorted({one.step.about for one in facts.steps if one.step.puts_back}):
        if leaves := [*facts.leaves(table.path)]:
            yield from facts.put("partition", table, partial(_placed, facts, table.path, leaves))
    yield from detached(facts)


def _placed(facts: Facts, table: Path, leaves: list[Path]) -> Question | None:
    """The rows of a table that is made again, and that none of its partitions takes."""
    rows = facts.rows(table)
    if rows is None:
        return None
    conditions, columns = [], list[str]()
    for leaf in leaves:
        row = facts.desired.execute(_CONDITION, [sql.qualified(*leaf)]).fetchone()
        if row is None or row[0] is None:
            return None
        partition = facts.goal.objects[Id("partition", leaf)]
        assert isinstance(partition, Partition)
        condition, names = _on_live(facts, partition, row[0], table)
        conditions.append(f"({condition})")
        columns += names
    rows = facts.rows(table, dict.fromkeys(columns))
    assert rows is not None
    return Question(
        hazard="partition",
        about=Id("table", table),
        tables=rows.tables,
        query=rows.listing((), f"({' OR '.join(conditions)}) IS NOT TRUE"),
        key=rows.key,
        problem=f"of {rows.label} that no partition of {sql.qualified(*table)} takes",
        advice="Add partitions that take these rows, or a default one, or take the rows out first.",
    )


def _question(facts: Facts, one: Partition, origin: Origin) -> Question | None:
    before = facts.copy.execute(_CONDITION, [sql.qualified(*origin.path)]).fetchone()
    after = facts.desired.execute(_CONDITION, [sql.qualified(*one.path)]).fetchone()
    if before == after or after is None or after[0] is None or _covered(facts, one):
        return None
    condition, columns = _on_live(facts, one, after[0], one.path)
    rows = facts.rows(one.path, columns)
    if rows is None:
        return None
    default = one.bound == "DEFAULT"
    name = sql.qualified(*one.path)
    where = f"the default partition {name} that belong in another" if default else f"the bounds of partition {name}"
    return Question(
        hazard="partition",
        about=Id("partition", one.path),
        tables=rows.tables,
        query=rows.listing(columns, f"NOT ({condition})"),
        key=rows.key,
        problem=f"of {rows.label} in {where}" if default else f"of {rows.label} outside of {where}",
        advice="Take these rows out first, and insert them again after the change."
        if default
        else "Move these rows to another table first, or choose bounds that hold them.",
    )


def _covered(facts: Facts, one: Partition) -> bool:
    """Whether the question about the table that it is a part of speaks of its rows, too."""
    parent = facts.lineage.tables.get(one.parent)
    if parent is None or Id("partition", one.parent) not in facts.goal.objects:
        return False
    was = facts.current.objects.get(one.id)
    return isinstance(was, Partition) and (was.parent, was.bound) == (one.parent, one.bound)


def _on_live(facts: Facts, one: Partition, condition: str, rows: Path) -> tuple[str, tuple[str, ...]]:
    """The condition as live can read it, and the columns of the table with the rows that it speaks of."""
    found = {tuple(path): (oid, names, more) for oid, path, names, more in facts.desired.execute(_PARTITIONED)}
    columns: list[str] = []
    table: Path | None = one.parent
    while table is not None:
        oid, names, more = found[table]
        columns += names
        if more:
            columns += facts.lineage.tables[rows].columns
        # The condition of a hash partition names the parent by the oid that it has where it was printed.
        if (written := f"'{oid}'::oid") in condition:
            parent = facts.lineage.tables.get(table)
            if parent is None or parent.relkind != "p":
                raise CannotAskError(f"live has no table {sql.qualified(*table)} yet")
            live = sql.literal(sql.qualified(*parent.path))
            condition = condition.replace(written, f"{live}::regclass::oid")
        above = facts.goal.objects.get(Id("partition", table))
        table = above.parent if isinstance(above, Partition) else None
    return condition, tuple(dict.fromkeys(columns))

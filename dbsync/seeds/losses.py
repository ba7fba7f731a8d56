"""What else is lost when rows are deleted: the rows that go with them, and the values that go from others.

Asked of a copy that holds live's rows, and what refers to them, after the schema's steps: each row counts once.
"""

from collections.abc import Iterator, Mapping, Sequence

from dbsync import sql
from dbsync.model.objects import Id
from dbsync.seeds.compare import Comparison
from dbsync.seeds.tables import ForeignKey, Path, Table
from dbsync.seeds.wanted import Wanted

_UNSET = {"n": "NULL", "d": "the default"}


def losses(
    comparison: Comparison, tables: Mapping[Path, Table], order: Sequence[Wanted]
) -> dict[Path, tuple[str, ...]]:
    """In words what the deletion of each table's extra rows takes along, the tables in this order. `tables` are those
    of the database."""
    connection = comparison.connection
    keys = [key for table in tables.values() for key in table.parents if key.on_delete in ("c", *_UNSET)]
    parents = {key.parent for key in keys}
    roots = [one for one in order if one.mode == "exact" and one.table.path in parents]
    if not roots:
        return {}
    with connection.transaction(force_rollback=True):
        connection.execute(
            """create temp table gone (rel oid, place tid, root int, step int, path text[], primary key (rel, place))"""
        )
        for number, one in enumerate(roots):
            connection.execute(
                f"""insert into gone select t.tableoid, t.ctid, {number}, 0, {_path(one.table.path)}
                    from {comparison.extras(one)} on conflict do nothing""".encode()
            )
            _spread(comparison, tables, [key for key in keys if key.on_delete == "c"], number)
        unset = [key for key in keys if key.on_delete in _UNSET]
        return {
            one.table.path: tuple(_words(comparison, tables, unset, number, one.table.path))
            for number, one in enumerate(roots)
        }


def _spread(comparison: Comparison, tables: Mapping[Path, Table], keys: Sequence[ForeignKey], root: int) -> None:
    """Take down all that go with the rows of a root."""
    step, found = 0, 1
    while found:
        found = sum(
            comparison.connection.execute(
                f"""insert into gone select distinct t.tableoid, t.ctid, {root}, {step + 1}, {_path(key.table)}
                    from {_referring(comparison, tables, key)} where g.root = {root} and g.step = {step}
                    on conflict do nothing""".encode()
            ).rowcount
            for key in keys
        )
        step += 1


def _words(
    comparison: Comparison, tables: Mapping[Path, Table], unset: Sequence[ForeignKey], root: int, path: Path
) -> Iterator[str]:
    origin = Id("table", path)
    query = f"select path, count(*) from gone where root = {root} and step > 0 group by 1 order by 1"
    for other, number in comparison.connection.execute(query.encode()).fetchall():
        rows = f"{number:,} {'row' if number == 1 else 'rows'}"
        yield f"{rows} of {Id('table', tuple(other))}, which {'goes' if number == 1 else 'go'} with rows of {origin}"
    for key in unset:
        row = comparison.connection.execute(
            f"""select count(*) from (select distinct t.tableoid, t.ctid from {_referring(comparison, tables, key)}
                where g.root = {root} and not exists
                    (select from gone o where (o.rel, o.place) = (t.tableoid, t.ctid))) rows""".encode()
        ).fetchone()
        if row and (number := row[0]):
            rows = f"{number:,} {'row' if number == 1 else 'rows'} of {Id('table', key.table)}"
            yield f"{', '.join(key.unset)} in {rows}, set to {_UNSET[key.on_delete]} as rows of {origin} go"


def _referring(comparison: Comparison, tables: Mapping[Path, Table], key: ForeignKey) -> str:
    """Rows `t` that refer by a key to rows that are gone, `g`; declared ones are made to refer to others before."""
    child, parent = tables[key.table], tables[key.parent]
    pairs = []
    for own, target in zip(key.columns, key.targets, strict=True):
        column = parent.columns[target]
        equal = column.equal if column.base == child.columns[own].base else "="
        pairs.append(f"t.{sql.name(own)} {equal} p.{sql.name(target)}")
    return f"""gone g join {parent.rows} p on (p.tableoid, p.ctid) = (g.rel, g.place)
               join {child.rows} t on {" and ".join(pairs)}
                   and not {comparison.declares(key.table, key.columns)}"""


def _path(path: Path) -> str:
    return f"array[{', '.join(map(sql.literal, path))}]"

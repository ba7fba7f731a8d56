"""What foreign keys make of other rows when declared rows get other keys, and when those that are not declared go.

Asked of a copy that holds live's rows, and what refers to them, after the schema's steps: the rows that go, and the
values that change, are taken down from table to table, each of them once.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from dbsync import sql
from dbsync.model.objects import Id
from dbsync.seeds.compare import Comparison
from dbsync.seeds.tables import THE_ROW, ForeignKey, Path, Table
from dbsync.seeds.wanted import Wanted

_BECOMES = {"n": "NULL", "d": "the default"}
_VALUE = "another value"


@dataclasses.dataclass(frozen=True)
class Effects:
    """In words, by table: what the changes of its rows, and what the deletion of its extra rows, take from others.

    `notes` say which values change without a loss, `followed` names the columns that others follow when they change.
    """

    changed: Mapping[Path, tuple[str, ...]]
    deleted: Mapping[Path, tuple[str, ...]]
    notes: tuple[str, ...]
    followed: Mapping[Path, frozenset[str]]


def effects(comparison: Comparison, tables: Mapping[Path, Table], order: Sequence[Wanted]) -> Effects:
    """What the statements do elsewhere: changes in this order, and then deletions in the other. `tables` are those of
    the database."""
    return _Effects(comparison, tables).run(order)


class _Effects:
    def __init__(self, comparison: Comparison, tables: Mapping[Path, Table]):
        self.comparison = comparison
        self.connection = comparison.connection
        self.tables = tables
        keys = [key for table in tables.values() for key in table.parents]
        self.keys = sorted(keys, key=lambda key: (key.table, key.name))
        self.roots = 0

    def run(self, order: Sequence[Wanted]) -> Effects:
        changed = [(one, sorted(found)) for one in order if (found := self.referred(one) & one.changeable)]
        gone = [one for one in order[::-1] if one.deletes and any(self.naming(one.table.path))]
        if not changed and not gone:
            return Effects({}, {}, (), {})
        with self.connection.transaction(force_rollback=True):
            # What happens to a row, or to a value of it, by which key, and because of which table's rows.
            self.connection.execute(
                """create temp table effects (rel oid, place tid, "column" text, becomes text, via int, root int,
                   step int, path text[], primary key (rel, place, "column", becomes))"""
            )
            changing, deleting = [self.changing(*one) for one in changed], [self.deleting(one) for one in gone]
            return Effects(
                {path: tuple(self.lost(root, path, "change")) for root, path in changing},
                {path: tuple(self.lost(root, path, "go")) for root, path in deleting},
                tuple(note for root, path in changing for note in self.followed(root, path)),
                {one.table.path: self.leading(one) for one, _ in changed},
            )

    def naming(self, path: Path) -> Iterator[ForeignKey]:
        """The keys that name rows of a table."""
        return (key for key in self.keys if key.parent == path)

    def referred(self, one: Wanted) -> set[str]:
        """The columns of a table by which others name its rows."""
        return {target for key in self.naming(one.table.path) for target in key.targets}

    def leading(self, one: Wanted) -> frozenset[str]:
        """The columns of a table whose values others take over, or lose theirs for."""
        keys = self.naming(one.table.path)
        return frozenset(target for key in keys for target in key.targets if key.action(target)[1])

    def changing(self, one: Wanted, columns: Sequence[str]) -> tuple[int, Path]:
        """Take down what happens when rows get other values in these columns."""
        for column in columns:
            becomes = f"case when {self.comparison.nulls(one, column)} then 'NULL' else {sql.literal(_VALUE)} end"
            self.take(one.table.path, column, becomes, self.comparison.changed(one, column))
        return self.spread(one.table.path)

    def deleting(self, one: Wanted) -> tuple[int, Path]:
        """Take down what happens when the rows go that are not to be there."""
        self.take(one.table.path, THE_ROW, "''", self.comparison.extras(one))
        return self.spread(one.table.path)

    def spread(self, path: Path) -> tuple[int, Path]:
        """Take down what that does to others, and so on: the number of the root, with its path."""
        step = 0
        while found := self.connection.execute(
            'select distinct path, "column" from effects where root = %s and step = %s order by 1, 2',
            [self.roots, step],
        ).fetchall():
            step += 1
            for parent, column in found:
                for key in self.naming(tuple(parent)):
                    self.follow(key, column, step)
        self.roots += 1
        return self.roots - 1, path

    def follow(self, key: ForeignKey, column: str, step: int) -> None:
        """Take down what a key makes of rows whose parents get another value in a column, or go."""
        action, columns = key.action(column)
        for own in columns:
            becomes = sql.literal(_BECOMES[action]) if action in _BECOMES else "g.becomes"
            source = f"""{self.referring(key)}
                where g.root = {self.roots} and g.step = {step - 1} and g."column" = {sql.literal(column)}"""
            self.take(key.table, own, becomes, source, step, self.keys.index(key))

    def take(self, path: Path, column: str, becomes: str, source: str, step: int = 0, via: int = -1) -> None:
        """Take down rows `t`, but for those of which the same is known."""
        self.connection.execute(
            f"""insert into effects select t.tableoid, t.ctid, {sql.literal(column)}, {becomes}, {via}, {self.roots},
                    {step}, array[{", ".join(map(sql.literal, path))}] from {source} on conflict do nothing""".encode()
        )

    def referring(self, key: ForeignKey) -> str:
        """Rows `t` that name others by a key of which something is known, `g`; declared ones are given what they are
        to name."""
        child, parent = self.tables[key.table], self.tables[key.parent]
        pairs = []
        for own, target in zip(key.columns, key.targets, strict=True):
            column = parent.columns[target]
            equal = column.equal if column.base == child.columns[own].base else "="
            pairs.append(f"t.{sql.name(own)} {equal} p.{sql.name(target)}")
        return f"""effects g join {parent.rows_in(key.referred)} p on (p.tableoid, p.ctid) = (g.rel, g.place)
                   join {child.rows_in(key.holder)} t on {" and ".join(pairs)}
                       and not {self.comparison.declares(key.table, key.columns)}"""

    def lost(self, root: int, path: Path, verb: str) -> Iterator[str]:
        """What others lose because rows of a table change or go."""
        origin = Id("table", path)
        query = f"""select path, count(*) from effects where root = {root} and step > 0 and "column" = '' group by 1
                    order by 1"""
        for other, number in self.connection.execute(query.encode()).fetchall():
            rows = f"{number:,} {'row' if number == 1 else 'rows'}"
            go = "goes" if number == 1 else "go"
            yield f"{rows} of {Id('table', tuple(other))}, which {go} with rows of {origin}"
        for values, becomes in self.values(root):
            if becomes != _VALUE:
                yield f"{values}, set to {becomes} as rows of {origin} {verb}"

    def followed(self, root: int, path: Path) -> Iterator[str]:
        """What others take over from rows of a table that change."""
        for values, becomes in self.values(root):
            if becomes == _VALUE:
                yield f"{values}: changed by ON UPDATE CASCADE, along with rows of {Id('table', path)}"

    def values(self, root: int) -> Iterator[tuple[str, str]]:
        """The columns and the number of rows in which values change, and what to; those that go do not count."""
        query = f"""
            select via, columns, becomes, count(*) from (
                select via, becomes, array_agg("column" order by "column") as columns from effects e
                where root = {root} and step > 0 and "column" <> ''
                    and not exists (select from effects o where (o.rel, o.place, o."column") = (e.rel, e.place, ''))
                group by rel, place, via, becomes) rows
            group by 1, 2, 3 order by 1, 2, 3"""
        for via, columns, becomes, number in self.connection.execute(query.encode()).fetchall():
            rows = f"{number:,} {'row' if number == 1 else 'rows'} of {Id('table', self.keys[via].table)}"
            yield f"{', '.join(columns)} in {rows}", becomes

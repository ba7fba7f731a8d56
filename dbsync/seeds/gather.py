"""Brings the rows of live that the declared ones concern to a copy of live.

These are the rows with the keys of the file (of a table that is to be exact, all), those that hold one of its unique
values, those that either refer to, and those that would go with what is deleted. No others are read.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.errors import ConnectionFailed, ScratchError
from dbsync.model.objects import Id
from dbsync.model.rows import KeyColumn, Watched
from dbsync.pg.failures import Failure
from dbsync.seeds import watch
from dbsync.seeds.tables import Column, ForeignKey, Path, Table, tables
from dbsync.seeds.wanted import ROW, STATEMENT, Wanted

Connection = psycopg.Connection[Any]

BATCH = 5_000
_LOCK_TIMEOUT = "10s"
_NUMBER, _PLACE = '"dbsync number"', '"dbsync place"'
_DOOMED = -1
"""Stands for the number of a row that is to be deleted, or goes with one that is."""

Texts = tuple[Any, ...]
"""A number, and then values as text."""


@dataclasses.dataclass(frozen=True)
class Gathered:
    """What was read, and how many rows of other tables go with those that are to be deleted from one."""

    watched: tuple[Watched, ...] = ()
    cascades: Mapping[Path, Mapping[Path, int]] = dataclasses.field(default_factory=dict)


def gather(
    live: Connection, seeded: Connection, copy: Connection, wanted: Sequence[Wanted], after: Callable[[Id], Id]
) -> Gathered:
    """Fill `copy`, and say what was read; `live` is in a read-only transaction. ConnectionFailed where it may not be.

    `after` gives the names that live's tables and columns will have. The stores in `seeded` take over the keys that
    live has chosen for its rows.
    """
    gathering = _Gathering(live, seeded, copy, wanted, after)
    try:
        with live.transaction():
            live.execute(
                "select set_config('row_security', 'off', true), set_config('lock_timeout', %s, true)", [_LOCK_TIMEOUT]
            )
            found = gathering.run()
    except psycopg.Error as error:
        if live.closed or live.broken or gathering.reading is None:
            raise
        raise _unreadable(gathering.reading, error) from error
    gathering.fill()
    return found


def _unreadable(path: Path, error: psycopg.Error) -> ConnectionFailed:
    failure = Failure.of(error)
    return ConnectionFailed(
        f"the rows of {sql.qualified(*path)} cannot be read: {failure.message}",
        detail=failure.detail,
        hint="seeds.sql gives rows of it, or of a table that refers to it: let the role read it, past row-level"
        " security too, or leave the seeds out with --no-seeds",
    )


class _Gathering:
    def __init__(
        self,
        live: Connection,
        seeded: Connection,
        copy: Connection,
        wanted: Sequence[Wanted],
        after: Callable[[Id], Id],
    ):
        self.live = live
        self.seeded = seeded
        self.copy = copy
        self.wanted = wanted
        self.known = tables(live)
        """Live's tables, all by live's own names."""
        self.there = dict(_called(table, after) for table in self.known.values())
        """The same by the names that they will have, with their columns by theirs."""
        self.staged: dict[Path, str] = {}
        self.reading: Path | None = None

    def run(self) -> Gathered:
        watched = []
        for one in self.wanted:
            self.refer(one)
            table = self.there.get(one.table.path)
            if table is not None:
                found, sequences = self.keyed(one, table), self.sequences(one, table)
                if found is not None:
                    watched.append(dataclasses.replace(found, sequences=sequences))
            self.chosen(one)
        for one in self.wanted:
            self.refer(one)
            self.holders(one)
            self.referred(one)
        cascades = self.doomed()
        self.closure()
        return Gathered(tuple(watched), cascades)

    def refer(self, one: Wanted) -> None:
        """Put live's keys of declared rows in the place of those that the scratch database chose."""
        known = {other.table.path: other for other in self.wanted}
        for reference in one.references:
            parent = known[reference.key.parent]
            pairs = zip(reference.key.columns, reference.key.targets, strict=True)
            values = ", ".join(f"{sql.name(own)} = y.{sql.name(other)}" for own, other in pairs)
            self.seeded.execute(
                f"update {one.store} x set {values} from {parent.store} y where x.{reference.column} = y.{ROW}".encode()
            )

    def keyed(self, one: Wanted, table: Table) -> Watched | None:
        """The rows with the file's keys, or all; None where live's table has no such key yet."""
        exact = one.mode == "exact"
        if exact:
            self.everything(table)
        columns = [name for name in one.sometimes if name in table.columns]
        if not set(one.key) <= table.columns.keys():
            return watch.seen(self.live, table, _own(table, columns), (), None) if exact else None
        key = tuple(_key(table.columns[name], one.table.columns[name].type) for name in one.key)
        keys = []
        for batch in self.batches(self.seeded, _values(one, one.key)):
            keys += [row[1:] for row in batch]
            self.fetch(table, key, batch)
        if one.mode == "insert-only":
            columns = list(one.key)
        return watch.seen(self.live, table, _own(table, columns), key, None if exact else tuple(keys))

    def everything(self, table: Table) -> None:
        columns = ", ".join(f"t.{sql.name(column.name)}" for column in table.own)
        self.pipe(table, f"select null, t.tableoid::text || t.ctid::text, {columns} from {table.rows} t", [])

    def chosen(self, one: Wanted) -> None:
        """Put the keys that live has chosen for its rows into the store; those of new rows are not known yet."""
        names = [
            name
            for name in dict.fromkeys(
                target
                for other in self.wanted
                for reference in other.references
                if reference.key.parent == one.table.path
                for target in reference.key.targets
            )
            if name not in one.always
        ]
        if not names:
            return
        free = " or ".join(
            f"({STATEMENT} = {index})" for index, given in one.given.items() if not set(names) <= set(given.columns)
        )
        nothing = ", ".join(f"{sql.name(name)} = null" for name in names)
        self.seeded.execute(f"update {one.store} set {nothing} where {free}".encode())
        table = self.there.get(one.table.path)
        if table is None or table.path not in self.staged or not set(names) <= table.columns.keys():
            return
        texts = ", ".join(f"{sql.name(name)}::text" for name in _own(table, names))
        query = f"select {_NUMBER}, {texts} from {self.staged[table.path]} where {_NUMBER} is not null"
        values = ", ".join(
            f"{sql.name(name)} = m.v{number}::{one.table.columns[name].type}" for number, name in enumerate(names)
        )
        self.seeded.execute(
            f"create temp table m (n bigint, {', '.join(f'v{number} text' for number, _ in enumerate(names))})".encode()
        )
        _pipe(self.copy, query, [], self.seeded, "m")
        self.seeded.execute(
            f"update {one.store} x set {values} from m where x.{ROW} = m.n and ({free}); drop table m".encode()
        )

    def sequences(self, one: Wanted, table: Table) -> tuple[tuple[str, int], ...]:
        """Set the copy's sequences where live's are; one that may not be read counts as past all rows.

        Those that can be, and the largest values that the file gives their columns.
        """
        known = []
        for name, column in table.columns.items():
            if column.sequence is None:
                continue
            row = None
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege), self.live.transaction():
                row = self.live.execute(f"select last_value, is_called from {column.sequence}".encode()).fetchone()
            given = _last(self.seeded, one.store, name) if name in one.sometimes else 0
            if row is None:
                row = (max(given, _last(self.copy, self.stage(table), column.name), 1), True)
            elif given > 0:
                known.append((column.sequence, given))
            self.copy.execute("select setval(%s::regclass, %s, %s)", [column.sequence, *row])

        return tuple(known)

    def holders(self, one: Wanted) -> None:
        """The rows that hold a unique value of the file's under another key."""
        table = self.there.get(one.table.path)
        for unique in one.table.uniques:
            if table and set(unique) != set(one.key) and set(unique) <= {*one.sometimes} & table.columns.keys():
                key = tuple(_key(table.columns[name], one.table.columns[name].type) for name in unique)
                for batch in self.batches(self.seeded, _values(one, unique)):
                    self.fetch(table, key, [(None, *row[1:]) for row in batch])

    def referred(self, one: Wanted) -> None:
        """The rows that the declared ones refer to."""
        for key in one.table.parents:
            parent = self.there.get(key.parent)
            if parent and set(key.columns) <= {*one.sometimes} and set(key.targets) <= parent.columns.keys():
                match = tuple(
                    _key(parent.columns[target], one.table.columns[own].type)
                    for own, target in zip(key.columns, key.targets, strict=True)
                )
                for batch in self.batches(self.seeded, _values(one, key.columns, distinct=True)):
                    self.fetch(parent, match, batch)

    def doomed(self) -> dict[Path, dict[Path, int]]:
        """What refers to the rows that are to be deleted; how many rows of which tables go with them."""
        whole = [self.there[one.table.path].path for one in self.wanted if self._exact(one)]
        exact = [path for path in whole if path in self.staged]
        for path in exact:
            store = self.staged[path]
            self.copy.execute(
                f"""update {store} x set {_NUMBER} = {_DOOMED} where {_NUMBER} is null and not exists
                    (select from {store} y where y.{_PLACE} = x.{_PLACE} and y.{_NUMBER} is not null)""".encode()
            )
        cascades = {}
        for root in exact:
            gone: dict[Path, int] = {}
            waiting, done = [root], set[ForeignKey]()
            while waiting:
                path = waiting.pop(0)
                for key in (key for child in self.known.values() for key in child.parents):
                    if key.parent == path and key not in done:
                        done.add(key)
                        number = self.children(self.known[key.table], key)
                        if key.cascades and number and key.table != root:
                            gone[key.table] = gone.get(key.table, 0) + number
                            waiting.append(key.table)
            cascades[root] = gone
        return cascades

    def _exact(self, one: Wanted) -> bool:
        return one.mode == "exact" and one.table.path in self.there

    def children(self, child: Table, key: ForeignKey) -> int:
        """Bring the rows that refer to doomed ones: how many there are."""
        match = tuple(_key(child.columns[name], child.columns[name].type) for name in key.columns)
        values = ", ".join(f"{sql.name(name)}::text" for name in key.targets)
        number = _DOOMED if key.cascades else "null::bigint"
        query = f"select distinct {number}, {values} from {self.staged[key.parent]} where {_NUMBER} = {_DOOMED}"
        count = 0
        for batch in self.batches(self.copy, query):
            count += self.fetch(child, match, batch)
        return count

    def closure(self) -> None:
        """What the rows refer to, and what that refers to: a foreign key may be checked again."""
        before = -1
        while before != (before := self.total()):
            for path in list(self.staged):
                for key in self.known[path].parents:
                    self.parents(self.known[path], key)

    def parents(self, child: Table, key: ForeignKey) -> None:
        parent = self.known[key.parent]
        self.stage(parent)
        match = tuple(
            _key(parent.columns[target], child.columns[own].type)
            for own, target in zip(key.columns, key.targets, strict=True)
        )
        own, targets = ([f"{sql.name(name)}::text" for name in names] for names in (key.columns, key.targets))
        known = " and ".join(f"{name} is not null" for name in own)
        query = f"""select null, * from (select {", ".join(own)} from {self.staged[child.path]} where {known}
                    except select {", ".join(targets)} from {self.staged[key.parent]}) missing"""
        for batch in self.batches(self.copy, query):
            self.fetch(parent, match, batch)

    def total(self) -> int:
        counts = " + ".join(f"(select count(distinct {_PLACE}) from {stage})" for stage in self.staged.values())
        row = self.copy.execute(f"select {counts or 0}".encode()).fetchone()
        return int(row[0]) if row else 0

    def batches(self, connection: Connection, query: str) -> Iterator[list[Texts]]:
        """The rows of a query in parts, so that never all of them are held."""
        with connection.transaction(), connection.cursor(name="dbsync_keys") as cursor:
            cursor.execute(query.encode())
            while rows := cursor.fetchmany(BATCH):
                yield rows

    def fetch(self, table: Table, key: Sequence[KeyColumn], batch: Sequence[Texts]) -> int:
        """Bring the rows of live that have one of these keys, each with the number of its key: how many there are."""
        columns = ", ".join(f"t.{sql.name(column.name)}" for column in table.own)
        source, values = watch.joined(table.rows, key, batch)
        return self.pipe(table, f"select k.n, t.tableoid::text || t.ctid::text, {columns} from {source}", values)

    def pipe(self, table: Table, query: str, values: Sequence[Any]) -> int:
        self.reading = table.path
        number = _pipe(self.live, query, values, self.copy, self.stage(table))
        self.reading = None
        return number

    def stage(self, table: Table) -> str:
        """The temporary table for rows of a table of live's."""
        if table.path not in self.staged:
            name = self.staged[table.path] = f"staged_{len(self.staged)}"
            columns = ", ".join(f"t.{sql.name(column.name)}" for column in table.own)
            self.copy.execute(
                f"""create temp table {name} as select null::bigint as {_NUMBER}, null::text as {_PLACE}, {columns}
                    from {table.name} t where false""".encode()
            )
        return self.staged[table.path]

    def fill(self) -> None:
        """Put what was staged into the copy's own tables: no trigger fires, and no foreign key is checked."""
        with self.copy.transaction():
            try:
                self.copy.execute("set local session_replication_role = replica")
            except psycopg.errors.InsufficientPrivilege:
                raise _no_rows(self.copy.info.user) from None
            for path, stage in self.staged.items():
                columns = sql.names(column.name for column in self.known[path].own)
                self.copy.execute(
                    f"""insert into {sql.qualified(*path)} ({columns}) overriding system value
                        select {columns} from (select distinct on ({_PLACE}) * from {stage} order by {_PLACE}) rows;
                        drop table {stage}; analyze {sql.qualified(*path)}""".encode()
                )


def _pipe(source: Connection, query: str, values: Sequence[Any], goal: Connection, table: str) -> int:
    """Send the rows of a query from one server to a table on another, as they come: how many there are."""
    cursor = source.cursor()
    with (
        cursor.copy(*watch.parametrized(f"copy ({query}) to stdout", values)) as out,
        goal.cursor().copy(f"copy {table} from stdin".encode()) as into,
    ):
        for data in out:
            into.write(data)
    return cursor.rowcount


def _no_rows(role: str) -> ScratchError:
    return ScratchError(
        "Declared rows cannot be compared on this scratch server",
        detail=f"live's rows go into a copy without what they refer to, which the role {role} may not do there",
        hint="have an administrator run GRANT SET ON PARAMETER session_replication_role TO "
        f"{sql.name(role)}, use another --scratch, or leave rows alone with --no-seeds",
    )


def _last(connection: Connection, table: str, column: str) -> int:
    """The largest value of a column, and 0 where there is none."""
    row = connection.execute(f"select coalesce(max({sql.name(column)}), 0)::bigint from {table}".encode()).fetchone()
    return int(row[0]) if row else 0


def _values(one: Wanted, names: Iterable[str], *, distinct: bool = False) -> str:
    """The query of values in a store, without those that have a NULL, with the numbers of their rows."""
    names = list(names)
    texts = ", ".join(f"{sql.name(name)}::text" for name in names)
    known = " and ".join(f"{sql.name(name)} is not null" for name in names)
    given = [index for index, given in one.given.items() if set(names) <= set(given.columns)]
    which = f"{STATEMENT} in ({', '.join(map(str, given))})" if len(given) < len(one.given) else "true"
    if distinct:
        return f"select distinct null::bigint, {texts} from {one.store} where {known} and {which}"
    return f"select {ROW}, {texts} from {one.store} where {known} and {which} order by {ROW}"


def _called(table: Table, after: Callable[[Id], Id]) -> tuple[Path, Table]:
    """The name that a table will have, and the table with its columns by theirs."""
    schema, name = after(Id("table", table.path)).path
    columns = {after(Id("column", (*table.path, one.name))).path[-1]: one for one in table.columns.values()}
    return (schema, name), dataclasses.replace(table, columns=columns)


def _own(table: Table, names: Iterable[str]) -> list[str]:
    """Live's own names of columns."""
    return [table.columns[name].name for name in names]


def _key(column: Column, given: str) -> KeyColumn:
    """How a column of live's meets values that come from a column of another type, or of the same."""
    if column.type == given and not column.enum:
        return KeyColumn(column.name, column.type, column.equal)
    return KeyColumn(column.name, given if {column.type, given} <= _INTEGERS else "")


_INTEGERS = frozenset({"smallint", "integer", "bigint"})

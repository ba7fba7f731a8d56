"""Brings the rows of live that the declared ones concern to a copy of live.

These are the rows with the keys of the file (of a table that is to be exact, all), those that hold one of its unique
values, those that either refer to, and those that would go with what is deleted. No others are read.
"""

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.model.objects import Id
from dbsync.model.rows import KeyColumn, Watched
from dbsync.seeds import watch
from dbsync.seeds.complaints import no_rows, unreadable, unruly
from dbsync.seeds.matching import lifted, text_or, typed
from dbsync.seeds.pipe import pipe
from dbsync.seeds.tables import Column, ForeignKey, Path, Table, tables
from dbsync.seeds.wanted import ROW, STATEMENT, Wanted

Connection = psycopg.Connection[Any]

BATCH = 50_000
_LOCK_TIMEOUT = "10s"
_NUMBER, _PLACE = '"dbsync number"', '"dbsync place"'


def gather(
    live: Connection,
    seeded: Connection,
    copy: Connection,
    wanted: Sequence[Wanted],
    desired: Mapping[Path, Table],
    after: Callable[[Id], Id],
) -> tuple[Watched, ...]:
    """Fill `copy`, and say what was read; `live` is in a read-only transaction. ConnectionFailed where it may not be.

    `after` gives the names that live's tables and columns will have, `desired` the tables as they will be then. The
    stores in `seeded` take over the keys that live has chosen for its rows.
    """
    gathering = _Gathering(live, seeded, copy, wanted, desired, after)
    with lifted(copy):
        try:
            with live.transaction():
                live.execute(
                    "select set_config('row_security', 'off', true), set_config('lock_timeout', %s, true)",
                    [_LOCK_TIMEOUT],
                )
                found = gathering.run()
        except psycopg.Error as error:
            if live.closed or live.broken or gathering.reading is None:
                raise
            raise unreadable(gathering.reading, error) from error
        gathering.fill()
    return found


class _Gathering:
    def __init__(
        self,
        live: Connection,
        seeded: Connection,
        copy: Connection,
        wanted: Sequence[Wanted],
        desired: Mapping[Path, Table],
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
        self.foreign = [key for table in desired.values() for key in table.parents]
        """The foreign keys that count when rows are deleted, by these names."""
        self.staged: dict[Path, str] = {}
        self.reading: Path | None = None

    def run(self) -> tuple[Watched, ...]:
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
        self.doomed()
        self.closure()
        return tuple(watched)

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
        match = [typed(table.columns[name], one.table.columns[name]) for name in one.key]
        if None in match and not exact:
            # Which rows will have these keys is known once the steps have changed their type.
            self.everything(table)
        key = tuple(text_or(table.columns[name], one.table.columns[name]) for name in one.key)
        keys = []
        for batch in self.batches(self.seeded, _values(one, one.key), len(key)):
            keys.append(batch[1:])
            self.fetch(table, key, batch)
        if one.mode == "insert-only":
            columns = list(one.key)
        return watch.seen(self.live, table, _own(table, columns), key, None if exact or None in match else tuple(keys))

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
        pipe(self.copy, query.encode(), self.seeded, b"m")
        self.seeded.execute(
            f"update {one.store} x set {values} from m where x.{ROW} = m.n and ({free}); drop table m".encode()
        )

    def sequences(self, one: Wanted, table: Table) -> tuple[tuple[str, int], ...]:
        """Set the copy's sequences where live's are; one that may not be read counts as past all rows.

        Those that can be, and the largest values that the file gives their columns.
        """
        known = []
        for name, column in table.columns.items():
            if column.counted is None:
                continue
            row = None
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege), self.live.transaction():
                row = self.live.execute(f"select last_value, is_called from {column.counted}".encode()).fetchone()
            given = self.last(self.seeded, one.store, one.table.columns[name]) if name in one.sometimes else None
            if row is None:
                there = self.last(self.copy, self.stage(table), column)
                row = (max((last for last in (given, there) if last is not None), default=None), True)
            elif given is not None:
                known.append((column.counted, given))
            last = "null" if row[0] is None else row[0]
            self.copy.execute(
                f"""select setval(seqrelid::regclass, least(seqmax, greatest(seqmin, {last})), {row[1]})
                    from pg_catalog.pg_sequence where seqrelid = {sql.literal(column.counted)}::regclass""".encode()
            )
        return tuple(known)

    def last(self, connection: Connection, table: str, column: Column) -> int | None:
        """The largest value that a table has of a column's sequence."""
        name, sequence = sql.name(column.name), sql.literal(column.counted or "")
        row = connection.execute(
            f"""select max({name})::bigint from {table}, pg_catalog.pg_sequence
                where seqrelid = {sequence}::regclass and {name} between seqmin and seqmax""".encode()
        ).fetchone()
        return row[0] if row else None

    def holders(self, one: Wanted) -> None:
        """The rows that hold a unique value of the file's under another key."""
        table = self.there.get(one.table.path)
        for unique in one.table.uniques:
            if table and set(unique) != set(one.key) and set(unique) <= {*one.sometimes} & table.columns.keys():
                key = tuple(text_or(table.columns[name], one.table.columns[name]) for name in unique)
                for batch in self.batches(self.seeded, _values(one, unique, distinct=True), len(key)):
                    self.fetch(table, key, batch)

    def referred(self, one: Wanted) -> None:
        """The rows that the declared ones refer to."""
        for key in one.table.parents:
            parent = self.there.get(key.parent)
            if parent and set(key.columns) <= {*one.sometimes} and set(key.targets) <= parent.columns.keys():
                match = tuple(
                    text_or(parent.columns[target], one.table.columns[own])
                    for own, target in zip(key.columns, key.targets, strict=True)
                )
                for batch in self.batches(self.seeded, _values(one, key.columns, distinct=True), len(match)):
                    self.fetch(parent, match, batch)

    def doomed(self) -> None:
        """Bring what refers to the rows that are to be deleted, and to those that go with them, and so on.

        A row that goes is marked with a number below zero, another one for each way on which it was found.
        """
        marks = itertools.count(-1, -1)
        waiting = [(one.table.path, next(marks)) for one in self.wanted if one.mode == "exact"]
        for path, mark in waiting:
            if (table := self.there.get(path)) and (stage := self.staged.get(table.path)):
                self.copy.execute(
                    f"""update {stage} x set {_NUMBER} = {mark} where {_NUMBER} is null and not exists
                        (select from {stage} y where y.{_PLACE} = x.{_PLACE} and y.{_NUMBER} is not null)""".encode()
                )
        while waiting:
            path, mark = waiting.pop()
            referring = [key for key in self.foreign if key.parent == path]
            waiting += [(key.table, into) for key in referring if self.children(key, mark, into := next(marks))]

    def children(self, key: ForeignKey, mark: int, into: int) -> int:
        """Bring the rows that refer to doomed ones: how many more are doomed with them."""
        child, parent = self.there.get(key.table), self.there.get(key.parent)
        if child is None or parent is None or parent.path not in self.staged:
            return 0
        if not (set(key.columns) <= child.columns.keys() and set(key.targets) <= parent.columns.keys()):
            return 0
        match = tuple(text_or(child.columns[name], child.columns[name]) for name in key.columns)
        values = ", ".join(f"{sql.name(name)}::text" for name in _own(parent, key.targets))
        query = f"select distinct {into}, {values} from {self.staged[parent.path]} where {_NUMBER} = {mark}"
        for batch in self.batches(self.copy, query, len(match)):
            self.fetch(child, match, batch)
        stage = self.stage(child)
        if key.on_delete != "c":
            self.copy.execute(f"update {stage} set {_NUMBER} = null where {_NUMBER} = {into}".encode())
            return 0
        known = (
            f"exists (select from {stage} y where y.{_PLACE} = x.{_PLACE} and y.{_NUMBER} < 0 and y.{_NUMBER} > {into})"
        )
        self.copy.execute(f"delete from {stage} x where {_NUMBER} = {into} and {known}".encode())
        row = self.copy.execute(f"select count(*) from {stage} where {_NUMBER} = {into}".encode()).fetchone()
        return int(row[0]) if row else 0

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
            text_or(parent.columns[target], child.columns[own])
            for own, target in zip(key.columns, key.targets, strict=True)
        )
        own, targets = ([f"{sql.name(name)}::text" for name in names] for names in (key.columns, key.targets))
        known = " and ".join(f"{name} is not null" for name in own)
        query = f"""select null::bigint, * from (select {", ".join(own)} from {self.staged[child.path]} where {known}
                    except select {", ".join(targets)} from {self.staged[key.parent]}) missing"""
        for batch in self.batches(self.copy, query, len(match)):
            self.fetch(parent, match, batch)

    def total(self) -> int:
        counts = " + ".join(f"(select count(distinct {_PLACE}) from {stage})" for stage in self.staged.values())
        row = self.copy.execute(f"select {counts or 0}".encode()).fetchone()
        return int(row[0]) if row else 0

    def batches(self, connection: Connection, query: str, width: int) -> Iterator[tuple[str, ...]]:
        """What a query finds, a number and texts, in parts, each of them as PostgreSQL writes an array."""
        names = ["n", *(f"c{position}" for position in range(width))]
        arrays = ", ".join(f"array_agg({name} order by place)::text" for name in names)
        with connection.transaction(), connection.cursor(name="dbsync_keys") as cursor:
            cursor.itersize = 1
            cursor.execute(
                f"""select {arrays} from (select *, row_number() over () - 1 as place
                        from ({query}) found ({", ".join(names)})) numbered
                    group by place / {BATCH} order by place / {BATCH}""".encode()
            )
            yield from cursor

    def fetch(self, table: Table, key: Sequence[KeyColumn], batch: Sequence[str]) -> int:
        """Bring the rows of live that have one of these keys, each with the number of its key: how many there are."""
        columns = ", ".join(f"t.{sql.name(column.name)}" for column in table.own)
        numbers, *arrays = batch
        source, values = watch.joined(table.rows, key, arrays, numbers)
        return self.pipe(table, f"select k.n, t.tableoid::text || t.ctid::text, {columns} from {source}", values)

    def pipe(self, table: Table, query: str, values: Sequence[Any]) -> int:
        self.reading = table.path
        text, given = watch.parametrized(query, values)
        number = pipe(self.live, text, self.copy, self.stage(table).encode(), given)
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
                raise no_rows(self.copy.info.user) from None
            for path, stage in self.staged.items():
                columns = sql.names(column.name for column in self.known[path].own)
                try:
                    self.copy.execute(
                        f"""insert into {sql.qualified(*path)} ({columns}) overriding system value
                            select {columns} from (select distinct on ({_PLACE}) * from {stage} order by {_PLACE}) rows;
                            drop table {stage}; analyze {sql.qualified(*path)}""".encode()
                    )
                except psycopg.IntegrityError as error:
                    raise unruly(path, error) from error


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

"""Brings the rows of live that the declared ones concern to a copy of live.

These are the rows with the keys of the file (of a table that is to be exact, all), those that hold one of its unique
values or that another rule sets against them, those that have the numbers that a sequence would give them, those that
all of these refer to, and those that refer to what is deleted or gets another key. No others are read.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

import psycopg

from dbsync import sql
from dbsync.model.objects import Id
from dbsync.model.rows import Watched
from dbsync.seeds import watch
from dbsync.seeds.complaints import unreadable
from dbsync.seeds.matching import lifted, text_or, typed
from dbsync.seeds.pipe import pipe
from dbsync.seeds.rivals import rules
from dbsync.seeds.sequences import sequences
from dbsync.seeds.staging import NUMBER, PLACE, Staging, batches
from dbsync.seeds.tables import THE_ROW, ForeignKey, Path, Table, tables
from dbsync.seeds.wanted import ROW, STATEMENT, Wanted

Connection = psycopg.Connection[Any]

_LOCK_TIMEOUT = "10s"


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
                    "select set_config('row_security', 'off', true), set_config('constraint_exclusion', 'off', true),"
                    " set_config('lock_timeout', %s, true)",
                    [_LOCK_TIMEOUT],
                )
                found = gathering.run()
        except psycopg.Error as error:
            if live.closed or live.broken or gathering.staging.reading is None:
                raise
            raise unreadable(gathering.staging.reading, error) from error
        gathering.staging.fill()
    return found


@dataclasses.dataclass(frozen=True)
class _Mark:
    """A number for rows of a table that go (THE_ROW), or change in these columns."""

    number: int
    path: Path
    columns: frozenset[str]


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
        self.staging = Staging(live, copy, self.known)
        self.marks: list[_Mark] = []

    def run(self) -> tuple[Watched, ...]:
        watched = []
        for one in self.wanted:
            self.refer(one)
            table = self.there.get(one.table.path)
            if table is not None:
                found, known = self.keyed(one, table), sequences(self.live, self.seeded, self.staging, one, table)
                if found is not None:
                    watched.append(dataclasses.replace(found, sequences=known))
            self.chosen(one)
        for one in self.wanted:
            self.refer(one)
            self.holders(one)
            self.rivals(one)
            self.referred(one)
        self.touched()
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
            self.staging.everything(table)
        columns = [name for name in one.sometimes if name in table.columns]
        if not set(one.key) <= table.columns.keys():
            return watch.seen(self.live, table, _own(table, columns), (), None) if exact else None
        match = [typed(table.columns[name], one.table.columns[name]) for name in one.key]
        if None in match and not exact:
            # Which rows will have these keys is known once the steps have changed their type.
            self.staging.everything(table)
        key = tuple(
            dataclasses.replace(text_or(table.columns[name], one.table.columns[name]), nulls=one.nulls(name))
            for name in one.key
        )
        keys = []
        for batch in batches(self.seeded, _values(one, one.key), len(key)):
            keys.append(batch[1:])
            self.staging.fetch(table, key, batch)
        if one.mode == "insert-only":
            columns = list(one.key)
        return watch.seen(self.live, table, _own(table, columns), key, None if exact or None in match else tuple(keys))

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
        if table is None or table.path not in self.staging.staged or not set(names) <= table.columns.keys():
            return
        values = ", ".join(
            f"{sql.name(name)} = m.v{number}::{one.table.columns[name].type}" for number, name in enumerate(names)
        )
        with self.numbered(table, names):
            self.seeded.execute(f"update {one.store} x set {values} from m where x.{ROW} = m.n and ({free})".encode())

    def holders(self, one: Wanted) -> None:
        """The rows that hold a unique value of the file's under another key."""
        table = self.there.get(one.table.path)
        for unique in (*one.table.uniques, *one.table.within):
            if table and set(unique) != set(one.key) and set(unique) <= {*one.sometimes} & table.columns.keys():
                key = tuple(text_or(table.columns[name], one.table.columns[name]) for name in unique)
                with self.numbered(table, unique):
                    query = _values(one, unique, distinct=True)
                    if {*_own(table, unique)} in [{*other} for other in table.uniques]:
                        # Where live's row holds the value already, no other does.
                        pairs = (f"m.v{number} = x.{sql.name(name)}::text" for number, name in enumerate(unique))
                        query += f" and not exists (select from m where m.n = x.{ROW} and {' and '.join(pairs)})"
                    for batch in batches(self.seeded, query, len(key)):
                        self.staging.fetch(table, key, batch)

    def rivals(self, one: Wanted) -> None:
        """The rows that keep declared ones out by other rules, as far as these can be asked of live as it is."""
        table = self.there.get(one.table.path)
        if table is None:
            return
        for rule in rules(self.seeded, one):
            if all(name in table.columns and table.columns[name].name == name for name in rule.columns):
                # What a rule calls may be new, or another by now: the apply finds what it keeps out.
                with contextlib.suppress(psycopg.ProgrammingError, psycopg.DataError), self.live.transaction():
                    for batch in batches(self.seeded, rule.values(one), len(rule.expressions)):
                        self.staging.bring(table, *rule.joined(table.rows, batch))
                self.staging.reading = None

    def referred(self, one: Wanted) -> None:
        """The rows that the declared ones refer to."""
        for key in one.table.parents:
            parent = self.there.get(key.parent)
            if parent and set(key.columns) <= {*one.sometimes} and set(key.targets) <= parent.columns.keys():
                match = tuple(
                    text_or(parent.columns[target], one.table.columns[own])
                    for own, target in zip(key.columns, key.targets, strict=True)
                )
                for batch in batches(self.seeded, _values(one, key.columns, distinct=True), len(match)):
                    self.staging.fetch(parent, match, batch)

    def touched(self) -> None:
        """Bring what refers to the rows that are to be deleted or to get another key, and to those that go or change
        with them, and so on.

        Such a row is marked with a number below zero, another one for each way on which it was found.
        """
        waiting: list[_Mark] = []
        for one in self.wanted:
            table = self.there.get(one.table.path)
            if table is None or table.path not in self.staging.staged:
                continue
            stage = self.staging.staged[table.path]
            if one.mode == "exact":
                waiting.append(mark := self.mark(one.table.path, {THE_ROW}))
                self.copy.execute(
                    f"""update {stage} x set {NUMBER} = {mark.number} where {NUMBER} is null and not exists
                        (select from {stage} y where y.{PLACE} = x.{PLACE} and y.{NUMBER} > 0)""".encode()
                )
            elif one.there is not None:
                waiting.append(mark := self.mark(one.table.path, {THE_ROW}))
                self.copy.execute(f"update {stage} set {NUMBER} = {mark.number} where {NUMBER} > {one.there}".encode())
            waiting += self.renamed(one, table)
        while waiting:
            mark = waiting.pop()
            parent = self.there[mark.path]
            for key in self.referring(mark.path):
                if {THE_ROW, *key.targets} & mark.columns:
                    values = ", ".join(f"{sql.name(name)}::text" for name in _own(parent, key.targets))
                    query = f"select {values} from {self.staging.staged[parent.path]} where {NUMBER} = {mark.number}"
                    waiting += self.children(key, self.copy, query, mark.columns)

    def renamed(self, one: Wanted, table: Table) -> Iterator[_Mark]:
        """Bring the rows that refer to declared ones by values that these are to have no longer."""
        keys = [key for key in self.referring(one.table.path) if one.changeable.intersection(key.targets)]
        names = list(dict.fromkeys(name for key in keys for name in key.targets))
        if not names:
            return
        with self.numbered(table, names):
            known = {name: f"m.v{position}" for position, name in enumerate(names)}
            for key in keys:
                columns = one.changeable.intersection(key.targets)
                differs = " or ".join(
                    f"x.{STATEMENT} = {index} and x.{sql.name(name)}::text is distinct from {known[name]}"
                    for name in columns
                    for index, given in one.given.items()
                    if name in given.compared
                )
                values = ", ".join(known[name] for name in key.targets)
                query = f"select {values} from m join {one.store} x on x.{ROW} = m.n where {differs}"
                yield from self.children(key, self.seeded, query, columns)

    def referring(self, path: Path) -> list[ForeignKey]:
        """The foreign keys by which live's rows will refer to those of a table, as far as live has their columns."""
        return [
            key
            for key in self.foreign
            if key.parent == path
            and (child := self.there.get(key.table))
            and set(key.columns) <= child.columns.keys()
            and set(key.targets) <= self.there[path].columns.keys()
        ]

    def mark(self, path: Path, columns: Set[str]) -> _Mark:
        """A new mark."""
        self.marks.append(_Mark(-1 - len(self.marks), path, frozenset(columns)))
        return self.marks[-1]

    def children(self, key: ForeignKey, connection: Connection, query: str, columns: Set[str]) -> Iterator[_Mark]:
        """Bring the rows that refer by a key to what a query finds, where that goes or changes in some columns; with
        their mark, if more go or change with it."""
        child = self.there[key.table]
        into = self.mark(key.table, {own for name in columns for own in key.action(name)[1]})
        match = tuple(text_or(child.columns[name], child.columns[name]) for name in key.columns)
        for batch in batches(connection, f"select distinct {into.number}, * from ({query}) values", len(match)):
            self.staging.fetch(child, match, batch)
        stage = self.staging.stage(child)
        if not into.columns:
            self.copy.execute(f"update {stage} set {NUMBER} = null where {NUMBER} = {into.number}".encode())
            return
        known = (one.number for one in self.marks[:-1] if one.path == into.path and one.columns >= into.columns)
        self.copy.execute(
            f"""delete from {stage} x where {NUMBER} = {into.number} and exists (select from {stage} y
                where y.{PLACE} = x.{PLACE} and y.{NUMBER} = any (array[{", ".join(map(str, known))}]::bigint[]))
            """.encode()
        )
        row = self.copy.execute(f"select from {stage} where {NUMBER} = {into.number} limit 1".encode()).fetchone()
        if row is not None:
            yield into

    @contextlib.contextmanager
    def numbered(self, table: Table, names: Sequence[str]) -> Iterator[None]:
        """Texts (v0, v1, …) of live's rows that the file has the keys of, by the numbers of its rows (n), as a table
        `m` beside the stores."""
        texts = ", ".join(f"{sql.name(name)}::text" for name in _own(table, names))
        query = f"select {NUMBER}, {texts} from {self.staging.stage(table)} where {NUMBER} is not null"
        columns = ", ".join(f"v{position} text" for position, _ in enumerate(names))
        self.seeded.execute(f"create temp table m (n bigint, {columns})".encode())
        pipe(self.copy, query.encode(), self.seeded, b"m")
        yield
        self.seeded.execute("drop table m")

    def closure(self) -> None:
        """What the rows refer to, and what that refers to: a foreign key may be checked again."""
        before = -1
        while before != (before := self.staging.total()):
            for path in list(self.staging.staged):
                for key in self.known[path].parents:
                    self.parents(self.known[path], key)

    def parents(self, child: Table, key: ForeignKey) -> None:
        parent = self.known[key.parent]
        match = tuple(
            text_or(parent.columns[target], child.columns[own])
            for own, target in zip(key.columns, key.targets, strict=True)
        )
        own, targets = ([f"{sql.name(name)}::text" for name in names] for names in (key.columns, key.targets))
        known = " and ".join(f"{name} is not null" for name in own)
        query = f"""select null::bigint, * from (select {", ".join(own)} from {self.staging.stage(child)} where {known}
                    except select {", ".join(targets)} from {self.staging.stage(parent)}) missing"""
        for batch in batches(self.copy, query, len(match)):
            self.staging.fetch(parent, match, batch)


def _values(one: Wanted, names: Iterable[str], *, distinct: bool = False) -> str:
    """The query of values in a store, without those that have a NULL, with the numbers of their rows."""
    names = list(names)
    texts = ", ".join(f"{sql.name(name)}::text" for name in names)
    # A composite value of which a part is NULL is not NOT NULL.
    known = " and ".join(f"{sql.name(name)} is distinct from null" for name in names if not one.nulls(name)) or "true"
    given = [index for index, given in one.given.items() if set(names) <= set(given.columns)]
    which = f"{STATEMENT} in ({', '.join(map(str, given))})" if len(given) < len(one.given) else "true"
    if distinct:
        return f"select distinct null::bigint, {texts} from {one.store} x where {known} and {which}"
    return f"select {ROW}, {texts} from {one.store} where {known} and {which} order by {ROW}"


def _called(table: Table, after: Callable[[Id], Id]) -> tuple[Path, Table]:
    """The name that a table will have, and the table with its columns by theirs."""
    schema, name = after(table.id).path
    columns = {after(table.column_id(one.name)).path[-1]: one for one in table.columns.values()}
    return (schema, name), dataclasses.replace(table, columns=columns)


def _own(table: Table, names: Iterable[str]) -> list[str]:
    """Live's own names of columns."""
    return [table.columns[name].name for name in names]

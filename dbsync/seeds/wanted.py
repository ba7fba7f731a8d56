"""The rows that should be there, table by table, as they were found after loading the seeds file."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.errors import SchemaError
from dbsync.load.wrong_row import Ordinal
from dbsync.model.text import Place, Script
from dbsync.seeds.load import SCHEMA
from dbsync.seeds.statements import Gives
from dbsync.seeds.tables import ForeignKey, Path, Table

Connection = psycopg.Connection[Any]

ROW, STATEMENT, TABLE = '"dbsync row"', '"dbsync statement"', '"dbsync table"'
_PLACE, _WRITTEN = '"dbsync place"', '"dbsync written"'
_OURS = "dbsync "


@dataclasses.dataclass(frozen=True)
class Given:
    """The columns that one statement gives its rows of a table; `compared` leaves out what differs with every load.

    `named` tells that the statement itself says which. `first` is the number of its first row in the store, where its
    rows have the order of the file there, and `count` how many they are.
    """

    columns: tuple[str, ...]
    compared: tuple[str, ...]
    named: bool = True
    first: int | None = None
    count: int = 0

    def ordinal(self, row: int) -> Ordinal | None:
        """Which of its rows has this number in the store."""
        return None if self.first is None else Ordinal(row - self.first, self.count)


@dataclasses.dataclass(frozen=True)
class Reference:
    """A foreign key to declared rows whose own key is the database's to choose; `column` numbers these rows."""

    key: ForeignKey
    number: int

    @property
    def column(self) -> str:
        """Its column beside the rows, as SQL."""
        return f'"dbsync reference {self.number}"'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """The declared rows of one table. They stand in `store`, numbered in the order of the file, with the table or the
    partition that took them (TABLE)."""

    table: Table
    store: str
    count: int
    given: Mapping[int, Given]
    """By the statement that gave them."""
    mode: str = "merge"
    key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    whole: int | None = None
    """Only rows up to this number are added where they are missing; None: all."""
    there: int | None = None
    """Rows above this number are not to be there; None: there are none such."""

    @property
    def deletes(self) -> bool:
        """Whether rows may be there that are to go."""
        return self.mode == "exact" or self.there is not None

    @property
    def added(self) -> str:
        """As SQL behind FROM: the rows of the store that are added where they are missing."""
        return self.store if self.whole is None else f"(select * from {self.store} where {ROW} <= {self.whole}) x"

    @property
    def always(self) -> frozenset[str]:
        """The columns that all of its rows are given, with values that stay."""
        return frozenset.intersection(*(frozenset(one.compared) for one in self.given.values()))

    @property
    def sometimes(self) -> tuple[str, ...]:
        """The columns that some of its rows are given, in the table's order."""
        found = {name for one in self.given.values() for name in one.columns}
        return tuple(name for name in self.table.columns if name in found)

    @property
    def changeable(self) -> frozenset[str]:
        """The columns in which rows that are there may be given other values: of the key those whose values can be
        equal and not the same."""
        if self.mode == "insert-only":
            return frozenset()
        found = {name for one in self.given.values() for name in one.compared}
        return frozenset(name for name in found if name not in self.key or self.table.columns[name].equal != "=")

    def nulls(self, column: str) -> bool:
        """Whether a column of the key may be NULL and still tell rows apart."""
        return (
            column in self.key
            and self.table.columns[column].nullable
            and any(frozenset(key) == frozenset(self.key) for key in self.table.nulls_equal)
        )

    def references_of(self, column: str) -> list[Reference]:
        """The references that a column is a part of."""
        return [one for one in self.references if column in one.key.columns]


def find(admin: Connection, tables: Mapping[Path, Table], known: Sequence[tuple[Gives, ...]]) -> list[Wanted]:
    """The tables that the loaded file gives rows, in the file's order; their rows are put into their stores.

    `known` says what each statement gives to which tables.
    """
    called = _called(admin)
    found: list[Wanted] = []
    for table in _written(admin, tables):
        store = f"{SCHEMA}.rows_{len(found)}"
        _keep(admin, table, store)
        query = f"""select {STATEMENT}, count(*), min({ROW}), count(distinct {TABLE}) = 1
            from {store} group by 1 order by 1"""
        numbers = {index: row for index, *row in admin.execute(query.encode()).fetchall()}
        counts = {index: count for index, (count, *_) in numbers.items()}
        given = {
            index: dataclasses.replace(one, first=first if in_order else None, count=count)
            for index, (count, first, in_order) in numbers.items()
            if (one := _given(index, known, table, tables, called)) is not None
        }
        if not given:
            admin.execute(f"drop table {store}".encode())
            continue
        if strange := sorted(counts.keys() - given.keys()):
            # Triggers wrote these, as they will on live.
            admin.execute(f"delete from {store} where {STATEMENT} = any (%s)".encode(), [strange])
        admin.execute(f"create index on {store} ({ROW}); analyze {store}".encode())
        total = sum(counts[index] for index in given)
        found.append(Wanted(table=table, store=store, count=total, given=given))
    return sorted(found, key=lambda one: min(one.given))


def places(wanted: Wanted, script: Script) -> Place:
    """The first statement that gives a table rows."""
    return script.statements[min(wanted.given)].place


def _written(admin: Connection, tables: Mapping[Path, Table]) -> Iterator[Table]:
    """The tables that have rows; only these are looked into."""
    query = """
        select distinct array[n.nspname, r.relname]::text[]
        from pg_catalog.pg_class c
        join pg_catalog.pg_class r on r.oid = coalesce(pg_catalog.pg_partition_root(c.oid)::oid, c.oid)
        join pg_catalog.pg_namespace n on n.oid = r.relnamespace
        where c.relkind = 'r' and c.oid >= 16384 and pg_catalog.pg_relation_size(c.oid) > 0 order by 1"""
    for (path,) in admin.execute(query).fetchall():
        if tuple(path) in tables:
            yield tables[tuple(path)]


def _keep(admin: Connection, table: Table, store: str) -> None:
    """Copy the rows that the file wrote into their store."""
    if taken := next((column.name for column in table.own if column.name.startswith(_OURS)), None):
        raise SchemaError(
            f"Rows of table {table.name} cannot be declared: it has a column {taken!r}",
            hint=f"give it a name that does not begin with {_OURS!r}, which the names of dbsync's own columns do",
        )
    columns = "".join(f", {sql.name(column.name)}" for column in table.own)
    admin.execute(
        f"""create unlogged table {store} as
            select row_number() over (order by {_WRITTEN}, {TABLE}, {_PLACE}) as {ROW}, * from (
                select coalesce(c.statement, s.statement) as {STATEMENT}, s.statement as {_WRITTEN},
                       x.tableoid as {TABLE}, x.ctid as {_PLACE}{columns}
                from {table.rows} x join (
                    select xid, (select m.statement from {SCHEMA}.marks m where m.xid <= d.xid::text::bigint
                                 order by m.xid desc limit 1) as statement
                    from (select distinct xmin as xid from {table.rows}) d) s on s.xid = x.xmin
                left join {SCHEMA}.cells c on (c.relation, c.place, c.written) = (x.tableoid, x.ctid, s.statement)) y
            where {STATEMENT} is not null;
            alter table {store} drop column {_PLACE}, drop column {_WRITTEN}""".encode()
    )


def _called(admin: Connection) -> frozenset[str]:
    """The sequences that loading took numbers from."""
    query = "select format('%I.%I', schemaname, sequencename) from pg_catalog.pg_sequences where last_value is not null"
    return frozenset(name for (name,) in admin.execute(query).fetchall())


def _given(
    index: int,
    known: Sequence[tuple[Gives, ...]],
    table: Table,
    tables: Mapping[Path, Table],
    called: frozenset[str],
) -> Given | None:
    """What a statement gives a table; None where it is not the statement's doing but a trigger's."""
    named = [one for one in known[index] if one.path == table.path]
    if named:
        columns = frozenset().union(*(one.given(table) for one in named))
        if any(one.updates for one in named):
            before = (one for others in known[:index] for one in others if one.path == table.path)
            columns = columns.union(*(one.given(table) for one in before))
    elif any(one.path in tables for one in known[index]):
        return None
    else:
        # A function, a DO block, a view: all that is found counts, but for what a sequence chose.
        columns = frozenset(column.name for column in table.own if column.sequence not in called)
    ordered = tuple(name for name in table.columns if name in columns)
    return Given(ordered, ordered, bool(named))


def steady(admin: Connection, again: Connection, found: Sequence[Wanted], *, same: Sequence[Wanted]) -> list[Wanted]:
    """The tables, with the columns left out of comparison whose values another load gave others: the clock's, or
    chance's. `same` are the tables that the other load found."""
    return [
        _steady(one, _digests(admin, one), _digests(again, other))
        for one in found
        for other in [next((two for two in same if two.table.path == one.table.path), one)]
    ]


def _digests(admin: Connection, wanted: Wanted) -> dict[int, dict[str, Any]]:
    names = [column.name for column in wanted.table.own]
    sums = "".join(f", sum(hashtextextended({sql.name(name)}::text, 0)::numeric)" for name in names)
    rows = admin.execute(f"select {STATEMENT}{sums} from {wanted.store} group by 1".encode()).fetchall()
    return {index: dict(zip(names, row, strict=True)) for index, *row in rows}


def _steady(wanted: Wanted, first: Mapping[int, dict[str, Any]], second: Mapping[int, dict[str, Any]]) -> Wanted:
    given = {}
    for index, one in wanted.given.items():
        moved = {name for name, value in first[index].items() if second.get(index, first[index]).get(name) != value}
        kept = tuple(name for name in one.compared if name not in moved)
        # What only a default can have given is the default's to give on live.
        theirs = {name for name in moved if not one.named and wanted.table.columns[name].default}
        columns = tuple(name for name in one.columns if name not in theirs)
        given[index] = dataclasses.replace(one, columns=columns, compared=kept)
    return dataclasses.replace(wanted, given=given)

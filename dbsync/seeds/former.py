"""Rows as they were before some history records, as the rows that should be there."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.model.objects import Id
from dbsync.model.rows import FormerRows
from dbsync.model.text import Place, Script, Statement
from dbsync.seeds.compare import Texts
from dbsync.seeds.load import SCHEMA
from dbsync.seeds.tables import Path, Table
from dbsync.seeds.wanted import ROW, STATEMENT, Given, Wanted

Connection = psycopg.Connection[Any]

_PART = 100


@dataclasses.dataclass
class _Row:
    """What a row held; only of a `whole` one are these all values."""

    values: dict[str, str | None]
    whole: bool


@dataclasses.dataclass(frozen=True)
class _Rows:
    """The rows of a table by their keys; None for one that was not there."""

    key: tuple[str, ...]
    rows: dict[Texts, _Row | None] = dataclasses.field(default_factory=dict)


class Former:
    """The rows of several tables."""

    def __init__(self) -> None:
        self._tables: dict[Path, _Rows] = {}
        self._unknown: dict[Path, str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Which rows stay as they are, and why."""
        return tuple(f"rows of {sql.qualified(*path)} stay as they are: {why}" for path, why in self._unknown.items())

    def go_back(self, one: FormerRows, called: Callable[[Id], Id]) -> None:
        """Take what one more record wrote back, the newest one first. `called` gives the names that its table and
        columns have in the database that the rows are to be in."""
        schema, name = called(Id("table", one.table)).path
        names = _Names(one.table, called)
        known = self._tables.setdefault((schema, name), _Rows(names.several(one.key)))
        if one.unknown:
            self._unknown.setdefault((schema, name), one.unknown)
        elif known.key != names.several(one.key):
            self._unknown.setdefault((schema, name), f"they were told apart by {sql.names(one.key)} at first")
        else:
            for values in one.removed:
                row = names.values(values)
                known.rows[tuple(row[name] for name in known.key)] = _Row(row, whole=True)
            for key, before in one.changed:
                _change(known, key, names.values(before))
            known.rows.update(dict.fromkeys(one.added))

    def script(self, name: str) -> Script:
        """A text that says for each statement of `wanted` what it is about."""
        lines = [f"{sql.qualified(*path)}: {group.words}" for path, group in self._groups()]
        statements = (
            Statement(sql=line, place=Place(name, number), node="") for number, line in enumerate(lines, start=1)
        )
        return Script(tuple(statements), ((name, "\n".join(lines)), ("", repr(self._tables))))

    def wanted(
        self, admin: Connection, tables: Mapping[Path, Table], staying: Mapping[Path, frozenset[str]]
    ) -> Iterator[Wanted]:
        """The rows of the tables that stay; they are put into stores of the database that `admin` is in.

        `staying` holds the columns that stay, of which alone rows that are there are given other values. What the
        database does not take is left out, and noted.
        """
        self._unknown = {path: why for path, why in self._unknown.items() if staying.get(path)}
        admin.execute(f"create schema {SCHEMA}".encode())
        statements: dict[Path, dict[int, _Group]] = {}
        for statement, (path, group) in enumerate(self._groups()):
            statements.setdefault(path, {})[statement] = group
        for number, (path, groups) in enumerate(statements.items()):
            if staying.get(path):
                store, key = f"{SCHEMA}.rows_{number}", self._tables[path].key
                try:
                    yield _stored(admin, tables[path], store, key, groups, staying[path])
                except _NotTakenError as error:
                    self._unknown[path] = str(error)

    def _groups(self) -> "Iterator[tuple[Path, _Group]]":
        """The rows, those together that hold the same columns: whole ones, others, those that were not there."""
        for path, known in self._tables.items():
            if path in self._unknown:
                continue
            found: dict[tuple[int, tuple[str, ...]], _Group] = {}
            for key, row in known.rows.items():
                values = dict(zip(known.key, key, strict=True)) | (row.values if row else {})
                manner = 2 if row is None else 0 if row.whole else 1
                group = found.setdefault((manner, tuple(values)), _Group(manner, tuple(values), []))
                group.rows.append(tuple(values.values()))
            yield from ((path, found[one]) for one in sorted(found))


@dataclasses.dataclass(frozen=True)
class _Group:
    """Rows that hold the same columns; in what manner they were there: 0 whole, 1 in part, 2 not."""

    manner: int
    columns: tuple[str, ...]
    rows: list[Texts]

    @property
    def words(self) -> str:
        """How many, and what of them is known."""
        rows = f"{len(self.rows):,} {'row' if len(self.rows) == 1 else 'rows'}"
        return f"{rows} that {'was' if len(self.rows) == 1 else 'were'} not there" if self.manner == 2 else rows


class _Names:
    """The names that a table's columns have in the database that its rows are to be in."""

    def __init__(self, table: Path, called: Callable[[Id], Id]):
        self.table = table
        self.called = called
        self._known: dict[str, str] = {}

    def several(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._of(name) for name in names)

    def values(self, values: Mapping[str, str | None]) -> dict[str, str | None]:
        return {self._of(name): value for name, value in values.items()}

    def _of(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = self.called(Id("column", (*self.table, name))).path[-1]
        return self._known[name]


def found(connection: Connection, rows: FormerRows) -> FormerRows:
    """The same, with the keys that the database has chosen since. ProgrammingError where it has other tables by now."""
    keys = list(rows.added)
    texts = ", ".join(f"{sql.name(name)}::text" for name in rows.key)
    for begin in range(0, len(rows.chosen), _PART):
        conditions = " or ".join(f"({one})" for one in rows.chosen[begin : begin + _PART])
        query = f"select array[{texts}] from {sql.qualified(*rows.table)} where {conditions}"
        keys += (tuple(key) for (key,) in connection.execute(query.encode()))
    return dataclasses.replace(rows, added=tuple(keys), chosen=())


def _change(known: _Rows, key: Texts, before: dict[str, str | None]) -> None:
    row = known.rows.get(key)
    if row is None:
        # One that a later record put there although it had been there is not known whole.
        known.rows[key] = _Row(before, whole=False)
    else:
        row.values |= before


def _stored(
    admin: Connection,
    table: Table,
    store: str,
    key: tuple[str, ...],
    groups: Mapping[int, _Group],
    staying: frozenset[str],
) -> Wanted:
    own = [column.name for column in table.own]
    if missing := [name for name in key if name not in own]:
        raise _NotTakenError(f"column {sql.name(missing[0])} of their key is not there")
    empty = f"select null::bigint as {ROW}, null::int as {STATEMENT}, {sql.names(own)} from {table.name} where false"
    admin.execute(f"create unlogged table {store} as {empty}".encode())
    try:
        with admin.cursor() as cursor, cursor.copy(f"copy {store} from stdin".encode()) as copy:
            numbers = itertools.count(1)
            for statement, group in groups.items():
                places = [group.columns.index(name) if name in group.columns else None for name in own]
                for row in group.rows:
                    copy.write_row([next(numbers), statement, *(None if at is None else row[at] for at in places)])
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        admin.execute(f"drop table {store}".encode())
        raise _NotTakenError((error.diag.message_primary or str(error)).strip()) from error
    admin.execute(f"create index on {store} ({ROW}); analyze {store}".encode())
    counts = [sum(len(group.rows) for group in groups.values() if group.manner <= manner) for manner in range(3)]
    return Wanted(
        table=table,
        store=store,
        count=counts[1],
        given={statement: _given(table, group, staying) for statement, group in groups.items()},
        key=key,
        whole=counts[0] if counts[0] < counts[2] else None,
        there=counts[1] if counts[1] < counts[2] else None,
    )


def _given(table: Table, group: _Group, staying: frozenset[str]) -> Given:
    columns = tuple(column.name for column in table.own if column.name in group.columns)
    # What triggers make of a row that is added again is not to be put right.
    compared = group.manner == 1 or (group.manner == 0 and not table.triggers)
    return Given(columns, tuple(name for name in columns if name in staying) if compared else ())


class _NotTakenError(Exception):
    """A table does not take the rows that it had."""

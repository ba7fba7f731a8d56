"""Declared rows against the rows of a database: which are missing, which differ, which are too many."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.seeds.pipe import pipe
from dbsync.seeds.tables import Column, Path
from dbsync.seeds.wanted import ROW, STATEMENT, Given, Reference, Wanted

Connection = psycopg.Connection[Any]

_PART = 2_000

Texts = tuple[str | None, ...]


@dataclasses.dataclass(frozen=True)
class Missing:
    """A declared row that is not there; `parents` holds for each reference the number of the row that it names,
    where that is not there either."""

    row: int
    statement: int
    given: Given
    values: Mapping[str, str | None]
    parents: tuple[int | None, ...]


@dataclasses.dataclass(frozen=True)
class Differing:
    """A declared row that is there with other values, in these columns."""

    row: int
    statement: int
    key: Texts
    columns: tuple[str, ...]
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    parents: tuple[int | None, ...]


@dataclasses.dataclass(frozen=True)
class Extra:
    """A row that is there and is to go, with all of its values but the computed ones."""

    key: Texts
    values: Mapping[str, str | None]


class Comparison:
    """The declared rows beside those of one database: a copy of live, or the like."""

    def __init__(self, connection: Connection, seeded: Connection, wanted: Sequence[Wanted]):
        """The connection's session keeps temporary tables until it is closed."""
        self.connection = connection
        self.wanted = {one.table.path: one for one in wanted}
        self.names = {one.table.path: f"wanted_{number}" for number, one in enumerate(wanted)}
        for one in wanted:
            self._bring(seeded, one)
        for one in wanted:
            for reference in one.references:
                self._resolve(one, reference)
            connection.execute(f"analyze {self.names[one.table.path]}; analyze {one.table.name}".encode())

    def close(self) -> None:
        """Drop what it made."""
        for name in self.names.values():
            self.connection.execute(f"drop table {name}".encode())

    def missing(self, one: Wanted, most: int | None = None) -> Iterator[Missing]:
        """In the order of the file, all or the first of them."""
        columns = one.sometimes
        query = f"select w.{ROW}, w.{STATEMENT}, {_texts('w', columns)}, {_parents(one)} from {self._missing(one)}"
        for row, statement, values, parents in self._rows(query + (f" limit {most}" if most else "")):
            given, known = one.given[statement], dict(zip(columns, values, strict=True))
            yield Missing(row, statement, given, {name: known[name] for name in given.columns}, tuple(parents))

    def written(self, one: Wanted) -> Iterator[tuple[int, int, str, Texts]]:
        """The same of a table without references: the number and the statement of each row, the row as VALUES has it,
        and its key."""
        sets: dict[tuple[str, ...], list[int]] = {}
        for statement, given in one.given.items():
            sets.setdefault(given.columns, []).append(statement)
        cases = "".join(
            f" when w.{STATEMENT} in ({', '.join(map(str, statements))})"
            f" then concat_ws(', ', {', '.join(written('w', one.table.columns[name]) for name in columns)})"
            for columns, statements in sets.items()
            if columns
        )
        text = f"'(' || case{cases or ' when true then null'} end || ')'"
        for number, statement, row, key in self._rows(
            f"select w.{ROW}, w.{STATEMENT}, {text}, {_texts('w', one.key)} from {self._missing(one)}"
        ):
            yield number, statement, row, tuple(key)

    def _missing(self, one: Wanted) -> str:
        return f"""{self.names[one.table.path]} w
            where not exists (select from {one.table.rows} t where {_match(one)}){_up_to(one.whole)} order by w.{ROW}"""

    def differing(self, one: Wanted) -> Iterator[Differing]:
        """In the order of the file."""
        sets: dict[tuple[str, ...], list[int]] = {}
        for statement, given in one.given.items():
            sets.setdefault(given.compared, []).append(statement)
        for names, statements in sets.items():
            if columns := [name for name in names if name in one.changeable]:
                yield from self._differing(one, columns, statements)

    def _differing(self, one: Wanted, columns: Sequence[str], statements: Sequence[int]) -> Iterator[Differing]:
        tests = [_differs(one, one.table.columns[name]) for name in columns]
        query = f"""
            select w.{ROW}, w.{STATEMENT}, {_texts("t", one.key)}, array[{", ".join(tests)}]::bool[],
                   {_texts("t", columns)}, {_texts("w", columns)}, {_parents(one)}
            from {self.names[one.table.path]} w join {one.table.rows} t on {_match(one)}
            where w.{STATEMENT} in ({", ".join(map(str, statements))}) and ({" or ".join(tests)}) order by w.{ROW}"""
        for row, statement, key, flags, before, after, parents in self._rows(query):
            which = [position for position, flag in enumerate(flags) if flag]
            yield Differing(
                row,
                statement,
                tuple(key),
                tuple(columns[position] for position in which),
                {columns[position]: before[position] for position in which},
                {columns[position]: after[position] for position in which},
                tuple(parents),
            )

    def changed(self, one: Wanted, column: str) -> str:
        """What stands behind FROM for the rows `t` that another value is declared for in a column, by `w`."""
        given = [index for index, given in one.given.items() if column in given.compared]
        return f"""{self.names[one.table.path]} w join {one.table.rows} t on {_match(one)}
            where w.{STATEMENT} in ({", ".join(map(str, given))}) and {_differs(one, one.table.columns[column])}"""

    def nulls(self, one: Wanted, column: str) -> str:
        """As SQL: whether `w` declares NULL for a column."""
        numbers = [reference.column for reference in one.references_of(column)]
        return " and ".join(f"w.{name} is null" for name in (sql.name(column), *numbers))

    def there(self, one: Wanted, most: int) -> Iterator[dict[str, str | None]]:
        """The first of the declared rows that are there, in the order of the file, as they are there."""
        columns = one.sometimes
        query = f"""select {_texts("t", columns)} from {self.names[one.table.path]} w
            join {one.table.rows} t on {_match(one)}{_up_to(one.there)} order by w.{ROW} limit {most}"""
        for (values,) in self._rows(query):
            yield dict(zip(columns, values, strict=True))

    def extra(self, one: Wanted) -> Iterator[Extra]:
        """In the order of their keys."""
        if not one.deletes:
            return
        columns = [column.name for column in one.table.own]
        order = ", ".join(f"t.{sql.name(name)}::text" for name in one.key)
        query = f"select {_texts('t', one.key)}, {_texts('t', columns)} from {self.extras(one)} order by {order}"
        for key, values in self._rows(query):
            yield Extra(tuple(key), dict(zip(columns, values, strict=True)))

    def extras(self, one: Wanted) -> str:
        """What stands behind FROM for the rows `t` that are there and are to go."""
        named = f"exists (select from {self.names[one.table.path]} w where {_match(one)}"
        if one.there is not None:
            return f"{one.table.rows} t where {named} and w.{ROW} > {one.there})"
        return f"{one.table.rows} t where not {named})"

    def declares(self, path: Path, columns: Sequence[str]) -> str:
        """As SQL: whether a row `t` of a table ends with declared values in these columns, whatever it holds now."""
        one = self.wanted.get(path)
        if one is None or one.mode == "insert-only":
            return "false"
        given = [index for index, given in one.given.items() if set(columns) <= set(given.compared)]
        return f"""exists (select from {self.names[path]} w where {_match(one)}
            and w.{STATEMENT} = any (array[{", ".join(map(str, given))}]::int[]))"""

    def ambiguous(self, one: Wanted) -> tuple[int, str] | None:
        """The statement of a row whose key more than one row has, and the key."""
        query = f"""
            select max(w.{STATEMENT}), {_texts("w", one.key)} from {self.names[one.table.path]} w
            join {one.table.rows} t on {_match(one)} group by w.{ROW}, 2 having count(*) > 1 limit 1"""
        row = self.connection.execute(query.encode()).fetchone()
        return (int(row[0]), ", ".join(row[1])) if row else None

    def keys(
        self, path: Path, rows: Sequence[int]
    ) -> dict[int, tuple[Mapping[str, str | None], tuple[int | None, ...]]]:
        """The keys of declared rows by their numbers, each with the rows that these keys in turn refer to."""
        one = self.wanted[path]
        query = f"""
            select w.{ROW}, {_texts("w", one.key)}, {_parents(one, one.key)} from {self.names[path]} w
            where w.{ROW} = any (array[{", ".join(map(str, rows))}]::bigint[])"""
        found = self.connection.execute(query.encode()).fetchall()
        return {row: (dict(zip(one.key, key, strict=True)), tuple(parents)) for row, key, parents in found}

    def behind(self, one: Wanted, column: Column) -> int | None:
        """The largest declared value of a column, where its sequence is not past it."""
        name = sql.name(column.name)
        given = [index for index, given in one.given.items() if column.name in given.columns]
        if column.counted is None or not given:
            return None
        row = self.connection.execute(
            f"""select max(w.{name})::bigint from {self.names[one.table.path]} w, {column.counted} s,
                    pg_catalog.pg_sequence q
                where q.seqrelid = {sql.literal(column.counted)}::regclass and q.seqincrement > 0
                  and w.{STATEMENT} in ({", ".join(map(str, given))}){_up_to(one.whole)}
                  and w.{name} between q.seqmin and q.seqmax
                group by s.last_value, s.is_called
                having max(w.{name}) > s.last_value - (not s.is_called)::int""".encode()
        ).fetchone()
        return int(row[0]) if row else None

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        with self.connection.transaction(), self.connection.cursor(name="dbsync_rows") as cursor:
            cursor.execute(query.encode())
            while rows := cursor.fetchmany(_PART):
                yield from rows

    def _bring(self, seeded: Connection, one: Wanted) -> None:
        """The declared rows as a temporary table of this database, in the types that its columns have."""
        name = self.names[one.table.path]
        columns = sql.names(one.sometimes)
        extra = [ROW, STATEMENT, *(reference.column for reference in one.references)]
        empty = [f"null::bigint as {column}" for column in extra]
        like = f"select {', '.join(empty)}, {columns} from {one.table.name} where false"
        self.connection.execute(f"create temp table {name} as {like}".encode())
        wanted = ", ".join([*extra, columns])
        query, table = f"select {wanted} from {one.store}", f"{name} ({wanted})"
        pipe(seeded, query.encode(), self.connection, table.encode())
        key = ", ".join(sql.name(column) for column in one.key)
        self.connection.execute(f"analyze {name} ({key})".encode())

    def _resolve(self, one: Wanted, reference: Reference) -> None:
        """Put the keys of rows that are there in the place of their numbers; the numbers of the others stay."""
        name, parent = self.names[one.table.path], self.wanted[reference.key.parent]
        own = [sql.name(column) for column in reference.key.columns if column in one.sometimes]
        nothing = ", ".join(f"{column} = null" for column in own)
        pairs = [
            f"{sql.name(column)} = t.{sql.name(target)}"
            for column, target in zip(reference.key.columns, reference.key.targets, strict=True)
            if column in one.sometimes
        ]
        self.connection.execute(
            f"""update {name} set {nothing} where {reference.column} is not null;
                update {name} x set {", ".join(pairs)}, {reference.column} = null
                from {self.names[parent.table.path]} w join {parent.table.rows} t on {_match(parent)}
                where x.{reference.column} = w.{ROW}""".encode()
        )


def written(alias: str, column: Column) -> str:
    """As SQL: a value as a person writes it into SQL."""
    text = f"{alias}.{sql.name(column.name)}::text"
    match column.written:
        case "number" if column.base in ("smallint", "integer", "bigint"):
            return f"coalesce({text}, 'NULL')"
        case "number":
            return rf"case when {text} ~ '^-?\d+(\.\d+)?$' then {text} else quote_nullable({text}) end"
        case "boolean":
            return f"coalesce({text}, 'NULL')"
        case _:
            return f"quote_nullable({text})"


def _match(one: Wanted) -> str:
    """That `t` is the row that `w` declares."""
    tests = []
    for name in one.key:
        own, other = f"t.{sql.name(name)}", f"w.{sql.name(name)}"
        test = f"{own} {one.table.columns[name].equal} {other}"
        if one.nulls(name):
            # The number of a new row is not known yet, which is no NULL.
            known = "".join(f" and w.{reference.column} is null" for reference in one.references_of(name))
            test = f"({test} or {own} is null and {other} is null{known})"
        tests.append(test)
    return " and ".join(tests)


def _up_to(number: int | None) -> str:
    """As SQL: that `w` is one of the rows up to a number, if there is one."""
    return "" if number is None else f" and w.{ROW} <= {number}"


def _texts(alias: str, names: Sequence[str]) -> str:
    return f"array[{', '.join(f'{alias}.{sql.name(name)}::text' for name in names)}]::text[]"


def _parents(one: Wanted, among: Collection[str] | None = None) -> str:
    """The rows that a declared one refers to, by reference; NULL for one that none of these columns is a part of."""
    numbers = (
        f"w.{reference.column}" if among is None or {*reference.key.columns}.intersection(among) else "null"
        for reference in one.references
    )
    return f"array[{', '.join(numbers)}]::bigint[]"


def _differs(one: Wanted, column: Column) -> str:
    """Whether a column of `t` has another value than `w` declares."""
    name = sql.name(column.name)
    left, right = f"t.{name}", f"w.{name}"
    texts = f'{left}::text collate "C" is distinct from {right}::text collate "C"'
    if references := one.references_of(column.name):
        missing = " or ".join(f"w.{reference.column} is not null" for reference in references)
        return f"({left} is distinct from {right} or {missing})"
    match column.compared:
        case "native":
            return f"({left} is distinct from {right})"
        case "json":
            # jsonb cannot hold that character.
            both = rf"coalesce({left}::text ~ '\\u0000' or {right}::text ~ '\\u0000', true)"
            return f"({texts} and (case when {both} then true else {left}::jsonb is distinct from {right}::jsonb end))"
        case _:
            return f"({texts})"

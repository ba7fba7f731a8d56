"""Differences of rows as statements: readable ones for a few rows, long ones for many.

New rows are INSERTs of up to 10,000 rows, as a person would write them, and not COPY: a plan is text that is read,
saved, retried and run by psql. PostgreSQL takes two to three times as long for these as for COPY of the same rows
(0.55 s and 0.20 s for 100,000), and holds one statement at a time: benchmarks/seeds.py measures it.
"""

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from dbsync import sql
from dbsync.load.wrong_row import Ordinal
from dbsync.model.rows import FormerRows, TableRows, deleted
from dbsync.model.text import Script
from dbsync.seeds.compare import Comparison, Differing, Extra, Missing, Texts
from dbsync.seeds.effects import Effects
from dbsync.seeds.keep import Keeper
from dbsync.seeds.seen import SHOWN, Seen
from dbsync.seeds.tables import Column, Path
from dbsync.seeds.wanted import Reference, Wanted

_FEW = 20
"""Up to so many rows are each changed by a statement of their own."""
_MOST_ROWS, _MOST_TEXT = 10_000, 1_000_000
_LATE = (
    "is set when the rows that it refers to have the numbers that the database chooses: let it be NULL, or give these"
)
_LATE += " numbers in the file"
_NUMBER = re.compile(r"-?\d+(\.\d+)?\Z")


@dataclasses.dataclass(frozen=True)
class Unit:
    """One statement that writes rows of a table: `head`, the rows with commas between, `tail`. `statements` says for
    each row which statement of the file gave it, `ordinals`, as far as it is known, which of its rows it is."""

    table: Path
    verb: str
    head: str
    rows: tuple[str, ...]
    tail: str
    statements: tuple[int, ...]
    lost: tuple[str, ...] = ()
    comma: str = ",\n    "
    hint: str | None = None
    """What to do if PostgreSQL refuses it."""
    ordinals: tuple[Ordinal | None, ...] = ()

    @property
    def sql(self) -> str:
        """The statement."""
        return self.head + self.comma.join(self.rows) + self.tail

    def alone(self) -> Iterator["Unit"]:
        """A statement for each of its rows."""
        ordinals = self.ordinals or (None,) * len(self.rows)
        for row, statement, ordinal in zip(self.rows, self.statements, ordinals, strict=True):
            yield dataclasses.replace(self, rows=(row,), statements=(statement,), ordinals=(ordinal,))


class Writer:
    """Writes what one comparison found."""

    def __init__(self, comparison: Comparison, script: Script, effects: Effects):
        self.effects = effects
        self.comparison = comparison
        self.script = script
        self.tables: list[TableRows] = []
        self.former: list[FormerRows] = []

    def units(self, order: Sequence[Wanted]) -> list[Unit]:
        """The statements: new rows, those that others refer to first; changes; rows to delete, in the other order;
        sequences. `tables` holds afterwards what was found, `former` the rows as they are before."""
        new: list[Unit] = []
        late: list[Unit] = []
        changes: list[Unit] = []
        gone: list[Unit] = []
        sequences: list[Unit] = []
        before = set[Path]()
        keepers: list[Keeper] = []
        for one in order:
            seen, keeper = (
                Seen(one, self.script, self.comparison),
                Keeper(one, self.effects.followed.get(one.table.path, frozenset())),
            )
            keepers.append(keeper)
            new += self._inserts(one, seen, keeper, before, late)
            changes += _losing(self._updates(one, seen, keeper), self.effects.changed.get(one.table.path, ()))
            gone = [*self._deletes(one, seen, keeper), *gone]
            sequences += self._sequences(one)
            before.add(one.table.path)
            self.tables.append(seen.table())
        for keeper in keepers:
            keeper.follow(keepers)
        self.former = [rows for keeper in keepers for rows in keeper.rows()]
        return [*new, *late, *changes, *gone, *sequences]

    def _inserts(self, one: Wanted, seen: Seen, keeper: Keeper, before: set[Path], late: list[Unit]) -> Iterator[Unit]:
        """The new rows. What refers to rows of a table that comes later is left NULL at first, and set by `late`."""
        if not one.references:
            yield from self._plain(one, seen, keeper)
            return
        later = [
            reference
            for reference in one.references
            if reference.key.parent != one.table.path and reference.key.parent not in before
        ]
        selves = [number for number, reference in enumerate(one.references) if reference.key.parent == one.table.path]
        keys = [number for number, reference in enumerate(one.references) if {*reference.key.columns} & {*one.key}]
        levels: dict[int, int] = {}
        level, columns = 0, tuple[str, ...]()
        rows: list[Missing] = []
        chosen: list[int] = []
        size = 0
        for row in self.comparison.missing(one):
            seen.missing(row)
            if any(row.parents[number] for number in keys):
                chosen.append(row.row)
            else:
                keeper.added(tuple(row.values[name] for name in one.key))
            own = 1 + max((levels.get(row.parents[number] or 0, -1) for number in selves), default=-1)
            if selves:
                levels[row.row] = own
            if rows and (row.given.columns != columns or own != level or len(rows) == _MOST_ROWS or size > _MOST_TEXT):
                yield self._insert(one, columns, rows, later, late)
                rows, size = [], 0
            level, columns = own, row.given.columns
            rows.append(row)
            size += sum(len(value or "") + 4 for value in row.values.values())
        if rows:
            yield self._insert(one, columns, rows, later, late)
        if chosen:
            keeper.chosen(self._conditions(one.table.path, chosen).values())

    def _plain(self, one: Wanted, seen: Seen, keeper: Keeper) -> Iterator[Unit]:
        """The new rows of a table whose values are all known: PostgreSQL writes them, which is quicker by far."""
        for row in self.comparison.missing(one, SHOWN):
            seen.missing(row)
        columns, size = tuple[str, ...](), 0
        rows, statements, ordinals = list[str](), list[int](), list[Ordinal | None]()
        seen.counts["added"] = 0

        def unit() -> Unit:
            head, ours = _head(one, columns), (tuple(statements), tuple(ordinals))
            return Unit(one.table.path, "insert", head, tuple(rows), "", ours[0], ordinals=ours[1])

        for number, statement, text, key in self.comparison.written(one):
            keeper.added(key)
            given = one.given[statement]
            if rows and (given.columns != columns or len(rows) == _MOST_ROWS or size > _MOST_TEXT):
                yield unit()
                rows, statements, ordinals, size = [], [], [], 0
            columns, size = given.columns, size + len(text)
            rows.append(text)
            statements.append(statement)
            ordinals.append(given.ordinal(number))
            seen.counts["added"] += 1
        if rows:
            yield unit()

    def _insert(
        self, one: Wanted, columns: Sequence[str], rows: Sequence[Missing], later: Sequence[Reference], late: list[Unit]
    ) -> Unit:
        expressions = self._expressions(one, [row.parents for row in rows])
        texts = []
        for row, known in zip(rows, expressions, strict=True):
            values = {name: _literal(one.table.columns[name], value) for name, value in row.values.items()}
            for reference, names in known.items():
                if one.references[reference] in later:
                    where = _where(one, {name: row.values[name] for name in one.key})
                    late.append(_update(one, names, where, row.statement))
                else:
                    values |= {name: text for name, text in names.items() if name in values}
            texts.append(f"({', '.join(values[name] for name in columns)})")
        statements = tuple(row.statement for row in rows)
        hint = f"{later[0].key.columns[0]} {_LATE}" if later else None
        ordinals = tuple(row.given.ordinal(row.row) for row in rows)
        head = _head(one, columns)
        return Unit(one.table.path, "insert", head, tuple(texts), "", statements, hint=hint, ordinals=ordinals)

    def _expressions(self, one: Wanted, parents: Sequence[tuple[int | None, ...]]) -> list[dict[int, dict[str, str]]]:
        """For each row, by reference, its columns with the SQL that finds the row that they refer to."""
        found: list[dict[int, dict[str, str]]] = [{} for _ in parents]
        for number, reference in enumerate(one.references):
            numbers = sorted({row[number] or 0 for row in parents} - {0})
            if not numbers:
                continue
            conditions = self._conditions(reference.key.parent, numbers)
            name = self.comparison.wanted[reference.key.parent].table.name
            for position, row in enumerate(parents):
                if wanted := row[number]:
                    found[position][number] = {
                        own: f"(SELECT {sql.name(target)} FROM {name} WHERE {conditions[wanted]})"
                        for own, target in zip(reference.key.columns, reference.key.targets, strict=True)
                    }
        return found

    def _conditions(self, path: Path, rows: Sequence[int]) -> dict[int, str]:
        """For declared rows the condition that finds each in the database."""
        one = self.comparison.wanted[path]
        keys = self.comparison.keys(path, rows)
        expressions = self._expressions(one, [parents for _, parents in keys.values()])
        found = {}
        for (row, (key, _)), known in zip(keys.items(), expressions, strict=True):
            texts = {name: _literal(one.table.columns[name], value) for name, value in key.items()}
            for names in known.values():
                texts |= {name: text for name, text in names.items() if name in texts}
            found[row] = " AND ".join(
                f"{sql.name(name)} {one.table.columns[name].equal} {text}" for name, text in texts.items()
            )
        return found

    def _updates(self, one: Wanted, seen: Seen, keeper: Keeper) -> Iterator[Unit]:
        """The rows that differ: a statement for each of a few, else one for all that differ in the same columns."""
        groups: dict[tuple[str, ...], list[Differing]] = {}
        for row in self.comparison.differing(one):
            seen.differing(row)
            keeper.changed(row.key, row.before)
            group = groups.setdefault(row.columns, [])
            group.append(row)
            if len(group) == _MOST_ROWS:
                yield from self._update_group(one, groups.pop(row.columns))
        for rows in groups.values():
            yield from self._update_group(one, rows)

    def _update_group(self, one: Wanted, rows: Sequence[Differing]) -> Iterator[Unit]:
        expressions = self._expressions(one, [row.parents for row in rows])
        if len(rows) > _FEW and not any(expressions):
            yield _bulk(one, rows)
            return
        for row, known in zip(rows, expressions, strict=True):
            values = {name: _literal(one.table.columns[name], value) for name, value in row.after.items()}
            for names in known.values():
                values |= {name: text for name, text in names.items() if name in values}
            where = _where(one, dict(zip(one.key, row.key, strict=True)))
            ordinal = one.given[row.statement].ordinal(row.row)
            yield dataclasses.replace(_update(one, values, where, row.statement), ordinals=(ordinal,))

    def _deletes(self, one: Wanted, seen: Seen, keeper: Keeper) -> list[Unit]:
        extra, units = self.comparison.extra(one), list[Unit]()
        simple = all(one.table.columns[name].equal == "=" for name in one.key)
        while rows := list(itertools.islice(extra, _MOST_ROWS)):
            for row in rows:
                seen.extra(row)
                keeper.removed(row.values)
            # PostgreSQL would try each of a long list of pairs on each row; NULL is in no list.
            short = simple and (len(one.key) == 1 or len(rows) <= _FEW)
            listed = [row for row in rows if short and None not in row.key]
            others = [row for row in rows if not short or None in row.key]
            units += [_delete(one, found, write) for found, write in ((listed, _listed), (others, _joined)) if found]
        lost = deleted(seen.counts["removed"], one.table.path)
        units = [dataclasses.replace(unit, lost=(lost,)) for unit in units]
        return _losing(units, self.effects.deleted.get(one.table.path, ()))

    def _sequences(self, one: Wanted) -> Iterator[Unit]:
        for column in one.table.own:
            if (last := self.comparison.behind(one, column)) is not None:
                name = sql.literal(column.counted or "")
                text = f"SELECT pg_catalog.setval({name}, greatest({last}, last_value)) FROM {column.counted}"
                yield Unit(one.table.path, "sequence", text, ("",), "", (min(one.given),))


def _head(one: Wanted, columns: Sequence[str]) -> str:
    always = any(one.table.columns[name].identity == "a" for name in columns)
    overriding = " OVERRIDING SYSTEM VALUE" if always else ""
    return f"INSERT INTO {one.table.name} ({sql.names(columns)}){overriding} VALUES\n    "


def _losing(units: Iterable[Unit], lost: tuple[str, ...]) -> list[Unit]:
    """The statements, the first of which tells what all of them take from rows of other tables."""
    return [dataclasses.replace(one, lost=(*one.lost, *(() if number else lost))) for number, one in enumerate(units)]


def _target(one: Wanted) -> str:
    """The table as UPDATE and DELETE name it."""
    return one.table.rows if one.table.inherited else one.table.name


def _update(one: Wanted, values: Mapping[str, str], where: str, statement: int) -> Unit:
    texts = ", ".join(f"{sql.name(name)} = {text}" for name, text in values.items())
    return Unit(one.table.path, "update", f"UPDATE {_target(one)} SET {texts} WHERE {where}", ("",), "", (statement,))


def _bulk(one: Wanted, rows: Sequence[Differing]) -> Unit:
    """One statement for rows that differ in the same columns."""
    columns = rows[0].columns
    values = [f"value_{number}" for number, _ in enumerate(columns)]
    sets = ", ".join(
        f"{sql.name(name)} = v.{value}::{one.table.columns[name].type}"
        for name, value in zip(columns, values, strict=True)
    )
    texts = [
        f"({', '.join(_quoted(value) for value in (*row.key, *(row.after[name] for name in columns)))})" for row in rows
    ]
    head = f"UPDATE {_target(one)} AS t SET {sets}\nFROM (VALUES\n    "
    tail = _among(one, [row.key for row in rows], values)
    statements = tuple(row.statement for row in rows)
    ordinals = tuple(one.given[row.statement].ordinal(row.row) for row in rows)
    return Unit(one.table.path, "update", head, tuple(texts), tail, statements, ordinals=ordinals)


def _delete(one: Wanted, rows: Sequence[Extra], write: Callable[[Wanted, Sequence[Extra]], Unit]) -> Unit:
    """A statement that deletes rows."""
    if len(rows) > 1:
        return write(one, rows)
    where = _where(one, dict(zip(one.key, rows[0].key, strict=True)))
    return Unit(one.table.path, "delete", f"DELETE FROM {_target(one)} WHERE {where}", ("",), "", (min(one.given),))


def _listed(one: Wanted, rows: Sequence[Extra]) -> Unit:
    columns, names = [one.table.columns[name] for name in one.key], sql.names(one.key)
    keys = [", ".join(map(_literal, columns, row.key)) for row in rows]
    texts = keys if len(columns) == 1 else [f"({key})" for key in keys]
    head = f"DELETE FROM {_target(one)} WHERE {names if len(columns) == 1 else f'({names})'} IN ("
    return Unit(one.table.path, "delete", head, tuple(texts), ")", (min(one.given),) * len(rows), comma=", ")


def _joined(one: Wanted, rows: Sequence[Extra]) -> Unit:
    texts = tuple(f"({', '.join(map(_quoted, row.key))})" for row in rows)
    head, tail = f"DELETE FROM {_target(one)} AS t\nUSING (VALUES\n    ", _among(one, [row.key for row in rows])
    return Unit(one.table.path, "delete", head, texts, tail, (min(one.given),) * len(rows))


def _among(one: Wanted, keys: Sequence[Texts], values: Sequence[str] = ()) -> str:
    """The end of a statement about the rows `t` that have one of the keys in a list of values, `v`."""
    names, tests = [f"key_{number}" for number, _ in enumerate(one.key)], []
    for position, (name, key) in enumerate(zip(one.key, names, strict=True)):
        column = one.table.columns[name]
        test = f"t.{sql.name(name)} {column.equal} v.{key}::{column.type}"
        if any(values[position] is None for values in keys):
            test = f"({test} OR t.{sql.name(name)} IS NULL AND v.{key} IS NULL)"
        tests.append(test)
    return f"\n) AS v ({', '.join([*names, *values])}) WHERE {' AND '.join(tests)}"


def _where(one: Wanted, key: Mapping[str, str | None]) -> str:
    return " AND ".join(
        f"{sql.name(name)} IS NULL"
        if value is None
        else f"{sql.name(name)} {one.table.columns[name].equal} {_literal(one.table.columns[name], value)}"
        for name, value in key.items()
    )


def _quoted(value: str | None) -> str:
    return "NULL" if value is None else sql.literal(value)


def _literal(column: Column, value: str | None) -> str:
    """A value as a person writes it into SQL."""
    if value is None:
        return "NULL"
    if column.written == "number" and _NUMBER.match(value):
        return value
    if column.written == "boolean":
        return "true" if value in ("t", "true") else "false"
    if column.written == "composite":
        # What it is compared with would be a record of no known type.
        return f"{sql.literal(value)}::{column.type}"
    return sql.literal(value)

"""By what rows are told apart: the primary key, another unique key that the file gives, or the one that it names."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.errors import SchemaError
from dbsync.load.source import Source
from dbsync.load.wrong_row import row_at
from dbsync.model.text import Place, Script
from dbsync.seeds.directives import Directives
from dbsync.seeds.statements import Gives
from dbsync.seeds.tables import Path
from dbsync.seeds.wanted import ROW, STATEMENT, TABLE, Reference, Wanted

Connection = psycopg.Connection[Any]


def keyed(
    admin: Connection,
    found: Sequence[Wanted],
    said: Mapping[int, Directives],
    known: Sequence[Sequence[Gives]],
    script: Script,
) -> tuple[Wanted, ...]:
    """The tables with their modes, keys and references, those first whose keys others need. SchemaError if one has
    no key.

    `said` holds the directives that stand at statements, and `known` what each statement gives to which tables.
    """
    about = {index: next((given.path for given in known[index] if given.outer), None) for index in said}
    for index, path in about.items():
        _check_about(path, said[index], found, script)
    chosen = []
    for one in found:
        told = _told(one, [said[index] for index, path in about.items() if path == one.table.path], script)
        chosen.append(_keyed(admin, one, told, script))
    return _ordered(_referring(admin, chosen), script)


def _check_about(path: Path | None, said: Directives, found: Sequence[Wanted], script: Script) -> None:
    """SchemaError where a directive stands at a statement that declares no rows, and would say nothing."""
    if any(one.table.path == path for one in found) or (path and said.mode != "exact"):
        return
    what = f"declares no row of {sql.qualified(*path)}" if path else "gives rows to no lasting table"
    hint = "declare at least one row of the table, or remove the directive"
    raise _error(script, said.place, f"this directive says nothing: the statement {what}", hint)


def _told(wanted: Wanted, said: Sequence[Directives], script: Script) -> Directives:
    """What the directives say of a table; SchemaError where two of them disagree."""
    told = Directives()
    for one in said:
        if (told.mode and one.mode and told.mode != one.mode) or (told.key and one.key and told.key != one.key):
            raise _error(
                script,
                one.place,
                f"table {wanted.table.name} has another directive, at {told.place}",
                "keep one for each table",
            )
        told = Directives(told.mode or one.mode, told.key or one.key, told.place or one.place)
    return told


def _keyed(admin: Connection, wanted: Wanted, told: Directives, script: Script) -> Wanted:
    wanted = dataclasses.replace(wanted, mode=told.mode or "merge")
    if told.key:
        _check_named(admin, wanted, told.key, told.place, script)
        key = told.key
    else:
        known = [key for key in wanted.table.uniques if frozenset(key) <= wanted.always]
        usable = [key for key in known if key in wanted.table.nulls_equal or not _without(admin, wanted, key)]
        if not usable:
            raise _keyless(wanted, script)
        key = usable[0]
    wanted = dataclasses.replace(wanted, key=key)
    if index := _without(admin, wanted, [name for name in key if not wanted.nulls(name)]):
        words = f"rows of {wanted.table.name} have NULL in their key ({', '.join(key)})"
        raise _error(script, script.statements[index - 1].place, words, "give all of them values, or name another key")
    if twice := _twice(admin, wanted):
        index, row, values = twice
        words = f"two rows of {wanted.table.name} have the same key: {values}"
        place, ordinal = script.statements[index].place, wanted.given[index].ordinal(row)
        if ordinal and (found := row_at(script, script.statements[index], ordinal)):
            place, _ = found
        raise _error(script, place, words, "leave one of them out, or name another key")
    return wanted


def _check_named(admin: Connection, wanted: Wanted, key: tuple[str, ...], place: Place | None, script: Script) -> None:
    for name in key:
        column = wanted.table.columns.get(name)
        if column is None or column.generated:
            names = ", ".join(one.name for one in wanted.table.own)
            raise _error(script, place, f"table {wanted.table.name} has no column {name!r}", f"it has {names}")
        if name not in wanted.always:
            raise _error(
                script,
                place,
                f"the key's column {name!r} is not given for every row of {wanted.table.name}, or differs every time",
                "name columns that each INSERT and COPY of the table gives",
            )
        if not _has_equality(admin, wanted, name):
            raise _error(
                script,
                place,
                f"the key's column {name!r} is of type {column.type}, which PostgreSQL does not know equal values of",
                "name columns of another type, or make this one jsonb"
                if column.base == "json"
                else "name columns of another type",
            )


def _has_equality(admin: Connection, wanted: Wanted, column: str) -> bool:
    """Whether PostgreSQL can tell equal values of a column from others."""
    try:
        admin.execute(f"select from {wanted.store} where false group by {sql.name(column)}".encode())
    except psycopg.errors.UndefinedFunction:
        return False
    return True


def _keyless(wanted: Wanted, script: Script) -> SchemaError:
    table = wanted.table
    given = ", ".join(name for name in table.columns if name in wanted.always) or "none"
    keys = "; ".join(f"({', '.join(key)})" for key in table.uniques)
    why = f"its unique keys are {keys}, and the file gives {given}" if keys else "it has no unique key"
    example = next((name for name in table.columns if name in wanted.always), "name")
    hint = f"give the columns of a unique key, or write -- dbsync: key ({example}) in front of this, with the columns"
    hint += " that tell the rows apart"
    if with_nulls := [key for key in table.uniques if frozenset(key) <= wanted.always]:
        columns = ", ".join(with_nulls[0])
        why = f"rows have NULL in ({columns}), by which they would be"
        hint = f"make the key UNIQUE NULLS NOT DISTINCT ({columns}), by which one NULL is like another; give all rows"
        hint += " values there; or write -- dbsync: key (…) in front of this, with other columns that are never NULL"
    return _error(
        script,
        script.statements[min(wanted.given)].place,
        f"the rows of {table.name} cannot be told apart: {why}",
        hint,
    )


def _without(admin: Connection, wanted: Wanted, key: Sequence[str]) -> int:
    """One above the statement that gave a row with NULL in its key; 0 where none did."""
    missing = " or ".join(f"{sql.name(name)} is null" for name in key) or "false"
    row = admin.execute(f"select min({STATEMENT}) + 1 from {wanted.store} where {missing}".encode()).fetchone()
    return int(row[0] or 0) if row else 0


def _twice(admin: Connection, wanted: Wanted) -> tuple[int, int, str] | None:
    """The statement that gave a second row with the same key, the number of that row, and the key's values."""
    texts = [f"min({sql.name(name)}::text)" for name in wanted.key]
    row = admin.execute(
        f"""select max(array[{ROW}, {STATEMENT}]), concat_ws(', ', {", ".join(texts)}) from {wanted.store}
            group by {sql.names(wanted.key)} having count(*) > 1 order by min({ROW}) limit 1""".encode()
    ).fetchone()
    return (int(row[0][1]), int(row[0][0]), str(row[1])) if row else None


def _referring(admin: Connection, found: Sequence[Wanted]) -> list[Wanted]:
    """The tables with their references filled in: foreign keys to rows whose key the database chooses."""
    known = {one.table.path: one for one in found}
    done = []
    for one in found:
        references: list[Reference] = []
        for key in one.table.parents:
            parent = known.get(key.parent)
            if parent is None or set(key.targets) <= parent.always or not set(key.columns) & set(one.sometimes):
                continue
            reference = Reference(key, len(references))
            references.append(reference)
            pairs = " and ".join(
                [
                    *(
                        f"x.{sql.name(own)} = y.{sql.name(to)}"
                        for own, to in zip(key.columns, key.targets, strict=True)
                    ),
                    *(
                        f"{alias}.{TABLE} in (select relid from pg_catalog.pg_partition_tree({sql.literal(name)}))"
                        for alias, table, part in (("x", key.table, key.holder), ("y", key.parent, key.referred))
                        for name in [sql.qualified(*part)]
                        if part != table
                    ),
                ]
            )
            admin.execute(f"alter table {one.store} add column {reference.column} bigint".encode())
            admin.execute(
                f"update {one.store} x set {reference.column} = y.{ROW} from {parent.store} y where {pairs}".encode()
            )
        done.append(dataclasses.replace(one, references=tuple(references)))
    return done


def _ordered(found: Sequence[Wanted], script: Script) -> tuple[Wanted, ...]:
    """Those first whose keys the keys of others refer to."""
    done: dict[Path, Wanted] = {}
    waiting = {one.table.path: one for one in found}
    while waiting:
        ready = [
            one
            for one in waiting.values()
            if not any(own.key.parent in waiting for name in one.key for own in one.references_of(name))
        ]
        if not ready:
            one = next(iter(waiting.values()))
            raise _error(
                script,
                script.statements[min(one.given)].place,
                f"the key of {one.table.name} ({', '.join(one.key)}) refers to rows that have no key without it",
                f"give these rows the values of {', '.join(one.table.uniques[0]) if one.table.uniques else 'a key'}",
            )
        for one in ready:
            done[one.table.path] = waiting.pop(one.table.path)
    return tuple(done.values())


def _error(script: Script, place: Place | None, message: str, hint: str) -> SchemaError:
    if place is None:
        raise AssertionError("a directive or a statement has a place")
    source = Source(place.file, dict(script.files)[place.file])
    line = source.text[source.position(place) :].split("\n", 1)[0]
    return source.error(source.position(place), message, length=len(line), hint=hint)


def parents_first(wanted: Sequence[Wanted]) -> list[Wanted]:
    """The tables in an order in which new rows find those that they refer to, as far as there is one."""
    known = {one.table.path: one for one in wanted}
    done: dict[Path, Wanted] = {}
    open_: set[Path] = set()

    def take(one: Wanted) -> None:
        path = one.table.path
        if path in done or path in open_:
            return
        open_.add(path)
        for key in one.table.parents:
            if key.parent in known:
                take(known[key.parent])
        done[path] = one

    for one in wanted:
        take(one)
    return list(done.values())

"""Every type of column goes through its class and back."""

import contextlib
import datetime as dt
import enum
import math
import sys
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from dbsync.codegen import writer
from dbsync.codegen.read import read
from dbsync.codegen.schema import Source
from dbsync.pg.connect import Target, connect
from dbsync.runtime import AsyncDatabase, Database, Settings

HERE = Path(__file__).parent


@pytest.fixture
def models(database: Target) -> Iterator[types.ModuleType]:
    """The module that `dbsync models` writes of every.sql, which the database holds."""
    with psycopg.connect(database.conninfo(), autocommit=True) as connection:
        connection.execute((HERE / "every.sql").read_bytes())
        connection.execute((HERE / "row.sql").read_bytes())
    with contextlib.closing(connect(database)) as connection:
        source = Source(schema=read(connection), file="every.sql", connect=lambda: connect(database))
    module = types.ModuleType("every_models")
    sys.modules[module.__name__] = module
    exec(writer("dataclasses").write(source), module.__dict__)
    yield module
    del sys.modules[module.__name__]


def settings(database: Target, models: types.ModuleType) -> Settings:
    return Settings(url=database.conninfo(), types=models.TYPES, fingerprint=models.FINGERPRINT, min_size=0)


def test_every_type(database: Target, models: types.ModuleType) -> None:
    with Database(settings(database, models)) as db:
        (first,) = db.query("select * from every_type", row=models.EveryType)
        hints = typing.get_type_hints(models.EveryType, vars(models))
        for name, hint in hints.items():
            value = getattr(first, name)
            assert value is not None, f"row.sql has no {name}"
            assert fits(value, hint), f"{name}: {value!r} is no {hint}"
        names, values = insertable(first, models.EveryTypeInsert, models)
        db.execute(insert(names), values)
        second = db.query("select * from every_type where id = 2", row=models.EveryType)[0]
    for name in names:
        assert same(getattr(first, name), getattr(second, name)), name


async def _async_row(database: Target, models: types.ModuleType) -> Any:
    async with AsyncDatabase(settings(database, models)) as db:
        return (await db.query("select * from every_type", row=models.EveryType))[0]


def test_asynchronously_too(database: Target, models: types.ModuleType) -> None:
    import asyncio

    found = asyncio.run(_async_row(database, models))
    assert found.a_mood is models.Mood.SO_SO
    assert found.an_address.moods == [models.Mood.HAPPY, models.Mood.A_B_C]


def test_hard_names(database: Target, models: types.ModuleType) -> None:
    with Database(settings(database, models)) as db:
        db.execute(insert(["class", "with space", 'quo"te'], "Hard names"), [1, "two", "three"])
        (row,) = db.query('select * from "Hard names"', row=models.HardNames)
        assert (row.class_, row.with_space, row.quo_te, row.str_, row.def_) == (1, "two", "three", "", "two\nlines")


def test_rows_of_a_table_in_a_column(database: Target, models: types.ModuleType) -> None:
    with Database(settings(database, models)) as db:
        db.execute("insert into holder values (1, row(7), array[row(8)::plans])")
        (row,) = db.query("select * from holder", row=models.Holder)
        assert (row.kept, row.many) == (models.Plans(id=7), [models.Plans(id=8)])


def test_what_an_insert_may_say(models: types.ModuleType) -> None:
    hints = typing.get_type_hints(models.EveryTypeInsert, vars(models), include_extras=True)
    assert "id" not in hints
    assert "doubled" not in hints
    assert typing.get_origin(hints["an_amount"]) is typing.NotRequired
    assert typing.get_type_hints(models.PartsInsert, vars(models))["at"] is dt.date
    assert not hasattr(models, "Parts2026")
    assert not hasattr(models, "CountedInsert")


def insert(names: Sequence[str], table: str = "every_type") -> sql.Composed:
    places = sql.SQL(", ").join([sql.Placeholder()] * len(names))
    listed = sql.SQL(", ").join(map(sql.Identifier, names))
    return sql.SQL("insert into {} ({}) values ({})").format(sql.Identifier(table), listed, places)


def insertable(row: Any, cls: Any, models: types.ModuleType) -> tuple[list[str], list[Any]]:
    hints = typing.get_type_hints(cls, vars(models))
    names = [*hints]
    return names, [wrapped(getattr(row, name), hints[name]) for name in names]


def wrapped(value: Any, hint: Any) -> Any:
    if Jsonb in typing.get_args(hint):
        return Jsonb(value)
    if any(typing.get_args(one) == (Jsonb,) for one in typing.get_args(hint)):
        return [Jsonb(one) for one in value]
    return value


def fits(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return any(fits(value, one) for one in arguments)
    if hint is type(None):
        return value is None
    if origin is list:
        return isinstance(value, list) and all(
            one is None or isinstance(one, list) or fits(one, arguments[0]) for one in value
        )
    if origin is Range:
        return isinstance(value, Range) and all(
            one is None or fits(one, arguments[0]) for one in (value.lower, value.upper)
        )
    if origin is Multirange:
        return isinstance(value, Multirange) and all(fits(one, types.GenericAlias(Range, arguments)) for one in value)
    if origin is not None:
        return isinstance(value, str | Mapping | Sequence)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return type(value) is hint
    return type(value) is hint


def same(one: Any, other: Any) -> bool:
    return one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))

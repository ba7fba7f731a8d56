"""Every type of column goes through its class and back."""

import contextlib
import datetime as dt
import enum
import sys
import types
import typing
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
from psycopg import sql
from psycopg.types.json import Jsonb
from psycopg.types.multirange import Multirange
from pydantic import JsonValue
from sqlalchemy import orm
from sqlalchemy.dialects.postgresql.ranges import MultiRange

from dbsync.codegen import writer
from dbsync.codegen.read import read
from dbsync.codegen.schema import Source
from dbsync.pg.connect import Target, connect
from dbsync.runtime import AsyncDatabase, Database, Settings

HERE = Path(__file__).parent
OTHER_DIMENSIONS = ("cells",)
"""Columns that hold arrays of other dimensions than they were declared with."""
NOT_WRITTEN = ("tagged",)
"""psycopg writes lists of lists as an array of more dimensions, never as an array of a domain's arrays."""


@pytest.fixture
def written(database: Target) -> Callable[[str], types.ModuleType]:
    """Gives the module that `dbsync models` writes of every.sql, which the database holds."""
    with psycopg.connect(database.conninfo(), autocommit=True) as connection:
        connection.execute((HERE / "every.sql").read_bytes())
        connection.execute((HERE / "row.sql").read_bytes())
    with contextlib.closing(connect(database)) as connection:
        source = Source(schema=read(connection), file="every.sql")

    def write(form: str) -> types.ModuleType:
        module = types.ModuleType("every_models")
        sys.modules[module.__name__] = module
        exec(writer(form).write(source), module.__dict__)
        return module

    return write


@contextlib.contextmanager
def session_of(database: Target) -> Iterator[orm.Session]:
    """A session in which a warning is an error."""
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database.conninfo()))
    with warnings.catch_warnings(action="error"), contextlib.closing(orm.Session(engine)) as session:
        yield session
    engine.dispose()


@pytest.fixture
def models(written: Callable[[str], types.ModuleType]) -> Iterator[types.ModuleType]:
    module = written("dataclasses")
    yield module
    del sys.modules[module.__name__]


def settings(database: Target, models: types.ModuleType) -> Settings:
    return Settings(url=database.conninfo(), types=models.TYPES, fingerprint=models.FINGERPRINT, min_size=0)


@pytest.mark.parametrize("form", ["dataclasses", "pydantic"])
def test_every_type(form: str, database: Target, written: Callable[[str], types.ModuleType]) -> None:
    models = written(form)
    with Database(settings(database, models)) as db:
        (first,) = db.query("select * from every_type", row=models.EveryType)
        hints = typing.get_type_hints(models.EveryType, vars(models))
        for name, hint in hints.items():
            value = getattr(first, name)
            assert value is not None, f"row.sql has no {name}"
            assert name in OTHER_DIMENSIONS or fits(value, hint), f"{name}: {value!r} is no {hint}"
        names, values = insertable(first, models)
        db.execute(insert(names), values)
        second = db.query("select * from every_type where id = 2", row=models.EveryType)[0]
    for name in names:
        assert same(getattr(first, name), getattr(second, name)), name


@pytest.mark.parametrize("form", ["dataclasses", "pydantic"])
def test_arrays_of_any_dimensions(form: str, database: Target, written: Callable[[str], types.ModuleType]) -> None:
    models = written(form)
    with Database(settings(database, models)) as db:
        db.execute("update every_type set grid = '{1,NULL}', cells = '{{{x}}}', cubes = '{}', ints = '{{1},{NULL}}'")
        (row,) = db.query("select * from every_type", row=models.EveryType)
        found = [row.grid, row.cells, row.cubes, row.ints]
        assert found == [[1, None], [[["x"]]], [], [[1], [None]]]
        db.execute("update every_type set (grid, cells, cubes, ints) = (%s, %s, %s, %s)", found)
        (row,) = db.query("select * from every_type", row=models.EveryType)
        assert [row.grid, row.cells, row.cubes, row.ints] == found


def test_pydantic_still_validates_arrays(written: Callable[[str], types.ModuleType]) -> None:
    models = written("pydantic")
    new = models.EveryTypeInsert(ints=[1, None], grid=[[1], [None]], cubes=[[[1.5]]])
    assert new.model_dump(exclude_unset=True) == {"ints": [1, None], "grid": [[1], [None]], "cubes": [[[1.5]]]}
    assert models.EveryTypeInsert.model_validate_json('{"ints": [["2"], [3]]}').ints == [[2], [3]]
    for wrong in ({"ints": ["x"]}, {"ints": [[1, "x"]]}, {"grid": [["x"]]}, {"ints": 1}, {"dates": ["x"]}):
        with pytest.raises(ValueError, match="Input should be"):
            models.EveryTypeInsert(**wrong)


def test_sqlalchemy(database: Target, written: Callable[[str], types.ModuleType]) -> None:
    models = written("sqlalchemy")
    with session_of(database) as session:
        first = session.scalars(sqlalchemy.select(models.EveryType)).one()
        names = [one.key for one in sqlalchemy.inspect(models.EveryType).column_attrs]
        names = [name for name in names if name not in ("id", "doubled")]
        for name, hint in typing.get_type_hints(models.EveryType, vars(models)).items():
            if name in names and name not in OTHER_DIMENSIONS:
                assert fits(getattr(first, name), typing.get_args(hint)[0]), f"{name}: {getattr(first, name)!r}"
        second = models.EveryType(**{name: getattr(first, name) for name in names})
        session.add(second)
        session.commit()
        for name in names:
            assert same(getattr(first, name), getattr(second, name)), name
        assert second.doubled == first.doubled


def test_sqlalchemy_relationships(database: Target, written: Callable[[str], types.ModuleType]) -> None:
    models = written("sqlalchemy")
    with session_of(database) as session:
        hard = models.HarderNames(id=1, fiéld_2=2, a_b=3, s=4, x_2=5, 世界_=models.世界.SS_2)
        one, two = models.Base2(id=1, from_=hard), models.Base2(id=2)
        two.base, two.class_ = one, one
        session.add_all([one, two, models.Tenant(id=1)])
        session.flush()
        # Its key refers to another table, and its row makes none there.
        session.add(models.BaseProfile(id=1, name="first"))
        project = models.Project(tenant_id=1, id=1)
        session.add_all([project, models.Project(tenant_id=1, id=2, parent=project)])
        session.add(models.Task(project=project, number=1))
        session.commit()
        assert [one.base_profile.name, one.base_base, one.base_class] == ["first", [two], [two]]
        assert (project.task[0].tenant.id, project.project_parent[0].id) == (1, 2)
        assert (hard.base, session.scalar(sqlalchemy.text('select "%s" from "Harder names"'))) == ([one], 4)
        # What becomes of the rows that refer to a deleted one, the foreign key says.
        session.delete(project)
        with pytest.raises(sqlalchemy.exc.IntegrityError):
            session.flush()


def test_sqlalchemy_cuts_nothing_off(database: Target, written: Callable[[str], types.ModuleType]) -> None:
    models = written("sqlalchemy")
    for wrong in ({"a_varchar": "x" * 21}, {"a_char": "four"}, {"codes": ["toolong"]}, {"a_bit": "11111"}):
        with session_of(database) as session:
            session.add(models.EveryType(**wrong))
            with pytest.raises(sqlalchemy.exc.DataError):
                session.flush()


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


def insertable(row: Any, models: types.ModuleType) -> tuple[list[str], list[Any]]:
    new = models.EveryTypeInsert
    names = [name for name in getattr(new, "model_fields", new.__annotations__) if name not in NOT_WRITTEN]
    return names, [wrapped(name, getattr(row, name)) for name in names]


def wrapped(name: str, value: Any) -> Any:
    if name == "jsons":
        return [one if one is None else Jsonb(one) for one in value]
    return Jsonb(value) if name in ("a_json", "a_jsonb", "a_document") else value


def fits(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return any(fits(value, one) for one in arguments)
    if hint in (Any, JsonValue):
        return True
    if hint is type(None):
        return value is None
    if origin is list:
        return isinstance(value, list) and all(fits(one, arguments[0]) for one in value)
    if origin is typing.Annotated:
        return fits(value, arguments[0])
    if isinstance(origin, type) and origin.__name__ == "Range":
        bounds: Any = value
        return type(value) is origin and all(
            one is None or fits(one, arguments[0]) for one in (bounds.lower, bounds.upper)
        )
    if origin in (Multirange, MultiRange):
        return type(value) is origin and all(fits(one, types.GenericAlias(type(one), arguments)) for one in value)
    if origin is not None:
        return isinstance(value, str | Mapping | Sequence)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return type(value) is hint
    return type(value) is hint


def same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)

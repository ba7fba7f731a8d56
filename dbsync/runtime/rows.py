"""Rows as objects of a class: a dataclass or model that `dbsync models` wrote, or any that takes columns by name."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from psycopg.rows import no_result

T = TypeVar("T")


def fields(cls: type[Any]) -> Mapping[str, str]:
    """For each column whose name is none in Python, the field that holds it."""
    if not dataclasses.is_dataclass(cls):
        return {}
    return {one.metadata["column"]: one.name for one in dataclasses.fields(cls) if "column" in one.metadata}


def attributes(cls: type[Any]) -> Mapping[str, str]:
    """For each column whose name is none in Python, the attribute that holds its value.

    Of a Pydantic model these are the fields with an alias: it takes values by the alias, and gives them by the field.
    """
    models: Mapping[str, Any] = getattr(cls, "model_fields", {})
    return {**fields(cls), **{one.alias: name for name, one in models.items() if one.alias}}


def factory(cls: type[T]) -> Callable[[Any], Callable[[Sequence[Any]], T]]:
    """The row factory of a class."""

    def make(cursor: Any) -> Callable[[Sequence[Any]], T]:
        if cursor.description is None:
            return no_result
        names = fields(cls)
        arguments = [names.get(column.name, column.name) for column in cursor.description]

        def row(values: Sequence[Any]) -> T:
            return cls(**dict(zip(arguments, values, strict=True)))

        return row

    return make

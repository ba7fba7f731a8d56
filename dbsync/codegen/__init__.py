"""Models of a schema for applications: one module for each language or library, all meeting one protocol."""

import importlib
from typing import Protocol, cast

from dbsync.codegen.schema import Source

FORMATS = ("dataclasses", "pydantic", "sqlalchemy", "typescript")


class Writer(Protocol):
    """A module that writes models."""

    def write(self, source: Source) -> str:
        """The text of the models' file."""


def writer(form: str) -> Writer:
    """The module for a format."""
    return cast("Writer", importlib.import_module(f"dbsync.codegen.{form}"))

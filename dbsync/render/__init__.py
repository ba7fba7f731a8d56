"""A plan as text: one module for each format, all meeting one Protocol."""

import importlib
from collections.abc import Iterator
from typing import Protocol, cast

from dbsync.model.plan import Plan
from dbsync.render.page import Page

FORMATS = ("text", "sql", "json")


class Format(Protocol):
    """What a module of a format offers."""

    def render(self, plan: Plan, page: Page) -> Iterator[str]:
        """The lines of the plan, without their ends."""
        ...


def formatter(name: str) -> Format:
    """The module of a format; imported only when it is asked for."""
    return cast("Format", importlib.import_module(f"dbsync.render.{name}"))

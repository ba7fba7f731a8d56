"""The entity-relationship diagram of a schema: read, cut to what is asked for, laid out, and drawn in some formats."""

import importlib
from typing import Protocol, cast

from dbsync.diagram.model import Diagram
from dbsync.render.page import Page

FORMATS = ("text", "svg", "mermaid", "json")


class Drawer(Protocol):
    """A module that draws."""

    def draw(self, diagram: Diagram, page: Page) -> str:
        """The diagram as text of its format, without a newline at the end. UsageError where it cannot be drawn so."""
        ...


def drawer(form: str) -> Drawer:
    """The module for a format; imported only when it is asked for."""
    return cast("Drawer", importlib.import_module(f"dbsync.diagram.{form}"))

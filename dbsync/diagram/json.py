"""The diagram as JSON, for other programs that draw."""

import dataclasses
import json

from dbsync.diagram.model import Diagram
from dbsync.render.json import VERSION
from dbsync.render.page import Page


def draw(diagram: Diagram, page: Page) -> str:
    """One document: `tables` with their `columns`, and `references` from columns to columns."""
    del page
    return json.dumps({"version": VERSION, "command": "diagram", **dataclasses.asdict(diagram)}, indent=2)

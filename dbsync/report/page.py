"""Writes the page: templates, style and script are files beside this one, and end up inside the page."""

import base64
import dataclasses
import datetime as dt
import hashlib
import importlib.resources
from typing import Any

import jinja2
from markupsafe import Markup

from dbsync.diagram import svg
from dbsync.diagram.model import Diagram
from dbsync.model.catalog import Catalog
from dbsync.model.plan import Plan
from dbsync.render.page import code
from dbsync.report.contents import contents, table_anchor
from dbsync.report.pending import pending

MANY = 80
"""With more tables than this the diagram shows only the columns of keys."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What the page is made of; without a plan it tells of the schema alone."""

    file: str
    made: dt.datetime
    catalog: Catalog
    diagram: Diagram
    plan: Plan | None = None


def render(report: Report) -> str:
    """The page."""
    style, script = _file("page.css") + svg.css("diagram"), _file("page.js")
    drawn = report.diagram.with_columns("keys" if len(report.diagram.tables) > MANY else "all")
    links = {table.name: table_anchor(table.name) for table in drawn.tables}
    # Nothing is fetched, and no script runs but this one, whatever a comment in the schema holds.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'",
            light=Markup(svg.css("light") + _file("light.css")),
            dark=Markup(svg.css("dark") + _file("dark.css")),
            style=Markup(style),
            script=Markup(script),
            picture=Markup(svg.inside(drawn, links)) if drawn.tables else None,
            contents=contents(report.catalog, report.diagram),
            pending=pending(report.plan) if report.plan else None,
        )
    )


def _file(name: str) -> str:
    return importlib.resources.files("dbsync.report").joinpath(name).read_text("utf-8")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dbsync.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    return environment


def _shown(value: Any) -> Any:
    """Text without the letters that steer or hide; what is marked up has none by then."""
    return code(value) if isinstance(value, str) and not isinstance(value, Markup) else value

"""The report: the schema file's database read whole, and the plan that is pending, on one page."""

import datetime as dt

from dbsync.config import Config
from dbsync.diagram.read import read
from dbsync.load.script import read_script
from dbsync.model.catalog import Catalog
from dbsync.model.outcome import Observer
from dbsync.planning.manage import declared
from dbsync.planning.workspace import DESIRED
from dbsync.report.page import Report, render
from dbsync.snapshot import snapshot
from dbsync.tasks.desired import desired
from dbsync.tasks.plan import plan as make_plan


def report(config: Config, observer: Observer, *, with_plan: bool) -> str:
    """The page. Without `with_plan` live is not asked."""
    with desired(config, observer) as scratch, scratch.connect(DESIRED) as connection:
        observer.progress("reading the schema")
        catalog, diagram = snapshot(connection), read(connection)
    planned = make_plan(config, observer) if with_plan else None
    observer.progress("writing the report")
    return render(
        Report(
            file=config.schema.name,
            made=dt.datetime.now(dt.UTC),
            catalog=_spoken_of(catalog, config),
            diagram=diagram,
            plan=planned.plan if planned else None,
        )
    )


def _spoken_of(catalog: Catalog, config: Config) -> Catalog:
    """The catalog without privileges, if the file grants none: these come from the scratch server."""
    if declared(read_script(config.schema, config.include_path), config.manage).privileges:
        return catalog
    return catalog.without(one for one in catalog.objects if one.kind in ("privilege", "default privilege"))

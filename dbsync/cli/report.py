"""dbsync report."""

from pathlib import Path
from typing import Any

import click

from dbsync.cli.options import options, settings, without_part
from dbsync.cli.screen import Screen

_OF_PLANS = ("seeds", "no_seeds", "author", "online")


@click.command(
    epilog="""\b
    Examples:
      dbsync report
      dbsync report --no-plan --out docs/schema.html
      dbsync report --database postgresql://app@db.example.com/shop --out review.html
    """,
)
@options(planning=True)
@click.option("--no-plan", is_flag=True, help="Tell of the schema alone; the database is not asked.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="Where to write it.",
)
def report(**given: Any) -> int:
    """Write one web page that tells all of the schema file: the diagram, tables, views, functions, policies and so on.

    Where a database is named, the page also holds the plan that is pending for it, as dbsync plan shows it. The page
    needs no network, and holds no passwords.
    """
    from dbsync import config

    wanted = config.load(settings(given))
    if given["no_plan"]:
        without_part(given, ("database", *_OF_PLANS), "a report without a plan")
    elif wanted.embedded:
        without_part(given, _OF_PLANS, "a report without a plan: no database is named")
    from dbsync.tasks.files import save
    from dbsync.tasks.report import report as run

    out: Path = given["out"]
    with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:
        text = run(wanted, screen, with_plan=not given["no_plan"] and not wanted.embedded)
        save(text, out)
        if not given["quiet"]:
            screen.say(f"The report is in {out}.")
    return 0

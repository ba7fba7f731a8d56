"""dbsync plan."""

import sys
from typing import Any

import click

from dbsync.cli.options import command_line, options, settings
from dbsync.cli.screen import Screen, page, show


@click.command(
    short_help="Show what would make it what the schema file says.",
    epilog="""\b
    Examples:
      dbsync plan
      dbsync plan --database postgresql://app@db.example.com/shop
      dbsync plan --format sql > change.sql
      dbsync plan --exit-code    (1 if there is anything to do)
    """,
)
@options(planning=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "sql"]),
    default="text",
    show_default=True,
    help="A page for people, or a script that psql runs.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there is anything to do.")
def plan(**given: Any) -> int:
    """Show what would make the database what the schema file says.

    The plan was run on a copy of the database before you see it. The database itself is only read.
    """
    from dbsync import config

    wanted = config.load(settings(given))
    from dbsync.render import formatter
    from dbsync.tasks.plan import plan as run

    with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:
        planned = run(wanted, screen)
    seeds = planned.seeds_file.name if planned.seeds_file else None
    where = page(sys.stdout, follow=command_line(given), seeds=seeds)
    show(formatter(given["form"]).render(planned.plan, where))
    return 1 if given["exit_code"] and not planned.plan.empty else 0

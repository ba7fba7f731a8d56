"""dbsync apply."""

import sys
from typing import TYPE_CHECKING, Any

import click

from dbsync.cli.options import options, settings
from dbsync.cli.screen import Screen, page, show

if TYPE_CHECKING:
    from dbsync.tasks.plan import Planned


@click.command(
    short_help="Make the database what the schema file says.",
    epilog="""\b
    Examples:
      dbsync apply
      dbsync apply --yes                      (in scripts; refuses to lose data)
      dbsync apply --yes --allow data-loss
    """,
)
@options(planning=True)
@click.option("--yes", is_flag=True, help="Agree to the plan beforehand, unless it loses data.")
@click.option("--allow", metavar="data-loss,…|all", multiple=True, help="Agree to these hazards beforehand.")
@click.option("--format", "form", type=click.Choice(["text", "sql"]), default="text", help="How the plan is shown.")
@click.option("--exit-code", is_flag=True, hidden=True)
def apply(**given: Any) -> int:
    """Make the database what the schema file says, and run the seeds file.

    Shows the plan and asks. What would lose data has to be named by you, or allowed beforehand.
    """
    from dbsync import config
    from dbsync.cli.approval import allowed, approve

    hazards, wanted = allowed(given["allow"]), config.load(settings(given))
    from dbsync.render import formatter
    from dbsync.render.outcome import render
    from dbsync.tasks.apply import apply as run

    with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:

        def agree(planned: "Planned") -> None:
            screen.rest()
            seeds = planned.seeds_file.name if planned.seeds_file else None
            where = page(sys.stdout, follow="", seeds=seeds)
            show(formatter(given["form"]).render(planned.plan, where))
            approve(planned, yes=given["yes"], hazards=hazards)

        outcome = run(wanted, agree, screen)
    if outcome:
        show(render(outcome, page(sys.stdout)))
    return 0

"""dbsync history."""

import sys
from typing import Any

import click

from dbsync.cli.options import OneOf, options, settings
from dbsync.cli.screen import Screen, failing, page, show


@click.command(
    short_help="Show what dbsync has applied to it.",
    epilog="""\b
    Examples:
      dbsync history
      dbsync history --format json
    """,
)
@options(planning=False)
@click.option(
    "--format",
    "form",
    type=OneOf(["text", "json"]),
    default="text",
    show_default=True,
    help="A table, or JSON (docs/json.md).",
)
def history(**given: Any) -> int:
    """Show what dbsync has applied to the database, the newest first.

    On a terminal this is a table; in a pipe its columns are separated by tabs.
    """
    from dbsync import config

    with failing("history", given["form"]):
        wanted = config.load(settings(given))
        from dbsync.render.history import render
        from dbsync.render.json import history as document
        from dbsync.tasks.history import history as run

        with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:
            records = run(wanted, screen)
        show(document(records) if given["form"] == "json" else render(records, page(sys.stdout)))
        return 0

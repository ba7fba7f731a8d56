"""dbsync history."""

import sys
from typing import Any

import click

from dbsync.cli.options import options, settings
from dbsync.cli.screen import Screen, page, show


@click.command(short_help="Show what dbsync has applied to it.")
@options(planning=False)
def history(**given: Any) -> int:
    """Show what dbsync has applied to the database, the newest first.

    On a terminal this is a table; in a pipe its columns are separated by tabs.
    """
    from dbsync import config

    wanted = config.load(settings(given))
    from dbsync.render.history import render
    from dbsync.tasks.history import history as run

    with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:
        records = run(wanted, screen)
    show(render(records, page(sys.stdout)))
    return 0

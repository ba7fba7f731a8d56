"""dbsync check."""

import sys
from typing import Any

import click

from dbsync.cli.options import answer_format, options, settings
from dbsync.cli.screen import Screen, failing, page, show


@click.command(
    epilog="""\b
    Examples:
      dbsync check
      dbsync check --quick                       for a health probe: no scratch database
      dbsync check --format json | jq .healthy

    Exit codes: 0 all is well, 1 something differs or needs mending, 2 usage, 3 the schema file, 4 no connection,
    5 it could not be compared.
    """,
)
@options(planning=True, writing=False)
@click.option("--quick", is_flag=True, help="Only what needs no scratch database.")
@answer_format
def check(**given: Any) -> int:
    """See whether the database can be reached, is what the schema file says, and has nothing left to mend.

    Nothing is written to it. --quick compares it with what an earlier plan or apply remembers instead of with the file.
    """
    from dbsync import config

    with failing("check", given["form"]):
        wanted = config.load(settings(given))
        from dbsync.tasks.check import check as run

        with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:
            found = run(wanted, screen, quick=given["quick"])
        if given["form"] == "json":
            from dbsync.render.json_health import checked

            show(checked(found))
        else:
            from dbsync.render.health import render

            show(render(found, page(sys.stdout)))
        return found.exit_code

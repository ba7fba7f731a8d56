"""dbsync plan."""

import sys
from pathlib import Path
from typing import Any

import click

from dbsync.cli.options import command_line, options, plan_format, settings, sign, signer, words
from dbsync.cli.screen import Screen, failing, page, show


@click.command(
    epilog="""\b
    Examples:
      dbsync plan
      dbsync plan --database postgresql://app@db.example.com/shop
      dbsync plan --out plan.json      keep it; dbsync apply plan.json runs exactly that
      dbsync plan --format sql > change.sql
      dbsync plan --exit-code          1 if there is anything to do
    """,
)
@options(planning=True)
@plan_format
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan, too.")
@sign
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there is anything to do.")
def plan(**given: Any) -> int:
    """Show what would make the database what the schema file says.

    The plan was run on a copy of the database before you see it. The database itself is only read.
    """
    from dbsync import config

    with failing("plan", given["form"]):
        wanted = config.load(settings(given))
        key = signer(given, wanted.environ)
        from dbsync.render import formatter
        from dbsync.tasks.plan import plan as run
        from dbsync.tasks.plan import save

        with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:
            planned = run(wanted, screen)
        if out := given["out"]:
            save(planned, out, key, wanted.environ)
        follow = words("dbsync", "apply", str(out), database=given["database"]) if out else command_line(given)
        show(formatter(given["form"]).render(planned.plan, page(sys.stdout, follow=follow)))
        return 1 if given["exit_code"] and not planned.plan.empty else 0

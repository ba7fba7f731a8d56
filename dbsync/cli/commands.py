"""The command `dbsync` with its subcommands."""

from typing import Any

import click

from dbsync.cli.apply import apply
from dbsync.cli.check import check
from dbsync.cli.diagram import diagram
from dbsync.cli.group import Group
from dbsync.cli.history import history
from dbsync.cli.kinds import kinds
from dbsync.cli.models import models
from dbsync.cli.plan import plan
from dbsync.cli.report import report
from dbsync.cli.undo import undo


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        from dbsync.cli.version import lines

        click.echo("\n".join(lines()))
        context.exit()


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
    A day with it:
      dbsync plan                         what would change; nothing does
      dbsync apply                        shows the plan, asks, and makes it so
      dbsync history                      what was applied, when and by whom
      dbsync undo                         back to what it was before that
      dbsync check                        is it what the schema file says, and is anything left to mend
      dbsync plan --out plan.json         for review; later: dbsync apply plan.json

    Without a database named (--database, DATABASE_URL, PGHOST …), the embedded development database of the project
    is used. Shell completion: eval "$(_DBSYNC_COMPLETE=bash_source dbsync)", or zsh_source, fish_source.
    """,
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version, and what it runs on.",
)
def dbsync(**_nothing: Any) -> None:
    """Makes a PostgreSQL database what schema.sql says, with plans that are proven before they run."""


for _command in (plan, apply, undo, check, history, models, diagram, report, kinds):
    dbsync.add_command(_command)

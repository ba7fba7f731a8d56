"""The command `dbsync` with its subcommands."""

from typing import Any

import click

from dbsync.cli.group import LazyGroup

COMMANDS = {
    "plan": "Show what would make the database what the schema file says.",
    "apply": "Make the database what the schema file says.",
    "undo": "Go back to what the database was before the last apply.",
    "check": "See whether the database is well, and what the schema file says.",
    "history": "Show what dbsync has applied to the database.",
    "models": "Write typed models of the schema file.",
    "diagram": "Draw the tables and the foreign keys between them.",
    "report": "Write the schema and the pending plan as a web page.",
    "kinds": "Show which kinds of objects dbsync knows, and how they change.",
}
"""The commands, each in its module of the same name, with the line that the help has for it."""


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        from dbsync.cli.screen import show
        from dbsync.cli.version import lines

        show(lines())
        context.exit()


@click.group(
    cls=LazyGroup,
    lines=COMMANDS,
    package="dbsync.cli",
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

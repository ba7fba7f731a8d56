"""dbsync history, with show and diff."""

import sys
from typing import Any

import click

from dbsync.cli.group import Group
from dbsync.cli.options import Number, answer_format, options, settings
from dbsync.cli.screen import Screen, failing, page, show

_number = Number(min=1)


@click.group(
    cls=Group,
    invoke_without_command=True,
    subcommand_metavar="[show|diff …]",
    epilog="""\b
    Examples:
      dbsync history
      dbsync history --format json
      dbsync history show 3         one record: its statements, what was lost, how it ended
      dbsync history diff 3         what record 3 changed
      dbsync history diff 1 3       what became of the schema from record 1 to record 3
    """,
)
@options(planning=False)
@answer_format
@click.pass_context
def history(context: click.Context, /, **given: Any) -> int | None:
    """Show what dbsync has applied to the database, the newest first.

    On a terminal this is a table; in a pipe its columns are separated by tabs.
    """
    if context.invoked_subcommand is not None:
        for parameter in context.params:
            if context.get_parameter_source(parameter) is click.core.ParameterSource.COMMANDLINE:
                raise click.UsageError(f"Options stand after {context.invoked_subcommand!r}, not before it.", context)
        return None
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


@history.command("show", short_help="Show one record.")
@click.argument("record", type=_number)
@options(planning=False)
@answer_format
def show_one(**given: Any) -> int:
    """Show one record: when and by whom it was applied, its statements, what was lost, how it ended."""
    from dbsync import config

    with failing("history show", given["form"]):
        wanted = config.load(settings(given))
        from dbsync.render import entry
        from dbsync.render.json_history import shown
        from dbsync.tasks.history import one

        with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:
            found = one(wanted, given["record"], screen)
        show(shown(found) if given["form"] == "json" else entry.render(found, page(sys.stdout)))
        return 0


@history.command("diff", short_help="Show what one record changed, or what lies between two.")
@click.argument("first", metavar="RECORD", type=_number)
@click.argument("second", metavar="[RECORD]", type=_number, required=False)
@options(planning=False)
@answer_format
def diff(**given: Any) -> int:
    """Show what a record changed, or what became of the schema from one record to another.

    First the objects of the database, then the lines of the schema file.
    """
    from dbsync import config

    with failing("history diff", given["form"]):
        wanted = config.load(settings(given))
        from dbsync.render import difference
        from dbsync.render.json_history import differing
        from dbsync.tasks.history import two

        first, second = given["first"], given["second"]
        with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:
            found = two(wanted, first if second else None, second or first, screen)
        show(differing(found) if given["form"] == "json" else difference.render(found, page(sys.stdout)))
        return 0

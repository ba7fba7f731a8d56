"""dbsync kinds."""

import sys
from typing import Any

import click

from dbsync.cli.options import OneOf
from dbsync.cli.screen import failing, page, show


@click.command(
    epilog="""\b
    Examples:
      dbsync kinds
      dbsync kinds 'materialized view'
      dbsync kinds --format markdown > coverage.md
    """,
)
@click.argument("kind", required=False)
@click.option(
    "--format",
    "form",
    type=OneOf(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="A list, a page, or JSON (docs/json.md).",
)
def kinds(**given: Any) -> int:
    """Show the kinds of objects that dbsync knows, their attributes, and how each changes.

    In place is what ALTER and CREATE OR REPLACE do. What is made again is dropped and created, with all that depends
    on it.
    """
    with failing("kinds", given["form"]):
        from dbsync.render import coverage
        from dbsync.render.json import kinds as document
        from dbsync.tasks.kinds import kinds as run

        found = run(given["kind"])
        if given["form"] == "json":
            show(document(found))
        elif given["form"] == "markdown":
            show(coverage.markdown(found))
        else:
            show(coverage.render(found, page(sys.stdout)))
        return 0

"""dbsync diagram."""

import sys
from pathlib import Path
from typing import Any

import click

from dbsync.cli.options import Number, OneOf, loading, settings, without_part
from dbsync.cli.screen import Screen, failing, page, show

# As dbsync.diagram has them, whose import can wait.
_FORMATS = ["text", "svg", "mermaid", "json"]
_SUFFIXES = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid", ".json": "json", ".txt": "text"}


@click.command(
    epilog="""\b
    Examples:
      dbsync diagram
      dbsync diagram --table jobs --depth 1        jobs and what is next to it
      dbsync diagram --out docs/schema.svg
      dbsync diagram --format mermaid > schema.mmd
      dbsync diagram --live                        what the database has, not what the file says
    """,
)
@loading
@click.option("--live", is_flag=True, help="Draw the database as it is, not the schema file.")
@click.option("--database", metavar="URL", help="The database to draw as it is.")
@click.option("--table", "tables", metavar="NAME", multiple=True, help="Only this table and those around it; repeat.")
@click.option(
    "--depth",
    metavar="N",
    type=Number(0, 100),
    default=1,
    show_default=True,
    help="How many foreign keys away from --table.",
)
@click.option(
    "--columns",
    type=OneOf(["auto", "all", "keys", "none"]),
    default="auto",
    show_default=True,
    help="The columns to show; auto shows those of keys where there are many tables.",
)
@click.option(
    "--format",
    "form",
    type=OneOf(_FORMATS),
    help=f"What to draw: {', '.join(_FORMATS)}.  [default: by the name of --out, else text]",
)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def diagram(**given: Any) -> int:
    """Draw the tables of the schema file and the foreign keys between them.

    The SVG follows the reader's light or dark setting. The database itself is only needed for --live and --database.
    """
    from dbsync import config

    out: Path | None = given["out"]
    form = given["form"] or (_SUFFIXES.get(out.suffix.lower(), "text") if out else "text")
    with failing("diagram", form):
        wanted = config.load(settings(given))
        of_live = given["live"] or given["database"] is not None
        if of_live:
            without_part(given, ("schema", "include_path", "scratch"), "a diagram of the database")
        from dbsync.diagram import drawer
        from dbsync.diagram.mermaid import too_large
        from dbsync.render.page import Page
        from dbsync.tasks.diagram import cut
        from dbsync.tasks.diagram import diagram as run
        from dbsync.tasks.files import save

        with Screen(quiet=given["quiet"]) as screen:
            whole = run(wanted, screen, of_live=of_live)
            screen.progress("drawing")
            found = cut(whole, given["tables"], given["depth"], given["columns"])
            text = drawer(form).draw(found, Page() if out else page(sys.stdout))
            if form == "mermaid" and too_large(found, text):
                screen.say(
                    "Mermaid draws no more than 50,000 letters and 500 lines unless told otherwise: see --table."
                )
        if out:
            save(text + "\n", out)
        else:
            show(text.split("\n"))
    return 0

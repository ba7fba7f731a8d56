"""dbsync models."""

from pathlib import Path
from typing import Any

import click

from dbsync.cli.options import OneOf, loading, settings
from dbsync.cli.screen import Screen, show
from dbsync.errors import UsageError

# As dbsync.codegen has them, whose import can wait.
_FORMATS = ["dataclasses", "pydantic", "sqlalchemy", "typescript"]


@click.command(
    epilog="""\b
    Examples:
      dbsync models --out optimizer/models.py
      dbsync models --out optimizer/models.py --check      1 if the file is not up to date
      dbsync models --format typescript > models.ts
    """,
)
@loading
@click.option(
    "--format",
    "form",
    type=OneOf(_FORMATS),
    default="dataclasses",
    show_default=True,
    help=f"What to write: {', '.join(_FORMATS)}.",
)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if --out is not up to date.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def models(**given: Any) -> int:
    """Write typed models of the schema file: a class for each table and view, and one for its new rows.

    Enums, domains and composite types get classes too. FINGERPRINT in the file lets dbsync.runtime refuse to start on
    a database that has another schema. The database itself is not needed for this. What was written is tried before it
    is saved: Python is imported in a process of its own, TypeScript is looked over for names that are missing or
    declared twice, and for texts and brackets that do not end.
    """
    from dbsync import config

    out: Path | None = given["out"]
    if given["check"] and out is None:
        raise UsageError("--check needs to know the file", hint="name it with --out")
    wanted = config.load(settings(given))
    from dbsync.tasks.files import same, save
    from dbsync.tasks.models import models as run

    with Screen(quiet=given["quiet"]) as screen:
        text, note = run(wanted, given["form"], screen)
        if note:
            screen.say(f"note: {note}")
    if out is None:
        show(text.rstrip("\n").split("\n"))
    elif given["check"]:
        if not same(text, out):
            with Screen() as screen:
                screen.say(f"{out} is not up to date with {wanted.schema}: dbsync models --out {out} writes it anew.")
            return 1
    else:
        save(text, out)
    return 0

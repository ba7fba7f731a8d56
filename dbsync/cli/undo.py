"""dbsync undo."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbsync.cli.options import Number, limits, no_seeds, options, plan_format, settings, sign, signer, words
from dbsync.cli.options import consent as agreement
from dbsync.cli.screen import Screen, failing, page, show

if TYPE_CHECKING:
    from dbsync.tasks.plan import Planned

_EITHER = "leave out one of the two"


@click.command(
    epilog="""\b
    Examples:
      dbsync undo --plan       what it would do; nothing is done
      dbsync undo              shows the plan, asks, and goes back before the last record of the history
      dbsync undo --to 3       back to what the database was after record 3
      dbsync undo --to 0       back to what it was before dbsync first changed it
      dbsync undo --out undo.json        keep the plan; dbsync apply undo.json runs exactly that
    """,
)
@options(planning=True, files=False)
@click.option("--to", metavar="RECORD", type=Number(min=0), help="Back to the state after this record, or 0.")
@click.option("--plan", "only", is_flag=True, help="Show the plan; change nothing.")
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan; change nothing."
)
@sign
@no_seeds
@limits
@agreement
@plan_format
def undo(**given: Any) -> int:
    """Make the database again what it was before the last record of its history.

    The plan is proven, shown and asked for as that of an apply is, and becomes a record of its own, which can be
    undone as well. Rows that the seeds file changed go back, too, unless --no-seeds is given; what else was lost stays
    lost, and is named. Privileges, owners and extensions go back; --manage none leaves these as they are. The schema
    file and the seeds file are neither read nor written.
    """
    from dbsync import config
    from dbsync.cli.approval import Consent, asking
    from dbsync.errors import UsageError

    with failing("undo", given["form"]):
        consent, wanted = Consent.of(given), config.load(settings(given))
        if (only := "--plan" if given["only"] else "--out" if given["out"] else "") and (early := consent.option):
            raise UsageError(f"{early} agrees to a plan that is applied, and {only} applies none", hint=_EITHER)
        key = signer(given, wanted.environ)
        from dbsync.render.outcome import render
        from dbsync.tasks import undo as task
        from dbsync.tasks.plan import save

        shown: list[Planned] = []
        rows = not given["no_seeds"]
        outcome = None
        with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:
            if given["only"] or given["out"]:
                shown.append(task.plan(wanted, given["to"], screen, rows=rows))
            else:
                approve = asking(consent, given["form"], screen, shown)
                outcome = task.undo(wanted, given["to"], approve, screen, rows=rows)
        if given["out"]:
            save(shown[0], given["out"], key, wanted.environ)
        if given["form"] == "json":
            from dbsync.render.json import undone

            show(undone(shown[0].plan, outcome))
        elif outcome:
            show(render(outcome, page(sys.stdout)))
        elif given["only"] or given["out"]:
            from dbsync.render import formatter

            show(formatter(given["form"]).render(shown[0].plan, page(sys.stdout, follow=_follow(given))))
        return 0


def _follow(given: dict[str, Any]) -> str:
    """The command that carries out what was planned, without a password in it."""
    if given["out"]:
        return words("dbsync", "apply", str(given["out"]), database=given["database"])
    to = ["--to", str(given["to"])] if given["to"] is not None else []
    return words("dbsync", "undo", *to, **settings(given))

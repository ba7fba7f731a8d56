"""dbsync apply."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbsync.cli.options import consent as agreement
from dbsync.cli.options import limits, options, plan_format, planning_options, settings
from dbsync.cli.screen import Screen, failing, page, show

if TYPE_CHECKING:
    from dbsync.tasks.plan import Planned


@click.command(
    epilog="""\b
    Examples:
      dbsync apply
      dbsync apply plan.json                 exactly what dbsync plan --out plan.json saved
      dbsync apply --approve 3f9c12ab77e0    exactly the plan with this digest, without asking
      dbsync apply plan.json --require-signature env:PLAN_KEY
      dbsync apply --yes                     without asking; refuses to lose data
      dbsync apply --yes --allow data-loss
    """,
)
@click.argument("saved", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@options(planning=True)
@limits
@agreement
@click.option(
    "--require-signature",
    metavar="KEY",
    help="Apply the PLAN only if it was signed: env:NAME, by the secret that this environment variable holds, or"
    " ssh:FILE, by one of the SSH keys that this file of allowed signers lists.",
)
@plan_format
@click.option("--exit-code", is_flag=True, help="Taken as by plan; once it is applied nothing differs, and it is 0.")
def apply(**given: Any) -> int:
    """Make the database what the schema file and the seeds file say.

    Shows the plan and asks. What would lose data has to be named by you, or allowed beforehand. With a PLAN that
    dbsync plan --out saved, exactly that is run, or nothing, if the database has changed since.
    """
    from dbsync import config
    from dbsync.cli.approval import Consent, asking

    with failing("apply", given["form"]):
        consent, wanted = Consent.of(given), config.load(_settings(given))
        from dbsync.render.outcome import render
        from dbsync.tasks.apply import apply as run

        structured = given["form"] == "json"
        shown: list[Planned] = []
        with Screen(verbose=given["verbose"], quiet=given["quiet"]) as screen:
            agree = asking(consent, given["form"], screen, shown)
            outcome = run(wanted, agree, screen, given["saved"], consent.refuse_other)
        if structured:
            from dbsync.render.json import applied

            show(applied(shown[-1].plan, outcome))
        elif outcome:
            show(render(outcome, page(sys.stdout)))
        return 0


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    """The settings; a saved plan leaves none of the choices that planning has."""
    found = settings(given)
    if given["saved"]:
        if chosen := planning_options(found):
            raise click.UsageError(f"{given['saved']} is applied as it was planned: {chosen[0]} has no part in it.")
        found["seeds"] = False
    elif "require_signature" in found:
        raise click.UsageError("--require-signature is about a plan that was saved: name its file.")
    return found

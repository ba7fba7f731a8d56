"""Asks the operator: `yes` for a plan that loses nothing, the name of what is lost for one that does."""

import dataclasses
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dbsync.cli.screen import Screen, page, show
from dbsync.config import closest
from dbsync.errors import Refused, UsageError
from dbsync.model.plan import Plan
from dbsync.planning.asking import refuse_rows
from dbsync.render import rows
from dbsync.render.page import count, visible

if TYPE_CHECKING:
    from dbsync.tasks.plan import Planned

HAZARDS = ("data-loss",)
_DIGITS = 32
_NAMED = 3
"""Up to so many losses are each typed by name; more are typed as their number."""


@dataclasses.dataclass(frozen=True)
class Consent:
    """What the operator agreed to beforehand: any plan (`yes`), one of them (`digest`), kinds of hazards.

    The digest may be the beginning of one, unless it has to be `whole`: who makes a plan file can make one whose digest
    begins as that of another.
    """

    yes: bool = False
    digest: str | None = None
    hazards: frozenset[str] = frozenset()
    whole: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Consent":
        """What the options say."""
        if given["approve"] is not None and (given["yes"] or given["allow"]):
            other = "--yes" if given["yes"] else "--allow"
            raise UsageError(f"--approve and {other} exclude each other", hint="--approve agrees to one plan as it is")
        digest = given["approve"]
        if digest is not None and not re.fullmatch("[0-9a-f]{12,32}", digest.strip().lower()):
            raise UsageError(
                f"--approve needs the digest of a plan, 32 hexadecimal digits or the first 12 or more, not {digest!r}",
                hint="the first line of dbsync plan shows it",
            )
        whole = given.get("saved") is not None
        return cls(given["yes"], digest and digest.strip().lower(), allowed(given["allow"]), whole)

    @property
    def option(self) -> str | None:
        """The option that says so; None where nothing was agreed to."""
        return "--yes" if self.yes else "--approve" if self.digest else "--allow" if self.hazards else None

    @property
    def asks(self) -> bool:
        """Whether somebody has to be asked."""
        return not self.yes and self.digest is None

    def refuse_other(self, plan: Plan) -> None:
        """Refused where another plan was agreed to."""
        if self.digest is None:
            return
        if not plan.digest.startswith(self.digest):
            raise Refused(
                f"--approve agrees to plan {self.digest}, and this is plan {plan.digest}; nothing was applied",
                hint="the database, the files or dbsync changed since that plan was made: review this one",
            )
        if self.whole and plan.digest != self.digest:
            raise Refused(
                f"--approve needs all {_DIGITS} digits of the digest of a plan that is in a file; nothing was applied",
                hint="the first line of the plan that was reviewed shows them",
            )


def allowed(given: Iterable[str]) -> frozenset[str]:
    """The hazards that --allow names."""
    found = {part.strip() for one in given for part in one.split(",") if part.strip()}
    for name in found - {*HAZARDS, "all"}:
        raise UsageError(f"--allow cannot be {name!r}", hint=closest(name, (*HAZARDS, "all")))
    return frozenset(HAZARDS if "all" in found else found)


def approve(planned: "Planned", consent: Consent) -> None:
    """Return if the plan is agreed to; Refused if not. What does nothing needs nobody's consent."""
    plan = planned.plan
    if plan.empty:
        return
    refuse_rows(plan)
    consent.refuse_other(plan)
    if consent.digest is not None:
        return
    losses = () if "data-loss" in consent.hazards else plan.losses
    if consent.yes:
        if losses:
            raise Refused(
                f"--yes does not agree to {_many(losses)}: {_listed(losses)}",
                hint="--allow data-loss with --yes agrees to it; nothing was applied",
                detail=planned.warning or None,
            )
        return
    if not sys.stdin.isatty():
        raise Refused(
            "nobody is there to ask: the plan was not applied",
            hint=f"--approve {plan.digest} agrees to exactly this plan, --yes to any"
            + (" that loses nothing, and --yes --allow data-loss to this one" if losses else ""),
        )
    _question(planned)
    if not losses:
        _expect('Type "yes" to go on: ', {"yes"})
    elif len(losses) <= _NAMED:
        for loss in losses:
            name = lost_name(plan, loss)
            _expect(f"Type {visible(name)} to agree that it is lost: ", {name, loss})
    else:
        phrase = f"lose {len(losses)}"
        _expect(f'Type "{phrase}" to agree to all {len(losses)} losses: ', {phrase})


def asking(consent: Consent, form: str, screen: Screen, shown: list["Planned"]) -> Callable[["Planned"], None]:
    """Shows a plan, keeps it in `shown`, and asks. What is not for people is shown only where somebody is asked."""
    structured = form == "json"

    def agree(planned: "Planned") -> None:
        from dbsync.render import formatter

        screen.rest()
        shown.append(planned)
        stream = sys.stderr if structured else sys.stdout
        if not structured or (consent.asks and sys.stdin.isatty()):
            where = page(stream, follow="")
            show(formatter("text" if structured else form).render(planned.plan, where), stream)
        approve(planned, consent)

    return agree


def lost_name(plan: Plan, loss: str) -> str:
    """The name of what a loss speaks of; the loss itself where it names no object of the plan."""
    known = {change.id for change in plan.changes} | {one.step.about for one in plan.steps if loss in one.lost}
    named = [one for one in known if loss == str(one) or loss.startswith(f"{one} ") or loss.endswith(f" of {one}")]
    return max(named, key=lambda one: len(one.name)).name if named else loss


def _question(planned: "Planned") -> None:
    plan, where = planned.plan, page(sys.stderr)
    host = f" on {visible(plan.host)}" if plan.host else ""
    words = f"Apply {count(len(plan.steps), 'step')}, database {visible(plan.database)}{host}?"
    lines = ["", *where.wrapped(words, style="title")]
    for loss in plan.losses:
        lines += where.wrapped(f"lost: {rows.loss(plan, loss)}", "  ", "    ", "lost")
    sys.stderr.write("\n".join(lines) + "\n")


def _expect(question: str, answers: set[str]) -> None:
    sys.stderr.write(question)
    sys.stderr.flush()
    given = sys.stdin.readline()
    if not given.endswith("\n"):
        sys.stderr.write("\n")
    if given.strip() not in answers:
        raise Refused("not agreed to: the plan was not applied")


def _many(losses: tuple[str, ...]) -> str:
    return "a loss" if len(losses) == 1 else f"{len(losses):,} losses"


def _listed(losses: tuple[str, ...]) -> str:
    more = f" and {len(losses) - 5} more" if len(losses) > 5 else ""
    return "; ".join(losses[:5]) + more

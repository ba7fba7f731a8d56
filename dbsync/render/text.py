"""A plan for people: what changes, the SQL, what is lost, how far it is proven, and what to type next."""

from collections.abc import Iterator

from dbsync.model.changes import PossibleRename
from dbsync.model.plan import Plan
from dbsync.render import declared, objects, rows, steps
from dbsync.render.manners import VERBS
from dbsync.render.page import Page, count, visible


def render(plan: Plan, page: Page) -> Iterator[str]:
    """The whole page."""
    yield from _header(plan, page)
    if plan.empty:
        yield from _aside(plan, page)
        yield from _nothing(plan, page)
        return
    yield from objects.lines(plan, page)
    yield from declared.lines(plan, page)
    yield ""
    yield from _renames(plan, page)
    yield from steps.lines(plan, page)
    yield from _losses(plan, page)
    yield from rows.lines(plan, page)
    yield from _aside(plan, page)
    yield from _verdict(plan, page)
    yield from page.wrapped(sums(plan), style="title")
    if plan.blocked:
        yield from page.wrapped("It can be applied when these rows are out of the way.", style="lost")
    elif page.follow:
        yield from page.wrapped(f"To apply it: {page.follow}")


def sums(plan: Plan) -> str:
    """The plan in a line: "3 to add, 1 to change, 0 to remove; 5 steps in 1 transaction; nothing is lost"."""
    totals = objects.totals(plan).items()
    counts = ", ".join(f"{number:,} {VERBS[manner]}" for manner, number in totals if number or manner != "renamed")
    counts = "; ".join(part for part in (counts if plan.differs or not plan.rows else "", declared.sums(plan)) if part)
    inside = sum(batch.transactional for batch in plan.batches)
    outside = len(plan.batches) - inside
    where = [f"in {count(inside, 'transaction')}"] if inside else []
    where += (
        [f"{outside:,} outside of any"] if outside and inside else ["outside of any transaction"] if outside else []
    )
    lost = f"{count(len(plan.losses), 'loss', 'losses')} of data" if plan.losses else "nothing is lost"
    return f"{counts}; {count(len(plan.steps), 'step')} {', '.join(where)}; {lost}."


def _header(plan: Plan, page: Page) -> Iterator[str]:
    back = "" if plan.undoes is None else f": back to {plan.goal}"
    yield from page.wrapped(f"Plan {plan.digest} for {plan.target}{back}", style="title")
    if plan.scratch:
        made = f"made in {plan.seconds:.1f} s, " if plan.seconds else ""
        yield from page.wrapped(f"{made}proven on {plan.scratch}", style="faint")
    yield ""


def _nothing(plan: Plan, page: Page) -> Iterator[str]:
    yield page.paint("Nothing to do: ", "good") + f"database {visible(plan.database)} is {plan.goal}."


def possible_rename(one: PossibleRename) -> str:
    """What may be meant, and where to write the directive that says so."""
    where = "in the schema file"
    if one.place:
        where = f"above {one.place}" if one.directive.startswith("--") else f"before {one.place}:{one.place.column}"
    return (
        f"{one.before} and {one.after.name} have the same shape: a possible rename. This plan drops the one and"
        f" makes the other; to keep what it holds, write {where}"
    )


def _renames(plan: Plan, page: Page) -> Iterator[str]:
    for one in plan.renames:
        yield from page.wrapped(possible_rename(one), "? ", style="changed")
        yield f"      {visible(one.directive)}"
    if plan.renames:
        yield ""


def _losses(plan: Plan, page: Page) -> Iterator[str]:
    for loss in plan.losses:
        yield from page.wrapped(f"LOST: {rows.loss(plan, loss)}", "! ", style="lost")
    if plan.losses:
        yield ""


def _aside(plan: Plan, page: Page) -> Iterator[str]:
    """What is not part of the plan, and yet worth a sentence."""
    if plan.kept:
        shown = ", ".join(str(one) for one in plan.kept[:10])
        more = f" and {len(plan.kept) - 10:,} more" if len(plan.kept) > 10 else ""
        yield from page.wrapped(f"Left alone, because the schema file does not speak of it: {shown}{more}.", "· ")
    for note in (*plan.notes, *plan.proof.notes):
        yield from page.wrapped(note, "· ")
    if plan.kept or plan.notes or plan.proof.notes:
        yield ""


def verdict(plan: Plan) -> str:
    """How far the plan is proven, in words that follow "Proven:"."""
    witness = f", and {plan.proof.witness} agrees" if plan.proof.witness else ""
    return f"run on a copy of the database, these steps end in exactly {plan.goal}{witness}. {rows.verdict(plan)}"


def _verdict(plan: Plan, page: Page) -> Iterator[str]:
    first, *others = page.wrapped(verdict(plan), "Proven: ", "")
    yield first.replace("Proven:", page.paint("Proven:", "good"), 1)
    yield from others

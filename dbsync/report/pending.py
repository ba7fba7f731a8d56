"""What the page tells of a plan: the steps with what the replay saw of each, what is lost, and how far it is proven."""

import dataclasses
from collections.abc import Sequence

from markupsafe import Markup

from dbsync.model.plan import Observed, Plan
from dbsync.render import declared, objects, rows
from dbsync.render.manners import of_sign
from dbsync.render.page import Page
from dbsync.render.steps import batch_title, remarks, shortened, terminated, warnings
from dbsync.render.text import possible_rename, sums, verdict
from dbsync.report.statements import coloured

_PAGE = Page(width=110)


@dataclasses.dataclass(frozen=True)
class Move:
    """One step; warnings each with its style."""

    number: int
    sql: Markup
    warnings: Sequence[tuple[str, str]]
    remarks: str


@dataclasses.dataclass(frozen=True)
class Part:
    """The steps of one transaction; without a title where it is the only one."""

    title: str
    moves: Sequence[Move]


@dataclasses.dataclass(frozen=True)
class Pending:
    """A plan for the page."""

    digest: str
    target: str
    database: str
    scratch: str
    empty: bool
    sums: str
    verdict: str
    changes: Sequence[tuple[str, str]]
    """Lines, each with its style."""
    rows: str
    """What live's rows mean for the steps, in lines."""
    blocked: bool
    losses: Sequence[str]
    renames: Sequence[tuple[str, str]]
    """Words, and the directive that would make it one."""
    notes: Sequence[str]
    parts: Sequence[Part]


def pending(plan: Plan) -> Pending:
    """A plan as the page tells it."""
    parts, number = [], 1
    for position, batch in enumerate(plan.batches, 1):
        moves = [_move(number + place, one, plan) for place, one in enumerate(batch.steps)]
        number += len(moves)
        several = len(plan.batches) > 1
        parts.append(Part(batch_title(position, len(plan.batches), batch) if several else "", moves))
    kept = [f"Left alone, because the schema file does not speak of it: {one}." for one in plan.kept]
    return Pending(
        digest=plan.digest,
        target=plan.target,
        database=plan.database,
        scratch=plan.scratch,
        empty=plan.empty,
        sums=sums(plan) if plan.steps else "",
        verdict=verdict(plan),
        changes=[(of_sign(line), line) for line in (*objects.lines(plan, _PAGE), *declared.lines(plan, _PAGE))],
        rows="\n".join(rows.lines(plan, _PAGE)).strip(),
        blocked=bool(plan.blocked),
        losses=[rows.loss(plan, one) for one in plan.losses],
        renames=[(possible_rename(one), one.directive) for one in plan.renames],
        notes=[*kept, *plan.notes, *plan.proof.notes],
        parts=parts,
    )


def _move(number: int, one: Observed, plan: Plan) -> Move:
    return Move(
        number, coloured(terminated(shortened(one.step))), list(warnings(one, plan.sizes)), " · ".join(remarks(one))
    )

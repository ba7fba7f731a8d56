"""A draft: an author's steps, run on a copy and completed by the kinds until the copy is what the file says."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

from dbsync.authors.keeping import KEPT
from dbsync.authors.order import write
from dbsync.compare import compare
from dbsync.load.secrets import masked
from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change
from dbsync.model.objects import Id
from dbsync.model.plan import Observed
from dbsync.model.steps import Step
from dbsync.replay import Refusal, Replay

_ROUNDS = 6
_PATIENCE = 200
"""A draft of which PostgreSQL refuses more steps than this is given up."""

_BLOCKING = ("SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draft:
    """The steps that PostgreSQL took, in the order in which it took them.

    `left` is what still differs after them (nothing, if the draft gets there), `refused` what PostgreSQL did not take.
    """

    author: str
    steps: tuple[Observed, ...]
    left: tuple[Change, ...]
    refused: tuple[Refusal, ...]
    set_aside: tuple[Refusal, ...] = ()
    """Statements of the author's that PostgreSQL refused and that the draft does without."""

    @property
    def complete(self) -> bool:
        """Whether it ends where the file says; without a step it could not."""
        return not self.left and bool(self.steps)

    @property
    def harmless(self) -> bool:
        """Whether nothing is lost or rewritten, so that another draft could at most be a little quicker."""
        return not any(one.lost or one.rewritten for one in self.steps)

    def notes(self) -> tuple[str, ...]:
        """What the operator should know of how the draft came about."""
        return tuple(
            f"a statement of {self.author}'s was set aside, since PostgreSQL refuses it ({one.failure.message}): "
            + " ".join(masked(one.step.sql).split())
            for one in self.set_aside
        )

    def _scans(self) -> int:
        """How many tables are read while nobody may write to them; locks are held until the transaction ends."""
        scans, held = 0, set[str]()
        for one in self.steps:
            alone = one.step.apart or not one.step.transactional
            if alone:
                held.clear()
            held.update(table for table, mode in one.locks.items() if mode in _BLOCKING)
            scans += len(held.intersection(one.scanned))
            if alone:
                held.clear()
        return scans

    def cost(self) -> tuple[int, ...]:
        """Less is better: lost tables and all that is lost, rewritten tables, scans under a lock that blocks writes,
        locks, statements."""
        lost = [loss for one in self.steps for loss in one.lost]
        return (
            sum(loss.startswith("table ") for loss in lost),
            len(lost),
            sum(len(one.rewritten) for one in self.steps),
            self._scans(),
            sum(mode in _BLOCKING for one in self.steps for mode in one.locks.values()),
            len(self.steps),
        )


def draft(
    author: str,
    replay: Replay,
    sides: Callable[[], tuple[Catalog, Catalog]],
    first: Sequence[Step] = (),
    start: tuple[Catalog, Catalog] | None = None,
) -> Draft:
    """Run `first`, then what the kinds write of what is left, until nothing is left or nothing more can be done.

    `sides` reads the copy and gives (current, goal), both in the same words; `start` is that of the copy as it is.
    """
    done, set_aside = run_all(replay, first)
    refused: list[Refusal] = []
    left: tuple[Change, ...] | None = None
    again: set[Id] = set()
    more: set[Id] = set()
    for _ in range(_ROUNDS):
        current, goal = start or sides()
        start = None
        before, left = left, compare(current, goal)
        if not left or (left == before and not more) or len(set_aside) > _PATIENCE:
            break
        ran, refused = run_all(replay, write(current, goal, again))
        # As where a call in it could mean two functions until the old one is gone.
        more = {one.step.about for one in refused if _is_free(current, one.step.about)} - again
        if not ran and not more:
            break
        again |= more
        done += ran
    return Draft(
        author=author,
        steps=tuple(_with_rows(done)),
        left=left or (),
        refused=tuple(refused),
        set_aside=tuple(set_aside),
    )


def _with_rows(done: Sequence[Observed]) -> Iterator[Observed]:
    """The steps, less the loss of rows that one sets aside and another has put back."""
    back = {name for one in done for name in one.step.puts_back}
    for one in done:
        if one.step.sets_aside and back.issuperset(one.step.sets_aside):
            kept = [f"table {name} and its rows" for name in one.step.sets_aside]
            step = dataclasses.replace(one.step, reason="; ".join(filter(None, (one.step.reason, KEPT))))
            lost = (*(loss for loss in one.lost if loss not in kept), *one.step.loses)
            yield dataclasses.replace(one, step=step, lost=lost, rewritten=(*one.rewritten, *one.step.sets_aside))
        else:
            yield one


def _is_free(current: Catalog, one: Id) -> bool:
    """Whether an object can be made again where it cannot be altered, and nothing is lost with it or its dependents."""
    found, waiting = set[Id](), [one]
    while waiting:
        if (name := waiting.pop()) in found:
            continue
        found.add(name)
        if name not in current.objects or current.objects[name].loses() is not None:
            return False
        waiting += current.dependents.get(name, ())
    return True


def run_all(replay: Replay, steps: Sequence[Step]) -> tuple[list[Observed], list[Refusal]]:
    """Run steps in order; those that PostgreSQL refuses are tried again after the others, while any of them helps."""
    done: list[Observed] = []
    refused: list[Refusal] = []
    waiting = list(steps)
    while waiting:
        refused = []
        for step in waiting:
            result = replay.run(step)
            if isinstance(result, Observed):
                done.append(result)
            else:
                refused.append(result)
        if len(refused) == len(waiting) or len(refused) > _PATIENCE:
            break
        waiting = [one.step for one in refused]
    return done, refused

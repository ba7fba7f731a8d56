"""The proof: the whole plan, run on a fresh copy of live as apply will run it, ends where the file says."""

import dataclasses
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from dbsync import sql
from dbsync.compare import compare
from dbsync.errors import NoPlan
from dbsync.hazards import Lineage, Moved, Standing, lineage, standing
from dbsync.load import tree
from dbsync.load.acts import Elevate
from dbsync.load.unsafe import UnsafeActError
from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change
from dbsync.model.objects import Id
from dbsync.model.plan import Batch, Observed, Proof
from dbsync.pg.failures import Failure
from dbsync.planning.batches import clean_cuts, committed_before, whole
from dbsync.planning.counters import Behind, Counters, Restarted, Unset, Verdict, judge
from dbsync.planning.witness import difference, entries
from dbsync.planning.workspace import DESIRED, Workspace
from dbsync.replay import perform

Connection = psycopg.Connection[Any]
Path = tuple[str, ...]

# unsafe_new_enum_value_usage: a label cannot be used in the transaction that adds it.
_NEEDS_COMMIT = "55P04"
_BEGINS_AGAIN = "where it stands is outside of its new bounds, so it begins again"
# How many steps run between two looks at the locks that they hold.
_LOOK = 25


class NotProvenError(Exception):
    """The plan does not end where the file says: what remains, what the witness says, the counters that fall behind, or
    the step that failed."""

    def __init__(
        self,
        left: tuple[Change, ...] = (),
        witness: tuple[str, ...] = (),
        behind: tuple[Behind | Unset, ...] = (),
        step: Observed | None = None,
        failure: Failure | None = None,
    ):
        super().__init__("not proven")
        self.left = left
        self.witness = witness
        self.behind = behind
        self.step = step
        self.failure = failure


@dataclasses.dataclass(frozen=True)
class Judged:
    """How a copy is judged: `sides` gives (current, goal) in the same words for its name and what was read of it,
    `renamed` the identity that an object of live has after the renames of the plan."""

    sides: Callable[[str, Catalog], tuple[Catalog, Catalog]]
    privileges: bool
    kept: tuple[Id, ...]
    """What live has and the file need not: dbsync leaves it alone."""
    renamed: Callable[[Id], Id] = lambda one: one

    @property
    def words(self) -> list[str]:
        """How pg_dump is asked."""
        return words(privileges=self.privileges)


@dataclasses.dataclass(frozen=True)
class Proven:
    """The batches in which the steps run, what proves them, and where they end.

    `locks` is the most that one transaction held, and `parted` says that it held no more because it was ended early;
    `replayed` is the catalog of the copy afterwards, in its own words; `lineage` is what became of live's tables, None
    where there are no steps.
    """

    batches: tuple[Batch, ...]
    proof: Proof
    locks: int
    replayed: Catalog
    parted: bool = False
    lineage: Lineage | None = None


def prove(
    workspace: Workspace,
    steps: tuple[Observed, ...],
    judged: Judged,
    moved: Mapping[Path, Moved],
    *,
    room: int,
) -> Proven:
    """Run the steps as apply will, and see where they end. NotProvenError if that is not where the file says.

    `moved` are the tables that the steps make again with their rows. A transaction that holds more locks than `room` is
    ended where that leaves nothing of live half changed.
    """
    batches = whole(steps)
    for _ in range(len(steps) + 1):
        with workspace.fresh() as name:
            before, counted = _standing(workspace, name)
            try:
                done, locks = run_batches(workspace, name, batches, room)
            except NeedsCommitError as need:
                batches = committed_before(batches, need.batch, need.position)
                continue
            with ThreadPoolExecutor(1) as beside:
                said = beside.submit(workspace.dump, name, judged.words)
                replayed = workspace.read(name)
                after, counts = _standing(workspace, name)
                became = lineage(before, after, moved)
                current, goal = judged.sides(name, replayed)
                if left := compare(current, goal):
                    raise NotProvenError(left=left)
                proof = witness(workspace, said.result(), judged)
            told, notes = _counted(workspace, judge(counted, counts, became, counted.called(judged.renamed)), steps)
            proof = dataclasses.replace(proof, notes=(*proof.notes, *notes))
            return Proven(_with_losses(done, told), proof, locks, replayed, len(done) > len(batches), became)
    raise NoPlan("no order of transactions lets the steps run")


def _standing(workspace: Workspace, name: str) -> tuple[Standing, Counters]:
    with workspace.scratch.connect(name) as admin:
        return standing(admin), Counters.of(admin)


def _counted(
    workspace: Workspace, verdict: Verdict, steps: tuple[Observed, ...]
) -> tuple[tuple[Restarted, ...], tuple[str, ...]]:
    """The counters that begin again though live has used them, and notes. NotProvenError if any falls behind."""
    unset = verdict.unset
    if unset:
        # The copy holds no rows, so it cannot show where they end.
        put = {sequence for one in steps for sequence in tree.sequences_set(one.step.sql)}
        unset = tuple(one for one in unset if one.sequence not in put)
    if verdict.behind or unset:
        raise NotProvenError(behind=(*verdict.behind, *unset))
    notes = verdict.notes(lambda path: workspace.positions.get(path) is None)
    return tuple(one for one in verdict.restarted if workspace.was_used(one.path)), notes


def _with_losses(batches: tuple[Batch, ...], told: tuple[Restarted, ...]) -> tuple[Batch, ...]:
    """The batches, with the positions that are lost told at the last step that is about the sequence, or at the end."""
    for one in told:
        places = [(b, s, step) for b, batch in enumerate(batches) for s, step in enumerate(batch.steps)]
        names = {sql.qualified(*one.path), sql.qualified(*one.now)}
        last = next((place for place in reversed(places) if names & _about(place[2])), places[-1])
        number, position, step = last
        reason = "; ".join(filter(None, (step.step.reason, _BEGINS_AGAIN)))
        step = dataclasses.replace(
            step, step=dataclasses.replace(step.step, reason=reason), lost=(*step.lost, one.loss)
        )
        steps = (*batches[number].steps[:position], step, *batches[number].steps[position + 1 :])
        batch = dataclasses.replace(batches[number], steps=steps)
        batches = (*batches[:number], batch, *batches[number + 1 :])
    return batches


def _about(one: Observed) -> set[str]:
    return {name.name for name in (one.step.about, *one.touched)}


class NeedsCommitError(Exception):
    """A step uses what an earlier step of its transaction made, and PostgreSQL wants a COMMIT in between."""

    def __init__(self, batch: int, position: int):
        super().__init__()
        self.batch = batch
        self.position = position


def run_batches(
    workspace: Workspace, name: str, batches: tuple[Batch, ...], room: int
) -> tuple[tuple[Batch, ...], int]:
    """Run the batches. What was run: the same, or more where one held too many locks; and the most that one held."""
    done: list[Batch] = []
    most = 0
    with workspace.running(name) as connection:
        for number, batch in enumerate(batches):
            if batch.transactional:
                cuts = clean_cuts(batch.steps, workspace.copied[1].objects)
                parts, held = _run_transactions(connection, number, batch, cuts, room, workspace.elevate)
                most = max(most, held)
                done += parts
            else:
                _run_step(connection, batch.steps[0], workspace.elevate)
                done.append(batch)
    return tuple(done), most


def _run_transactions(
    connection: Connection, number: int, batch: Batch, cuts: frozenset[int], room: int, elevate: Elevate
) -> tuple[list[Batch], int]:
    """Run a batch in one transaction, or in several, each ended at a clean cut when it held more locks than `room`."""
    starts, most, held = [0], 0, 0
    connection.execute("begin")
    for position, one in enumerate(batch.steps):
        if held > room and position in cuts:
            connection.execute("commit")
            connection.execute("begin")
            starts.append(position)
            held = 0
        try:
            _run_step(connection, one, elevate)
        except NotProvenError as error:
            if error.failure and error.failure.sqlstate == _NEEDS_COMMIT and position:
                raise NeedsCommitError(number, position) from error
            raise
        # Counting takes longer the more locks there are.
        if position % _LOOK == _LOOK - 1 or one is batch.steps[-1]:
            held = _held(connection)
            most = max(most, held)
    try:
        connection.execute("commit")
    except psycopg.Error as error:
        raise NotProvenError(step=batch.steps[-1], failure=Failure.of(error)) from error
    ends = [*starts[1:], len(batch.steps)]
    return [Batch(steps=batch.steps[start:end]) for start, end in zip(starts, ends, strict=True)], most


def _run_step(connection: Connection, one: Observed, elevate: Elevate) -> None:
    try:
        perform(connection, one.step.sql, elevate if one.acted else None)
    except UnsafeActError as error:
        raise NotProvenError(step=one, failure=Failure(message=error.message, hint=error.hint)) from error
    except psycopg.Error as error:
        raise NotProvenError(step=one, failure=Failure.of(error)) from error


def _held(connection: Connection) -> int:
    """How many places of the lock table the session's transaction takes."""
    query = "select count(*) from pg_catalog.pg_locks where pid = pg_catalog.pg_backend_pid() and not fastpath"
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def words(*, privileges: bool) -> list[str]:
    """How pg_dump is asked for what the witness compares."""
    return ["--no-owner", "--exclude-schema=dbsync", *([] if privileges else ["--no-privileges"])]


def witness(workspace: Workspace, dump: str, judged: Judged) -> Proof:
    """The proof that pg_dump said the same of a copy as of the desired database. NotProvenError if it did not."""

    def said(text: str) -> Any:
        older = workspace.older or workspace.scratch.version
        return entries(text, judged.kept, not_nulls=older >= 180000, maintain=older >= 170000)

    one, other = dump, workspace.dump(DESIRED, judged.words)
    if difference(said(one), said(other)):
        one, other = (workspace.reloaded(text, judged.words) for text in (one, other))
        if lines := difference(said(one), said(other)):
            raise NotProvenError(witness=tuple(lines))
    return Proof("pg_dump")


def witness_of_live(workspace: Workspace, dump: str, kept: tuple[Id, ...], *, privileges: bool) -> Proof | None:
    """The proof that pg_dump says the same of live, in whole, as of the desired database; None if it does not."""
    wanted = entries(workspace.dump(DESIRED, words(privileges=privileges)), kept)
    return None if difference(entries(dump, kept, owners=False, privileges=privileges), wanted) else Proof("pg_dump")

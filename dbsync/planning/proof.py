"""The proof: the whole plan, run on a fresh copy of live as apply will run it, ends where the file says."""

import dataclasses
from collections.abc import Callable
from typing import Any

import psycopg

from dbsync.compare import compare
from dbsync.errors import NoPlan
from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change
from dbsync.model.objects import Id
from dbsync.model.plan import Batch, Observed, Proof
from dbsync.pg.failures import Failure
from dbsync.planning.witness import difference, entries
from dbsync.planning.workspace import DESIRED, Workspace

Connection = psycopg.Connection[Any]

# unsafe_new_enum_value_usage: a label cannot be used in the transaction that adds it.
_NEEDS_COMMIT = "55P04"


class NotProvenError(Exception):
    """The plan does not end where the file says: what remains, what the witness says, or the step that failed."""

    def __init__(
        self,
        left: tuple[Change, ...] = (),
        witness: tuple[str, ...] = (),
        step: Observed | None = None,
        failure: Failure | None = None,
    ):
        super().__init__("not proven")
        self.left = left
        self.witness = witness
        self.step = step
        self.failure = failure


@dataclasses.dataclass(frozen=True)
class Judged:
    """How a copy is judged: `sides` gives (current, goal) in the same words for its name and what was read of it."""

    sides: Callable[[str, Catalog], tuple[Catalog, Catalog]]
    privileges: bool
    kept: tuple[Id, ...]
    """What live has and the file need not: dbsync leaves it alone."""


@dataclasses.dataclass(frozen=True)
class Proven:
    """The batches in which the steps run, what proves them, and where they end.

    `locks` is the most that one transaction held; `replayed` is the catalog of the copy afterwards, in its own words.
    """

    batches: tuple[Batch, ...]
    proof: Proof
    locks: int
    replayed: Catalog


def prove(workspace: Workspace, steps: tuple[Observed, ...], judged: Judged, *, elevated: bool) -> Proven:
    """Run the steps as apply will, and see where they end. NotProvenError if that is not where the file says."""
    batches = _batches(steps)
    for _ in range(len(steps) + 1):
        with workspace.fresh() as name:
            try:
                locks = _run(workspace, name, batches, elevated=elevated)
            except _NeedsCommitError as need:
                batches = _split(batches, need.batch, need.position)
                continue
            replayed = workspace.read(name)
            return Proven(batches, _witnessed(workspace, name, replayed, judged), locks, replayed)
    raise NoPlan("no order of transactions lets the steps run")


class _NeedsCommitError(Exception):
    """A step uses what an earlier step of its transaction made, and PostgreSQL wants a COMMIT in between."""

    def __init__(self, batch: int, position: int):
        super().__init__()
        self.batch = batch
        self.position = position


def _batches(steps: tuple[Observed, ...]) -> tuple[Batch, ...]:
    found: list[Batch] = []
    together: list[Observed] = []
    for one in steps:
        if one.step.transactional:
            together.append(one)
            continue
        if together:
            found.append(Batch(steps=tuple(together)))
        found.append(Batch(steps=(one,), transactional=False))
        together = []
    if together:
        found.append(Batch(steps=tuple(together)))
    return tuple(found)


def _split(batches: tuple[Batch, ...], number: int, position: int) -> tuple[Batch, ...]:
    """The batches with a COMMIT before a step: after the steps that take one, which then go first, if they can."""
    steps = batches[number].steps
    first = tuple(one for one in steps if one.step.takes_commit)
    rest = tuple(one for one in steps if not one.step.takes_commit)
    parts = (first, rest) if first and rest else (steps[:position], steps[position:])
    return (*batches[:number], *(Batch(steps=part) for part in parts), *batches[number + 1 :])


def _run(workspace: Workspace, name: str, batches: tuple[Batch, ...], *, elevated: bool) -> int:
    most = 0
    with workspace.running(name) as connection:
        for number, batch in enumerate(batches):
            if elevated:
                with workspace.elevate():
                    most = max(most, _run_batch(connection, number, batch))
            else:
                most = max(most, _run_batch(connection, number, batch))
    return most


def _run_batch(connection: Connection, number: int, batch: Batch) -> int:
    position = 0
    try:
        if not batch.transactional:
            connection.execute(batch.steps[0].step.sql.encode())
            return 0
        with connection.transaction():
            for position, one in enumerate(batch.steps):  # noqa: B007
                connection.execute(one.step.sql.encode())
            row = connection.execute(
                "select count(*) from pg_catalog.pg_locks where pid = pg_catalog.pg_backend_pid() and not fastpath"
            ).fetchone()
            return int(row[0]) if row else 0
    except psycopg.Error as error:
        if error.sqlstate == _NEEDS_COMMIT and position:
            raise _NeedsCommitError(number, position) from error
        raise NotProvenError(step=batch.steps[position], failure=Failure.of(error)) from error


def _witnessed(workspace: Workspace, name: str, replayed: Catalog, judged: Judged) -> Proof:
    """Compare the replayed copy with the goal, by our catalogs and by pg_dump's text."""
    current, goal = judged.sides(name, replayed)
    if left := compare(current, goal):
        raise NotProvenError(left=left)
    return witness(workspace, name, judged)


def witness(workspace: Workspace, name: str, judged: Judged) -> Proof:
    """The proof that pg_dump says the same of a database as of the desired one. NotProvenError if it does not."""
    extra = ["--no-owner", "--exclude-schema=dbsync"]
    extra += [] if judged.privileges else ["--no-privileges"]

    def said(dump: str) -> Any:
        return entries(dump, judged.kept)

    one, other = workspace.dump(name, extra), workspace.dump(DESIRED, extra)
    if difference(said(one), said(other)):
        one, other = (workspace.reloaded(dump, extra) for dump in (one, other))
        if lines := difference(said(one), said(other)):
            raise NotProvenError(witness=tuple(lines))
    return Proof("pg_dump")

"""Declared rows in a plan: loads the seeds file, reads live's rows, writes what differs, and proves that it ends well.

Live's rows go through the schema's steps on the copy, so that declared ones are compared with what will be there.
"""

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from dbsync.errors import NoPlan
from dbsync.load.run import LOADING
from dbsync.model.objects import Id
from dbsync.model.plan import Batch, Observed
from dbsync.model.rows import TableRows, Watched
from dbsync.model.text import Script
from dbsync.planning.batches import committed_before
from dbsync.planning.proof import NeedsCommitError, NotProvenError, run_batches
from dbsync.planning.refusal import no_plan
from dbsync.planning.workspace import COPY, DESIRED, Workspace
from dbsync.seeds.compare import Comparison
from dbsync.seeds.directives import directives
from dbsync.seeds.effects import effects
from dbsync.seeds.gather import gather
from dbsync.seeds.keys import keyed, parents_first
from dbsync.seeds.load import load
from dbsync.seeds.rehearse import rehearse, steps
from dbsync.seeds.statements import Gives, may_move
from dbsync.seeds.tables import THE_ROW, tables
from dbsync.seeds.wanted import Wanted, find, steady
from dbsync.seeds.write import Unit, Writer

Connection = psycopg.Connection[Any]

SEEDED, AGAIN, ROWS = "seeded", "seeded_again", "rows"

_MOST = 12


@dataclasses.dataclass(frozen=True)
class Declared:
    """The batches of a plan with what its declared rows need, what of them differs, and which of live's were read."""

    batches: tuple[Batch, ...]
    rows: tuple[TableRows, ...] = ()
    watched: tuple[Watched, ...] = ()
    notes: tuple[str, ...] = ()


class Seeding:
    """The declared rows of one plan."""

    def __init__(self, workspace: Workspace, script: Script, progress: Callable[[str], None]):
        self.workspace = workspace
        self.script = script
        self.progress = progress
        self.wanted: tuple[Wanted, ...] = ()
        self.watched: tuple[Watched, ...] = ()

    def prepare(self, live: Connection, after: Callable[[Id], Id]) -> None:
        """Load the file into copies of the desired database, and read live's rows of its keys.

        `after` gives the names that objects of live will have.

        SchemaError where the file cannot be loaded, ConnectionFailed where live's rows may not be read.
        """
        said = directives(self.script)
        self.progress("loading the seeds")
        scratch = self.workspace.scratch
        admin, given = self._load(SEEDED)
        with contextlib.closing(admin):
            known = tables(admin)
            found = find(admin, known, given)
            if self._moves(found):
                # What the clock or chance gives is not the same twice.
                again, same = self._load(AGAIN)
                with contextlib.closing(again):
                    found = steady(admin, again, found, same=find(again, known, same))
            self.wanted = keyed(admin, found, said, given, self.script)
            self.progress("reading live's rows")
            scratch.create(ROWS, template=COPY)
            with contextlib.closing(scratch.connect(ROWS)) as copy:
                self.watched = gather(live, admin, copy, self.wanted, known, after)

    def _load(self, name: str) -> tuple[Connection, tuple[tuple[Gives, ...], ...]]:
        """A session in a database with the file's rows, and what its statements give to which tables."""
        scratch = self.workspace.scratch
        scratch.create(name, template=DESIRED)
        admin = scratch.connect(name)
        try:
            with contextlib.closing(scratch.connect(name, role=self.workspace.role, settings=LOADING)) as connection:
                given = load(connection, admin, self.script)
        except BaseException:
            admin.close()
            raise
        return admin, given

    def _moves(self, found: Sequence[Wanted]) -> bool:
        """Whether values may differ with every load: those of a COPY, without triggers, hardly can."""
        return any(
            one.table.triggers or may_move(self.script.statements[index]) for one in found for index in one.given
        )

    def complete(self, batches: tuple[Batch, ...], *, elevated: bool) -> Declared:
        """The batches with the steps that make live's rows what the file says, and what differs. NoPlan names a row
        that live refuses."""
        self.progress("comparing rows")
        with self.workspace.fresh(template=ROWS) as name:
            self._run(name, batches, elevated=elevated)
            units, found, notes = self._differences(name)
            if not units:
                return Declared(batches, found, self.watched)
            try:
                done = self._proven(_joined(batches, steps(units, self.script)), elevated=elevated)
            except NoPlan:
                # In another order they may run, or else the row is named that keeps them from it.
                ordered = self._ordered(name, units)
                done = self._proven(_joined(batches, steps(ordered, self.script)), elevated=elevated)
        return Declared(done, found, self.watched, notes)

    def _ordered(self, name: str, units: list[Unit]) -> list[Unit]:
        """The statements in an order in which they run; changes first, where keys that others take over turn rows that
        are there into those that are missing. NoPlan names a row that is refused."""
        try:
            return self._rehearsed(name, units)
        except NoPlan:
            changes = [unit for unit in units if unit.verb == "update"]
            if not changes or len(changes) == len(units):
                raise
            with contextlib.suppress(psycopg.Error, NoPlan):
                with contextlib.closing(self.workspace.running(name)) as connection, connection.transaction():
                    for unit in changes:
                        connection.execute(unit.sql.encode())
                return [*changes, *self._rehearsed(name, self._differences(name)[0])]
            raise

    def _rehearsed(self, name: str, units: list[Unit]) -> list[Unit]:
        with contextlib.closing(self.workspace.running(name)) as connection:
            return rehearse(connection, units, self.script)

    def _proven(self, batches: tuple[Batch, ...], *, elevated: bool) -> tuple[Batch, ...]:
        """The batches as they run on a fresh copy, in which the rows are then what the file says.

        What foreign keys made of declared rows on the way is put right at the end.
        """
        self.progress("proving the rows")
        righted = False
        for _ in range(sum(len(batch.steps) for batch in batches) + 2):
            with self.workspace.fresh(template=ROWS) as name:
                try:
                    self._run(name, batches, elevated=elevated)
                except NeedsCommitError as need:
                    batches = committed_before(batches, need.batch, need.position)
                    continue
                units, found, _ = self._differences(name)
                if not units:
                    return batches
                if righted or not all(self._follows(unit) for unit in units):
                    raise _unsettled(found, units)
                righted = True
                batches = _joined(batches, steps(units, self.script))
        raise NoPlan("no order of transactions lets the steps run")

    def _follows(self, unit: Unit) -> bool:
        """Whether a statement changes rows that foreign keys change, too."""
        (keys,) = (one.table.parents for one in self.wanted if one.table.path == unit.table)
        return unit.verb == "update" and any(key.action(name)[1] for key in keys for name in (THE_ROW, *key.targets))

    def _run(self, name: str, batches: tuple[Batch, ...], *, elevated: bool) -> None:
        try:
            run_batches(self.workspace, name, batches, sys.maxsize, elevated=elevated)
        except NotProvenError as error:
            told = no_plan([error], self.workspace.role, superuser=self.workspace.superuser, goal="")
            raise NoPlan("A step fails with the rows that live has", detail=told.detail, hint=told.hint) from error

    def _differences(self, name: str) -> tuple[list[Unit], tuple[TableRows, ...], tuple[str, ...]]:
        """The statements that make the rows what the file says, what of them differs, and what else is to be told."""
        scratch = self.workspace.scratch
        with contextlib.closing(scratch.connect(name)) as copy, contextlib.closing(scratch.connect(SEEDED)) as seeded:
            comparison = Comparison(copy, seeded, self.wanted)
            order = parents_first(self.wanted)
            elsewhere = effects(comparison, tables(copy), order)
            writer = Writer(comparison, self.script, elsewhere)
            for one in self.wanted:
                if twice := comparison.ambiguous(one):
                    place = self.script.statements[twice[0]].place
                    raise NoPlan(
                        f"{place}:{place.column}: more than one row of {one.table.name} on live has the key"
                        f" ({', '.join(one.key)}) = ({twice[1]})",
                        hint="name a key that tells them apart: -- dbsync: key (…), in front of the statement",
                    )
            units = writer.units(order)
            comparison.close()
        return units, tuple(sorted(writer.tables, key=lambda one: one.table)), elsewhere.notes


def _joined(batches: tuple[Batch, ...], more: tuple[Observed, ...]) -> tuple[Batch, ...]:
    """The steps behind those of the last transaction, in the same one if it is one."""
    if batches and batches[-1].transactional and not any(one.step.apart for one in batches[-1].steps):
        return (*batches[:-1], dataclasses.replace(batches[-1], steps=(*batches[-1].steps, *more)))
    return (*batches, Batch(steps=more))


def _unsettled(found: Sequence[TableRows], units: Sequence[Unit]) -> NoPlan:
    lines = []
    for one in found:
        for change in one.changes[:_MOST]:
            names = ", ".join(change.after) if change.before and change.after else "the row"
            key = ", ".join(str(value) for value in change.key)
            lines.append(f"  {one.table.name} {key}: {names} ({change.place or one.place})")
    lines = lines or [f"  {unit.sql}" for unit in units[:_MOST]]
    return NoPlan(
        "No plan could be proven: rows that were written are not as they were declared",
        detail="\n".join(["These would still differ:", *lines[:_MOST]]),
        hint="a trigger or a rule of the table may change what is written: leave these columns out of the seeds file",
    )

"""Rows in a plan: what should be there, what live has, the steps that write what differs, and the proof of them.

Live's rows go through the schema's steps on the copy, so that declared ones are compared with what will be there; those
that are put back as they were come before these steps.
"""

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from dbsync.errors import NoPlan
from dbsync.hazards import ask
from dbsync.model.hazards import Hazard
from dbsync.model.objects import Id
from dbsync.model.plan import Batch, Observed
from dbsync.model.rows import FormerRows, TableRows, Values, Watched
from dbsync.pg.event_triggers import resting, silence
from dbsync.planning.batches import committed_before
from dbsync.planning.proof import NeedsCommitError, NotProvenError, run_batches
from dbsync.planning.refusal import no_plan
from dbsync.planning.rows_wanted import SEEDED, RowsWanted, as_it_is
from dbsync.planning.workspace import COPY, Workspace
from dbsync.seeds.compare import Comparison
from dbsync.seeds.effects import effects
from dbsync.seeds.gather import gather
from dbsync.seeds.keep import forgotten
from dbsync.seeds.keys import parents_first
from dbsync.seeds.rehearse import rehearse, steps
from dbsync.seeds.same import unchanged
from dbsync.seeds.seen import as_declared, first
from dbsync.seeds.staging import own_path
from dbsync.seeds.tables import THE_ROW, Path, tables
from dbsync.seeds.wanted import Wanted
from dbsync.seeds.write import Unit, Writer

Connection = psycopg.Connection[Any]

ROWS = "rows"

_MOST = 12


@dataclasses.dataclass(frozen=True)
class Declared:
    """The batches of a plan with what its declared rows need, what of them differs, which of live's were read, and what
    those that are written were before."""

    batches: tuple[Batch, ...]
    rows: tuple[TableRows, ...] = ()
    watched: tuple[Watched, ...] = ()
    notes: tuple[str, ...] = ()
    former: tuple[FormerRows, ...] = ()


class Seeding:
    """The declared rows of one plan."""

    def __init__(self, workspace: Workspace, rows: RowsWanted, progress: Callable[[str], None]):
        self.workspace = workspace
        self.rows = rows
        self.script = rows.script
        self.progress = progress
        self.wanted: tuple[Wanted, ...] = ()
        self.watched: tuple[Watched, ...] = ()
        self.path = ""
        """The search_path that the role's sessions have in the live database."""
        self.same = False
        """Whether live has every row as it should be, which spares bringing them."""
        self.there: dict[Path, tuple[Values, ...]] = {}
        """The first rows of each table, where that is so."""
        self.ahead: tuple[Batch, ...] = ()
        """What is written before the schema's steps."""

    def prepare(self, live: Connection, after: Callable[[Id], Id], *, alike: bool) -> None:
        """Put the rows that should be there into stores, and read live's rows of their keys.

        `after` gives the names that objects of live will have; `alike` tells that the schema has nothing to do, so that
        rows which are the same now are not to be changed by a step.

        SchemaError where a file cannot be loaded, ConnectionFailed where live's rows may not be read.
        """
        self.progress(f"loading {self.rows.name}")
        scratch = self.workspace.scratch
        admin, known, self.wanted = self.rows.load(self.workspace, after)
        with contextlib.closing(admin):
            self.progress("reading live's rows")
            if alike and not self.rows.first and (found := unchanged(live, admin, self.wanted)) is not None:
                self.watched, self.same = found, True
                self.there = {one.table.path: tuple(first(admin, one)) for one in self.wanted}
                return
            scratch.create(ROWS, template=COPY)
            with (
                contextlib.closing(scratch.connect(ROWS)) as superuser,
                resting(superuser),
                contextlib.closing(scratch.connect_as_owner(ROWS)) as copy,
            ):
                called = as_it_is if self.rows.first else after
                self.path = own_path(live)
                self.watched = gather(live, admin, copy, self.wanted, known, called)

    def complete(self, batches: tuple[Batch, ...]) -> Declared:
        """The batches with the steps that make live's rows what the file says, and what differs. NoPlan names a row
        that live refuses."""
        self.progress("comparing rows")
        if self.same:
            found = tuple(as_declared(one, self.script, self.there[one.table.path]) for one in self.wanted)
            return Declared(batches, tuple(sorted(found, key=lambda one: one.table)), self.watched)
        before = () if self.rows.first else batches
        with self.workspace.fresh(template=ROWS) as name:
            self._run(name, before)
            units, writer = self._differences(name)
            found = _found(writer)
            if not units:
                return Declared(batches, found, self.watched)
            try:
                done = self._proven(_joined(before, self._steps(units)))
            except NoPlan:
                # In another order they may run, or else the row is named that keeps them from it.
                ordered = self._ordered(name, units)
                done = self._proven(_joined(before, self._steps(ordered)))
        if self.rows.first:
            self.ahead = done
            done = self._followed(batches)
        notes = (*writer.effects.notes, *(forgotten(one) for one in writer.former if one.unknown))
        former = tuple(dataclasses.replace(one, ahead=self.rows.first) for one in writer.former)
        return Declared(done, found, self.watched, notes, former)

    def _steps(self, units: Sequence[Unit]) -> tuple[Observed, ...]:
        found = steps(units, self.script)
        if self.rows.hint is None:
            return found
        # Only in a file there is a place to look at.
        return tuple(dataclasses.replace(one, step=dataclasses.replace(one.step, place=None)) for one in found)

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
            return rehearse(connection, units, self.script, self.path, self.rows.hint)

    def _proven(self, batches: tuple[Batch, ...]) -> tuple[Batch, ...]:
        """The batches as they run on a fresh copy, in which the rows are then what the file says.

        What foreign keys made of declared rows on the way is put right at the end.
        """
        self.progress("proving the rows")
        righted = False
        for _ in range(sum(len(batch.steps) for batch in batches) + 2):
            with self.workspace.fresh(template=ROWS) as name:
                try:
                    self._run(name, batches)
                except NeedsCommitError as need:
                    batches = committed_before(batches, need.batch, need.position)
                    continue
                units, writer = self._differences(name)
                if not units:
                    return batches
                if righted or not all(self._follows(unit) for unit in units):
                    raise _unsettled(_found(writer), units, self.rows.hint)
                righted = True
                batches = _joined(batches, self._steps(units))
        raise NoPlan("no order of transactions lets the steps run")

    def _follows(self, unit: Unit) -> bool:
        """Whether a statement changes rows that foreign keys change, too."""
        (keys,) = (one.table.parents for one in self.wanted if one.table.path == unit.table)
        return unit.verb == "update" and any(key.action(name)[1] for key in keys for name in (THE_ROW, *key.targets))

    def _followed(self, batches: tuple[Batch, ...]) -> tuple[Batch, ...]:
        """What is written first, and then these, in one transaction if they can be."""
        *first, last = self.ahead
        if batches and last.transactional and batches[0].transactional:
            together = (*first, Batch(steps=(*last.steps, *batches[0].steps)), *batches[1:])
            with contextlib.suppress(NeedsCommitError, NoPlan), self.workspace.fresh(template=ROWS) as name:
                self._run(name, together)
                return together
        with self.workspace.fresh(template=ROWS) as name:
            self._run(name, (*self.ahead, *batches))
        return (*self.ahead, *batches)

    def left(self, hazards: Sequence[Hazard], *, timeout: float) -> tuple[Hazard, ...]:
        """The hazards that are left when what is written first has put rows out of the way."""
        put = [one.question for one in hazards if one.blocks]
        if not (put and self.ahead):
            return tuple(hazards)

        def rows(name: str) -> list[int]:
            with contextlib.closing(self.workspace.scratch.connect_as_owner(name)) as copy:
                return [one.rows or 0 for one in ask(copy, put, timeout=timeout, progress=self.progress)]

        with self.workspace.fresh(template=ROWS) as name:
            before = rows(name)
            self._run(name, self.ahead)
            after = rows(name)
        gone = {question: one - two for question, one, two in zip(put, before, after, strict=True)}
        return tuple(left for one in hazards if (left := _less(one, gone.get(one.question, 0))))

    def _run(self, name: str, batches: tuple[Batch, ...]) -> None:
        try:
            run_batches(self.workspace, name, batches, sys.maxsize)
        except NotProvenError as error:
            told = no_plan(error, self.workspace.role, superuser=self.workspace.superuser, goal="")
            raise NoPlan("A step fails with the rows that live has", detail=told.detail, hint=told.hint) from error

    def _differences(self, name: str) -> tuple[list[Unit], Writer]:
        """The statements that make the rows what they should be, and their writer, which knows what differs."""
        scratch = self.workspace.scratch
        with contextlib.closing(scratch.connect(name)) as superuser:
            silence(superuser)
        with (
            contextlib.closing(scratch.connect_as_owner(name)) as copy,
            contextlib.closing(scratch.connect_as_owner(SEEDED)) as seeded,
        ):
            comparison = Comparison(copy, seeded, self.wanted)
            order = parents_first(self.wanted)
            elsewhere = effects(comparison, tables(copy), order)
            writer = Writer(comparison, self.script, elsewhere)
            for one in self.wanted:
                if twice := comparison.ambiguous(one):
                    place = self.script.statements[twice[0]].place
                    where = place.file if self.rows.hint is not None else f"{place}:{place.column}"
                    raise NoPlan(
                        f"{where}: more than one row of {one.table.name} on live has the key"
                        f" ({', '.join(one.key)}) = ({twice[1]})",
                        hint=self.rows.hint
                        or "name a key that tells them apart: -- dbsync: key (…), in front of the statement",
                    )
            units = writer.units(order)
            comparison.close()
        return units, writer


def _less(one: Hazard, gone: int) -> Hazard | None:
    """A hazard without some of its rows, of which it is not known which they are."""
    if gone <= 0 or one.at_least or one.rows is None:
        return one
    return dataclasses.replace(one, rows=one.rows - gone, examples=()) if one.rows > gone else None


def _joined(batches: tuple[Batch, ...], more: tuple[Observed, ...]) -> tuple[Batch, ...]:
    """The steps behind those of the last transaction, in the same one if it is one."""
    if batches and batches[-1].transactional and not any(one.step.apart for one in batches[-1].steps):
        return (*batches[:-1], dataclasses.replace(batches[-1], steps=(*batches[-1].steps, *more)))
    return (*batches, Batch(steps=more))


def _found(writer: Writer) -> tuple[TableRows, ...]:
    """What differs, by table."""
    return tuple(sorted(writer.tables, key=lambda one: one.table))


def _unsettled(found: Sequence[TableRows], units: Sequence[Unit], hint: str | None) -> NoPlan:
    lines = []
    for one in found:
        for change in one.changes[:_MOST]:
            names = ", ".join(change.columns) if change.before and change.after is not None else "the row"
            key = ", ".join(str(value) for value in change.key)
            where = "" if hint is not None else f" ({change.place or one.place})"
            lines.append(f"  {one.table.name} {key}: {names}{where}")
    lines = lines or [f"  {unit.sql}" for unit in units[:_MOST]]
    return NoPlan(
        "No plan could be proven: rows that were written are not as they were declared",
        detail="\n".join(["These would still differ:", *lines[:_MOST]]),
        hint="a trigger or a rule of the table may change what is written: "
        + (hint or "leave these columns out of the seeds file"),
    )

"""The pipeline: from live and the files to a proven plan."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from dbsync.authors.draft import Draft
from dbsync.compare import compare
from dbsync.errors import NoPlan
from dbsync.hazards import Facts, Moved, questions
from dbsync.kinds.column import Column
from dbsync.kinds.index import Index
from dbsync.load.definitions import extensions
from dbsync.load.lasting import lasting
from dbsync.load.secrets import masked_script
from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change
from dbsync.model.hazards import Hazard
from dbsync.model.objects import Id
from dbsync.model.plan import Observed, Plan, Proof
from dbsync.planning.again import Again
from dbsync.planning.annotate import FilePlaces, annotated
from dbsync.planning.asking import Asked, about_rows, by_identity
from dbsync.planning.drafting import Drafting
from dbsync.planning.guards import guards
from dbsync.planning.live import Live, looking
from dbsync.planning.making import Making, making
from dbsync.planning.manage import goal, kept, settled
from dbsync.planning.memory import Memory, about
from dbsync.planning.newcomers import newcomers
from dbsync.planning.newer import refuse_newer, refuse_unread
from dbsync.planning.online import large, online
from dbsync.planning.proof import Judged, NotProvenError, Proven, prove, witness, witness_of_live, words
from dbsync.planning.refusal import closest, no_plan, refusals
from dbsync.planning.renames import possible_renames
from dbsync.planning.renaming import renamed, with_renames
from dbsync.planning.request import PlanRequest, Progress
from dbsync.planning.seeding import Declared, Seeding
from dbsync.planning.settle import Settler, unlike
from dbsync.planning.sources import Recorded, SchemaFiles, Source
from dbsync.planning.verify import ANY
from dbsync.planning.workspace import COPY, DESIRED, Workspace
from dbsync.scratch.provider import Needs, open_scratch

Connection = psycopg.Connection[Any]
Looked = contextlib.AbstractContextManager[Live]

__all__ = ["PlanRequest", "go_back", "look", "make_plan"]

_STANDBY = "live was read on a standby, where nothing can be applied: name the primary to dbsync apply"


def make_plan(request: PlanRequest, progress: Progress, looked: Looked | None = None) -> Plan:
    """The proven plan. NoPlan if none could be proven, SchemaError, ConnectionFailed, ScratchError as they say.

    `looked` is live, where it is looked at already; its context ends when live is read.
    """
    return _make(request, _files(request), progress, _Planning.plan, looked, again=True)


def go_back(request: PlanRequest, state: Recorded, progress: Progress) -> Plan:
    """The proven plan that ends in a recorded state, whatever the schema file says; errors as of `make_plan`."""
    return _make(request, state, progress, _Planning.plan)


def look(request: PlanRequest, progress: Progress, looked: Looked | None = None) -> Plan:
    """A plan without steps, that only says what differs; `looked` and errors as of `make_plan`."""
    return _make(request, _files(request), progress, _Planning.comparison, looked)


def _files(request: PlanRequest) -> SchemaFiles:
    return SchemaFiles(request.schema, request.seeds, request.include_path)


def _make(
    request: PlanRequest,
    source: Source,
    progress: Progress,
    finish: "Callable[[_Planning], Plan]",
    looked: Looked | None = None,
    *,
    again: bool = False,
) -> Plan:
    """With `again` the plan is kept for those who ask for it again."""
    began = time.monotonic()
    script, rows = source.script, source.rows.script
    with contextlib.ExitStack() as stack:
        with looked or looking(request.target) as live:
            progress("reading live")
            memory = Memory(request, script.files, rows.files, live.facts)
            if known := memory.recall(live, closely=True):
                return dataclasses.replace(source.named(known), seconds=time.monotonic() - began)
            tables = large(live.connection, request.online)
            needs = Needs.of(live.facts, extensions(script), load_timeout=request.load_timeout)
            progress("starting a scratch server")
            scratch = stack.enter_context(
                open_scratch(request.scratch, needs, environ=request.environ, live=request.target)
            )
            workspace = Workspace(scratch, live.facts.role, superuser=live.facts.superuser, version=live.facts.version)
            progress("copying live's schema")
            databases = stack.enter_context(making(workspace, source, live))
            databases.read(request)
            planning: _Planning | None = None
            if rows.statements:
                # Which rows of live count is known only when the seeds are loaded.
                planning = _Planning(request, progress, source, live, databases, tables, seeded=True)
                planning.seed(live.connection)
        # While the plan is written and proven no snapshot of live is held.
        plan = finish(planning or _Planning(request, progress, source, live, databases, tables))
    if lasting(script):
        # What pg_dump could not read this time it may read the next.
        if not plan.empty and again and databases.dump is not None:
            Again(memory).keep(plan, live, tables)
        elif plan.empty and not plan.differs:
            memory.keep(plan, live)
    return dataclasses.replace(source.named(plan), seconds=time.monotonic() - began)


class _Planning:
    """One plan in the making: both sides are scratch databases now."""

    def __init__(
        self,
        request: PlanRequest,
        progress: Progress,
        source: Source,
        live: Live,
        databases: Making,
        tables: frozenset[str],
        *,
        seeded: bool = False,
    ):
        """`tables` are those of live that are too large to be blocked for long; `seeded`, that rows are declared."""
        progress(f"loading {source.name}")
        self.request = request
        self.progress = progress
        self.source = source
        self.seeding: Seeding | None = None
        self.managed = managed = source.managed(request.manage)
        self.aimed: tuple[Catalog, Catalog] | None = None
        self.live = live
        self.workspace = workspace = databases.workspace
        _ = live.catalog.fingerprint  # takes its time, which the file takes anyway
        self.loaded = loaded = databases.loaded()
        self.settler = Settler(workspace.anew, workspace.reload, DESIRED)
        progress("comparing")
        with ThreadPoolExecutor(1) as beside:
            beside.submit(workspace.dump, DESIRED, words(privileges=managed.privileges))
            self.desired = workspace.read(DESIRED)
        wishes = source.wishes(loaded.places, self.desired)
        self.proof = None if seeded or wishes else self.equal(databases.dump)
        self.copy = copy = live.catalog if self.proof else databases.copied(self.desired)
        self.unlike = unlike(live.catalog, copy)
        self.begun = renamed(workspace, self.settler, copy, self.desired, wishes)
        self.before = self.begun.catalog
        self.given: tuple[str, ...] = ()
        if not self.proof:
            self.desired, self.given = newcomers(workspace, self.begun, self.desired, source, managed)
        self.places = FilePlaces(loaded.places, self.desired)
        now = {live: name for name, live in self.begun.names().items()}
        self.large = frozenset(now.get(table, table) for table in tables)
        self.wanted = self.aim(self.before)
        self.refuse_newer()
        self.current, self.goal = self.sides(self.begun.database, self.before)
        self.judged = Judged(self.sides, managed.privileges, kept(self.wanted, self.desired), self.begun.after)

    def refuse_newer(self) -> None:
        """Nothing that live's server lacks is planned, where it is older than the scratch server."""
        if older := self.workspace.older:
            script, target = self.source.script, self.request.target
            with self.workspace.scratch.connect(DESIRED) as desired:
                refuse_newer(desired, self.desired, self.wanted, self.places, script, target, older)

    def aim(self, current: Catalog) -> Catalog:
        """What `current` is to become; that of live itself is asked for twice, where live needs no copy."""
        if self.aimed is None or self.aimed[0] is not current:
            self.aimed = current, goal(current, self.desired, self.managed)
        return self.aimed[1]

    def equal(self, dump: str | None) -> Proof | None:
        """The proof that live is what the file says, where its own words and its dump show that: no copy is needed."""
        live, managed = self.live.catalog, self.managed
        if dump is None or self.workspace.older:
            return None
        wanted = self.aim(live)
        if compare(settled(live, live, wanted, managed), wanted):
            return None
        return witness_of_live(self.workspace, dump, kept(wanted, self.desired), privileges=managed.privileges)

    def seed(self, connection: Connection) -> None:
        """Load the rows that should be there, and read live's that they concern."""
        self.seeding = Seeding(self.workspace, self.source.rows, self.progress)
        alike = not self.begun.steps and not compare(self.current, self.goal)
        self.seeding.prepare(connection, self.begun.after, alike=alike)

    def sides(self, database: str, read: Catalog) -> tuple[Catalog, Catalog]:
        """What was read of a copy of live, and where it is to end, in the same words."""
        current = settled(read, self.before, self.wanted, self.managed)
        return self.settler.sides(database, current, self.wanted)

    def comparison(self) -> Plan:
        """Only what differs."""
        changes = compare(self.current, self.goal)
        proof = Proof("")
        if changes or self.begun.steps:
            # Rows can be compared once their tables are as the file has them.
            self.seeding = None
        else:
            proof = self.nothing_to_do()
        return self.made(Proven((), proof, 0, self.before), changes)

    def plan(self) -> Plan:
        changes = compare(self.current, self.goal)
        if not changes and not self.begun.steps:
            return self.made(Proven((), self.nothing_to_do(), 0, self.before), changes)
        if not changes:
            return self.only_renamed()
        drafting = Drafting(self.workspace, (self.current, self.goal), self.sides, self.progress, self.begun)
        failures: list[Draft | NotProvenError] = []
        for drafts in drafting.rounds(self.request.author):
            failures += [one for one in drafts if not one.complete]
            for one in sorted((one for one in drafts if one.complete), key=Draft.cost):
                self.progress(f"proving the plan ({len(one.steps)} steps)")
                try:
                    proven, ordinary = self.online(one)
                except NotProvenError as error:
                    failures.append(error)
                else:
                    notes = (*drafting.notes, *one.notes(), *ordinary)
                    return self.made(proven, changes, notes)
        if not failures:
            raise NoPlan(*drafting.notes, hint="--author best lets dbsync write the plan itself")
        raise self.no_plan(failures)

    def online(self, draft: Draft) -> tuple[Proven, tuple[str, ...]]:
        """A draft in online forms, as far as it can be, with notes. NotProvenError if it cannot even be as it is."""
        return online(
            self.workspace,
            draft,
            self.begun.steps,
            self.large,
            self.live.facts.version,
            [thing.id.name for thing in self.before.objects.values() if isinstance(thing, Index) and not thing.valid],
            self.proven,
        )

    def proven(self, steps: tuple[Observed, ...]) -> Proven:
        """The renames and then these steps, proven as one. NotProvenError if they do not end where the file says."""
        first = (*self.begun.steps, *steps)
        return prove(self.workspace, first, self.judged, self.moved(steps), room=self.room)

    def moved(self, steps: tuple[Observed, ...]) -> dict[tuple[str, ...], Moved]:
        """The tables that the steps make again with their rows, by their paths at the end."""
        found: dict[tuple[str, ...], Moved] = {}
        wanted = {one.step.about for one in steps if one.step.puts_back}
        for table in self.copy.objects if wanted else ():
            if (after := self.begun.after(table)) in wanted:
                columns = [one.id for one in self.copy.children.get(table, ()) if isinstance(one, Column)]
                names = {self.begun.after(column).path[2]: column.path[2] for column in columns}
                found[after.path] = Moved(table.path, names)
        return found

    def only_renamed(self) -> Plan:
        """The plan where nothing is left to do after the renames."""
        try:
            return self.made(self.proven(()), ())
        except NotProvenError as error:
            raise self.no_plan([error]) from error

    def nothing_to_do(self) -> Proof:
        """That both sides are equal is proven by the witness too."""
        if self.proof:
            return self.proof
        try:
            return witness(self.workspace, self.workspace.dump(COPY, self.judged.words), self.judged)
        except NotProvenError as error:
            raise self.no_plan([error]) from error

    def no_plan(self, failures: list[Draft | NotProvenError]) -> NoPlan:
        """The error that says why."""
        facts, nearest = self.live.facts, closest(failures)
        known = guards(self.workspace, refusals(nearest))
        return no_plan(nearest, facts.role, superuser=facts.superuser, goal=self.source.goal, guards=known)

    @property
    def room(self) -> int:
        """How many locks a transaction may hold: half of live's lock table is for live's other sessions."""
        return self.live.facts.lock_capacity // 2

    def lock_notes(self, proven: Proven) -> tuple[str, ...]:
        """What the size of live's lock table means for the plan."""
        capacity = self.live.facts.lock_capacity
        if proven.locks > capacity:
            held = f"one transaction of this plan holds {proven.locks:,} locks, and live's lock table is sized for"
            return (f"{held} {capacity:,}: raise max_locks_per_transaction before you apply it",)
        if proven.parted:
            why = f"one for all would hold more than half of live's lock table, which is sized for {capacity:,} locks"
            return (f"there are several transactions, because {why}; should one fail, those before it stay applied",)
        return ()

    def replayed(self, proven: Proven) -> Mapping[Id, str]:
        """The digests that live's objects are to have when the plan was applied."""
        if self.workspace.older:
            # What another major version prints is not what live will print: there only the names count.
            return dict.fromkeys(proven.replayed.objects, ANY)
        return self.begun.digests(self.live.catalog, self.copy, proven.replayed)

    def asked(self, proven: Proven, changes: tuple[Change, ...]) -> Asked:
        """What live says of its rows."""
        steps = [one for batch in proven.batches for one in batch.steps]
        if proven.lineage is None or not steps:
            return Asked()
        connect_scratch = self.workspace.scratch.connect_as_owner
        with connect_scratch(COPY) as copy, connect_scratch(DESIRED) as desired:
            facts = Facts(
                changes=changes,
                current=self.copy,
                begun=self.before,
                goal=self.goal,
                lineage=proven.lineage,
                steps=steps,
                copy=copy,
                desired=desired,
                oids=by_identity(self.desired),
                version=self.live.facts.version,
            )
            put = questions(facts)
        return about_rows(
            self.request.target,
            put,
            steps,
            self.begun.names(),
            lineage=proven.lineage,
            timeout=self.request.question_timeout,
            progress=self.progress,
        )

    def declared(self, proven: Proven, rows: Asked) -> tuple[Declared, tuple[Hazard, ...]]:
        """The batches with what rows that should be there need, unless the steps before that would fail on live; and
        the hazards that are left."""
        batches = annotated(proven.batches, self.places, self.goal)
        if self.seeding is None:
            return Declared(batches), rows.hazards
        blocked = any(one.blocks for one in rows.hazards)
        if blocked and not self.seeding.rows.first:
            note = "declared rows were not compared: rows are in the way of the schema"
            return Declared(batches, notes=(note,)), rows.hazards
        declared = self.seeding.complete(batches)
        return declared, self.seeding.left(rows.hazards, timeout=self.request.question_timeout)

    def made(self, proven: Proven, changes: tuple[Change, ...], notes: tuple[str, ...] = ()) -> Plan:
        rows = self.asked(proven, changes)
        seeded, hazards = self.declared(proven, rows)
        if self.workspace.older:
            refuse_unread(seeded.batches, self.request.target, self.workspace.older)
        return Plan(
            **about(self.request, self.source.script.files, self.source.rows.script.files, self.live.facts),
            schema_text=masked_script(self.source.script),
            manage=self.request.manage,
            current_fingerprint=self.live.catalog.fingerprint,
            current=self.live.catalog.digests,
            hazards=hazards,
            sizes=rows.sizes,
            changes=with_renames(changes, self.begun, self.goal),
            renamed=self.begun.renames,
            batches=seeded.batches,
            rows=seeded.rows,
            watched=seeded.watched,
            goal="what the schema file and the seeds file say" if seeded.rows else "what the schema file says",
            proof=proven.proof,
            # What is equal has the same; live's was taken while the file was loaded.
            desired_fingerprint=(self.goal if changes else self.current).fingerprint,
            renames=possible_renames(changes, self.places, dict(self.source.script.files)),
            kept=self.judged.kept,
            notes=(
                *self.workspace.scratch.notes,
                *self.workspace.notes,
                *self.unlike,
                *self.begun.notes,
                *self.given,
                *map(str, self.loaded.notes),
                *notes,
                *rows.notes,
                *seeded.notes,
                *self.lock_notes(proven),
                *([_STANDBY] if self.live.facts.in_recovery else []),
            ),
            scratch=self.workspace.scratch.label,
            locks=proven.locks,
            replayed=self.replayed(proven),
            before=self.workspace.state(seeded.former) if seeded.batches else None,
        )

"""The pipeline: from live and the files to a proven plan."""

import dataclasses
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import postgast

from dbsync.authors import migra
from dbsync.authors.draft import Draft, draft
from dbsync.authors.touched import INSTALL, REMOVE, Listener
from dbsync.compare import compare
from dbsync.errors import NoPlan
from dbsync.load.run import Loaded
from dbsync.load.script import read_script
from dbsync.load.secrets import masked_script
from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change
from dbsync.model.objects import Id
from dbsync.model.plan import Identity, Plan, Proof
from dbsync.model.text import Script
from dbsync.pg.connect import Target, connect
from dbsync.planning.annotate import FilePlaces, annotated
from dbsync.planning.live import Live, reading
from dbsync.planning.manage import Managed, declared, goal, kept, settled
from dbsync.planning.proof import Judged, NotProvenError, Proven, prove, witness
from dbsync.planning.refusal import no_plan
from dbsync.planning.renames import possible_renames
from dbsync.planning.settle import Settler
from dbsync.planning.workspace import COPY, DESIRED, Workspace
from dbsync.replay import Replay
from dbsync.scratch.provider import Needs, open_scratch

Progress = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """What a plan is asked for: live, the schema file, and how to get there."""

    target: Target
    schema: Path
    manage: str = "auto"
    scratch: str = "auto"
    author: str = "best"
    environ: Mapping[str, str] = dataclasses.field(default_factory=dict)


def make_plan(request: PlanRequest, progress: Progress) -> Plan:
    """The proven plan. NoPlan if none could be proven, SchemaError, ConnectionFailed, ScratchError as they say."""
    began = time.monotonic()
    script = read_script(request.schema)
    managed = declared(script, request.manage)
    with connect(request.target, read_only=True) as connection:
        progress("reading live")
        with reading(connection) as live:
            with open_scratch(
                request.scratch, _needs(live, script), environ=request.environ, live=request.target
            ) as scratch:
                workspace = Workspace(scratch, live.facts.role, superuser=live.facts.superuser)
                progress("copying live's schema")
                dump = scratch.dump_live(request.target, snapshot=live.snapshot)
                workspace.copy(dump, live.catalog)
                progress(f"loading {request.schema.name}")
                loaded = workspace.load(script)
                plan = _Planning(request, progress, script, managed, live, workspace, loaded).plan()
    return dataclasses.replace(plan, seconds=time.monotonic() - began)


class _Planning:
    """One plan in the making: both sides are scratch databases now."""

    def __init__(
        self,
        request: PlanRequest,
        progress: Progress,
        script: Script,
        managed: Managed,
        live: Live,
        workspace: Workspace,
        loaded: Loaded,
    ):
        self.request = request
        self.progress = progress
        self.script = script
        self.managed = managed
        self.live = live
        self.workspace = workspace
        self.loaded = loaded
        self.settler = Settler(workspace.reload, DESIRED)
        progress("comparing")
        self.desired = workspace.read(DESIRED)
        self.before = workspace.read(COPY)
        self.wanted = goal(self.before, self.desired, managed)
        self.current, self.goal = self.sides(COPY)
        self.judged = Judged(self.sides, managed.privileges, managed.extensions)

    def sides(self, database: str) -> tuple[Catalog, Catalog]:
        """A copy of live as it is now, and where it is to end, in the same words."""
        current = settled(self.workspace.read(database), self.before, self.wanted, self.managed)
        return self.settler.sides(database, current, self.wanted)

    def plan(self) -> Plan:
        changes = compare(self.current, self.goal)
        if not changes:
            return self.made(Proven((), self.nothing_to_do(), 0, self.current), changes)
        failures: list[Draft | NotProvenError] = []
        drafts = self.drafts(failures)
        for one in sorted(drafts, key=lambda d: (d.cost(), d.author != "migra")):
            self.progress(f"proving the plan ({len(one.steps)} steps)")
            try:
                proven = prove(self.workspace, one.steps, self.judged, elevated=one.elevated)
            except NotProvenError as error:
                failures.append(error)
                continue
            return self.made(proven, changes)
        raise no_plan(failures, self.live.facts.role, self.live.facts.superuser)

    def drafts(self, failures: list[Draft | NotProvenError]) -> list[Draft]:
        """The complete drafts of the authors asked for; what was tried and did not get there goes into `failures`."""
        found: list[Draft] = []
        if self.request.author in ("best", "dbsync"):
            self.progress("writing the plan")
            with self.workspace.fresh() as name, self.workspace.running(name) as connection:
                replay = Replay(connection, self.workspace.may_elevate)
                found.append(draft("dbsync", replay, lambda: self.sides(name)))
        if self.request.author in ("best", "migra"):
            self.progress("asking migra")
            found += self.migras()
        failures += [one for one in found if not one.complete]
        return [one for one in found if one.complete]

    def migras(self) -> list[Draft]:
        try:
            steps = migra.write(
                lambda: self.workspace.scratch.connect(COPY), lambda: self.workspace.scratch.connect(DESIRED)
            )
        except migra.MigraFailedError:
            return []
        known = frozenset(self.current.objects) | frozenset(self.goal.objects)
        with self.workspace.fresh() as name, self.workspace.running(name) as connection:
            with self.workspace.scratch.connect(name) as admin:
                admin.execute(INSTALL.encode())
            replay = Replay(connection, self.workspace.may_elevate, Listener(connection, known).take)

            def sides() -> tuple[Catalog, Catalog]:
                with self.workspace.scratch.connect(name) as admin:
                    admin.execute(REMOVE.encode())
                    try:
                        return self.sides(name)
                    finally:
                        admin.execute(INSTALL.encode())

            return [draft("migra", replay, sides, steps)]

    def nothing_to_do(self) -> Proof:
        """That both sides are equal is proven by the witness too."""
        try:
            return witness(self.workspace, COPY, self.judged)
        except NotProvenError as error:
            raise no_plan([error], self.live.facts.role, self.live.facts.superuser) from error

    def lock_notes(self, locks: int) -> tuple[str, ...]:
        capacity = self.live.facts.lock_capacity
        if locks <= capacity:
            return ()
        return (
            f"one transaction of this plan holds {locks:,} locks, and live's lock table is sized for {capacity:,}:"
            " raise max_locks_per_transaction before you apply it",
        )

    def made(self, proven: Proven, changes: tuple[Change, ...]) -> Plan:
        facts = self.live.facts
        return Plan(
            target=self.request.target.label,
            database=facts.database,
            host=self.request.target.host,
            changes=changes,
            batches=annotated(proven.batches, FilePlaces(self.loaded.places, self.desired), self.goal),
            proof=proven.proof,
            current_fingerprint=self.live.catalog.fingerprint,
            desired_fingerprint=self.goal.fingerprint,
            schema_digest=hashlib.sha256("\0".join(text for _, text in self.script.files).encode()).hexdigest(),
            schema_text=masked_script(self.script),
            renames=possible_renames(changes),
            kept=kept(self.current, self.desired, self.managed),
            notes=(*self.workspace.scratch.notes, *map(str, self.loaded.notes), *self.lock_notes(proven.locks)),
            scratch=self.workspace.scratch.label,
            identity=Identity(facts.system_identifier, facts.database, facts.database_oid),
            locks=proven.locks,
            current=self.live.catalog.digests,
            replayed=proven.replayed.digests,
        )


def _needs(live: Live, script: Script) -> Needs:
    """What a scratch server must have to hold both sides."""
    return Needs.of(live.facts, _extensions(script))


def _extensions(script: Script) -> list[str]:
    found = []
    for statement in script.statements:
        if statement.node == "CreateExtensionStmt":
            tree = postgast.parse(statement.sql)
            found += [one.stmt.create_extension_stmt.extname for one in tree.stmts]
    return found

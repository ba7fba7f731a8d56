"""The scratch databases of one plan: the desired one, a copy of live, and fresh copies of that for each replay."""

import contextlib
import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import psycopg
from postgast import pg_query_pb2 as pb

from dbsync.authors.draft import draft, run_all
from dbsync.authors.order import write
from dbsync.errors import NoPlan, SchemaError, ScratchError
from dbsync.load import tree
from dbsync.load.acts import Elevate
from dbsync.load.roles import may_create, owners
from dbsync.load.run import LOADING, Loaded, load
from dbsync.load.script import script_of
from dbsync.load.secrets import masked, masked_script
from dbsync.load.subscription import as_before_18
from dbsync.model.catalog import EMPTY, Catalog
from dbsync.model.counters import Position
from dbsync.model.objects import Id
from dbsync.model.plan import Observed, State
from dbsync.model.rows import FormerRows
from dbsync.model.text import Script
from dbsync.pg.failures import Failure
from dbsync.pg.settings import RUNNING
from dbsync.pg.version import major
from dbsync.planning.excerpt import excerpt
from dbsync.replay import Refusal, Replay
from dbsync.scratch.provider import Scratch
from dbsync.snapshot import snapshot

Connection = psycopg.Connection[Any]

DESIRED = "desired"
COPY = "copy"
RENAMED = "renamed"
"""A copy of live in which what has another name in the file has it already."""

_BLIND = "the plan does not tell where in the schema file its steps come from: on the scratch server the role may not"
_BLIND += " make event triggers, which show what a statement made"

# A sequence that is new, and one that nobody may read, stands where its first number was given: so it can be seen
# whether a plan lets it go on.
_STAND = """
    select pg_catalog.setval(
        c.oid::regclass,
        case when p.last between q.seqmin and q.seqmax then p.last else q.seqstart end,
        coalesce(p.called or p.last = q.seqstart, true))
    from pg_catalog.pg_sequence q
    join pg_catalog.pg_class c on c.oid = q.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join rows from (
        pg_catalog.unnest(%s::text[]), pg_catalog.unnest(%s::text[]),
        pg_catalog.unnest(%s::bigint[]), pg_catalog.unnest(%s::bool[])
    ) as p (schema, name, last, called) on p.schema = n.nspname and p.name = c.relname
    where c.oid >= 16384 and n.nspname !~ '^pg_' and pg_catalog.has_table_privilege(c.oid, 'update')"""

_HAS_SUBSCRIPTIONS = """
    select from pg_catalog.pg_subscription
    where subdbid = (select oid from pg_catalog.pg_database where datname = current_database()) limit 1"""

_VALID = """
    update pg_catalog.pg_index set indisvalid = true
    where not indisvalid and exists (select from pg_catalog.pg_class c where c.oid = indexrelid and c.relkind = 'i')"""


class Workspace:
    """Databases on one scratch server, all made and read as live's own session role."""

    def __init__(self, scratch: Scratch, role: str, *, superuser: bool, version: int | None = None):
        """`version` is live's: on a newer scratch server everything is read as live would have it."""
        self.older = version if version and major(version) < major(scratch.version) else None
        self.scratch = scratch
        self.role = role
        self.superuser = superuser
        self.notes: list[str] = []
        self.copied: tuple[str | None, Catalog] = ("", EMPTY)
        self.positions: Mapping[tuple[str, ...], Position | None] = {}
        """Where live's sequences stand."""
        self.template: str | None = COPY
        self.like = EMPTY
        """A catalog, of live, with which the others have most in common."""
        self._new: Catalog | None = None
        self._said: dict[tuple[str, ...], str] = {}
        self._numbers = itertools.count(1)

    def load(self, script: Script) -> Loaded:
        """The desired database, made from the schema file. SchemaError where the file cannot be loaded."""
        self.scratch.create(DESIRED)
        if self.older and self.older < 180000 <= self.scratch.version:
            script = as_before_18(script)
        with (
            self.scratch.owning(),
            self.scratch.connect(DESIRED) as admin,
            may_create(admin, owners(script)),
            self.scratch.connect(DESIRED, role=self.role, settings=LOADING) as connection,
        ):
            loaded = load(connection, script, elevate=self.elevate, admin=admin)
        if loaded.places.blind:
            self.notes += [_BLIND]
        return loaded

    def load_state(self, script: Script, more: Sequence[str]) -> Loaded:
        """The desired database, made from what pg_dump wrote of live once, and from what a dump leaves out.

        As on the copies, a subscription knows no slot.
        """
        self.scratch.create(DESIRED)
        loaded = self._load(DESIRED, script)
        with self.scratch.connect(DESIRED) as admin, self.scratch.silent(admin):
            self._fit_subscriptions(admin)
            lacking = self._complete(DESIRED, admin, list(more))
            # An index that a failed CREATE INDEX CONCURRENTLY left behind is no goal.
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
                admin.execute(_VALID)
        self.notes += [f"what it shall be lacks what this gives it: {text}: {why}" for text, why in lacking]
        return loaded

    def state(self, rows: tuple[FormerRows, ...]) -> State | None:
        """What live was when it was copied, with rows that are written; None for a text that is not UTF-8, which an
        old encoding may hold."""
        dump, live = self.copied
        text = _timeless(self.dump(COPY) if dump is None else dump)
        if Id("schema", ("public",)) not in live.objects:
            text = f"DROP SCHEMA public;\n{text}"
        if any(not field.repr for kind in {type(thing) for thing in live.objects.values()} for field in fields(kind)):
            text = masked_script(script_of("dump", text))
        try:
            text.encode()
        except UnicodeEncodeError:
            return None
        return State(text, tuple(text for thing in live.objects.values() for text in thing.undumped()), rows)

    def copy(self, dump: str | None, live: Catalog) -> list[str]:
        """Make the copy of live, from its dump, with what a dump leaves out; without a dump the kinds write it.

        Returns what it lacks, in sentences.
        """
        self.copied = (dump, live)
        lacking = self._restore(COPY)
        with self.scratch.connect(COPY) as admin:
            row = admin.execute(_HAS_SUBSCRIPTIONS).fetchone()
        # They belong to the server, and a copy made with TEMPLATE comes without them.
        self.template = COPY if row is None else None
        return [f"the copy of live lacks what this gives it: {text}: {why}" for text, why in lacking]

    def _restore(self, name: str) -> list[tuple[str, str]]:
        dump, live = self.copied
        self.scratch.create(name)
        if dump is None:
            self._write(name, live)
            return []
        if Id("schema", ("public",)) not in live.objects:
            with self.scratch.connect(name) as admin:
                admin.execute("drop schema public")
        self.load_dump(name, dump)
        with self.scratch.connect(name) as admin, self.scratch.silent(admin):
            self._fit_subscriptions(admin)
            return self._complete(name, admin, [text for thing in live.objects.values() for text in thing.undumped()])

    def load_dump(self, name: str, dump: str) -> None:
        """Load what pg_dump wrote. ScratchError where the scratch server does not take it."""
        try:
            self._load(name, script_of("dump", dump))
        except SchemaError as error:
            raise ScratchError(
                "The copy of live could not be loaded into the scratch database",
                detail=error.message,
                excerpt=error.excerpt,
                hint="a library or a locale of live's may be missing there: DBSYNC_PG_BIN names other binaries",
            ) from error

    def _load(self, name: str, script: Script) -> Loaded:
        """Load what pg_dump wrote as one who owns everything, but is no superuser: it is somebody's code, too."""
        with (
            self.scratch.owning(),
            self.scratch.connect(name, role=self.role, settings=LOADING) as connection,
        ):
            return load(connection, script, elevate=self.elevate)

    def _write(self, name: str, live: Catalog) -> None:
        """Have the kinds make the copy, where live's role may not dump. NoPlan if PostgreSQL refuses some of it."""
        with self.scratch.owning(), self.running(name) as connection:
            refused: list[Refusal] = []
            for _ in range(3):  # Owners, for example, are given once the objects are there.
                _, refused = run_all(Replay(connection, self.elevate), write(self.read(name), live))
        if refused:
            raise NoPlan(
                f"Live cannot be copied: {refused[0].failure.message}",
                detail=" ".join(masked(refused[0].step.sql).split()),
                hint="let live's role read the whole schema, so that pg_dump can make the copy",
            )

    def _fit_subscriptions(self, admin: Connection) -> None:
        """A copy's subscription must not know its slot: dropping it would drop the publisher's. It runs as live's."""
        query = """
            select quote_ident(subname), subslotname is not null from pg_catalog.pg_subscription
            where subdbid = (select oid from pg_catalog.pg_database where datname = current_database())"""
        for name, slot in admin.execute(query).fetchall():
            if slot:
                admin.execute(f"alter subscription {name} set (slot_name = none)".encode())
            if self.older and self.older < 160000:
                # A newer pg_dump writes what an older server always does.
                admin.execute(f"alter subscription {name} set (run_as_owner = false)".encode())

    def _complete(self, name: str, admin: Connection, texts: list[str]) -> list[tuple[str, str]]:
        """Run what a dump leaves out; what cannot be done without rows, and why."""
        failed: dict[str, str] = {}
        with self.scratch.owning(), self.running(name) as owner:
            while texts:
                failed = {}
                for text in texts:
                    # Only a superuser may mark an index; all else may evaluate expressions of the file's.
                    marks = tree.node_name(tree.node(text) or pb.Node()) == "UpdateStmt"
                    try:
                        (admin if marks else owner).execute(text.encode())
                    except psycopg.Error as error:
                        failed[text] = Failure.of(error).message
                if len(failed) == len(texts):
                    break
                texts = list(failed)
        return list(failed.items())

    def another(self, name: str, template: str | None = None) -> None:
        """Another copy of live, or of `template`."""
        if template := template or self.template:
            self.scratch.create(name, template=template)
        else:
            self._restore(name)
            self.count_on(name)

    def was_used(self, sequence: tuple[str, ...]) -> bool:
        """Whether live's sequence has given a number, as far as is known."""
        position = self.positions.get(sequence)
        return position is None or position.called

    def count_on(self, name: str) -> None:
        """Let the sequences of a copy stand where live's do; see `_STAND` for those of which this is not known."""
        known = [(*path, one.last, one.called) for path, one in self.positions.items() if one]
        with self.scratch.connect(name) as admin:
            admin.execute(_STAND.encode(), [list(column) for column in zip(*known, strict=True)] or [[], [], [], []])

    @contextlib.contextmanager
    def fresh(self, first: Sequence[Observed] = (), *, template: str | None = None) -> Iterator[str]:
        """Another copy of live (or of `template`), on which the first steps of a plan have run; gone at the end."""
        name = f"{COPY}_{next(self._numbers)}"
        self.another(name, template)
        try:
            if first:
                with self.running(name) as connection:
                    run_all(Replay(connection, self.may_elevate), [one.step for one in first])
            yield name
        finally:
            self.scratch.drop(name)

    def running(self, database: str) -> Connection:
        """A session that runs steps as apply does."""
        return self.scratch.connect(database, role=self.role, settings=RUNNING)

    def read(self, database: str) -> Catalog:
        """The catalog of a scratch database."""
        with self.scratch.connect(database) as connection:
            catalog = snapshot(connection, self.like)
        if self.older is None:
            return catalog
        objects = {name: thing.on(self.older) for name, thing in catalog.objects.items()}
        return dataclasses.replace(catalog, objects=objects)

    def read_again(self, database: str) -> Catalog:
        """The same, of one that was changed."""
        self._said = {key: text for key, text in self._said.items() if key[0] != database}
        return self.read(database)

    def reload(self, database: str) -> Catalog:
        """The catalog of what a scratch database becomes when its dump is loaded."""
        name = f"reload_{next(self._numbers)}"
        self.scratch.create(name)
        try:
            self.load_dump(name, self.scratch.dump(database))
            return self.read(name)
        finally:
            self.scratch.drop(name)

    def anew(self, catalog: Catalog, ids: Sequence[Id]) -> Catalog | None:
        """A catalog in which these objects of another one are made anew, with what they need and nothing else.

        None where PostgreSQL does not make them so: a function may speak of more than it is known to need.
        """
        wanted = excerpt(catalog, ids)
        if not wanted.objects:
            return EMPTY
        name = f"anew_{next(self._numbers)}"
        self.scratch.create(name)
        try:
            there = self._new = self._new or self.read(name)
            objects, needs = {**there.objects, **wanted.objects}, {**there.needs, **wanted.needs}
            goal = dataclasses.replace(wanted, objects=objects, needs=needs)
            found = [there]

            def sides() -> tuple[Catalog, Catalog]:
                found.append(self.read(name))
                return found[-1], goal

            with self.scratch.owning(), self.running(name) as connection:
                refused = draft("anew", Replay(connection, self.elevate), sides, start=(there, goal)).refused
        finally:
            self.scratch.drop(name)
        lacking = set(ids).difference(found[-1].objects).union(one.step.about for one in refused)
        return found[-1] if lacking.isdisjoint(ids) else None

    def reloaded(self, dump: str, extra: Sequence[str]) -> str:
        """What pg_dump says of a database made from a dump, until it says the same twice; at most three times."""
        for _ in range(3):
            name = f"reload_{next(self._numbers)}"
            self.scratch.create(name)
            try:
                self.load_dump(name, dump)
                before, dump = dump, self.scratch.dump(name, extra=extra)
            finally:
                self.scratch.drop(name)
            if dump == before:
                break
        return dump

    def elevate(
        self, session: Connection, *, silent: bool = True, owner: str | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """Makes the role of a session a superuser of the scratch server for one statement."""
        return self.scratch.elevated(session, silent=silent, owner=owner)

    @property
    def may_elevate(self) -> Elevate | None:
        """`elevate` where live's role could do on live what needs a superuser."""
        return self.elevate if self.superuser else None

    def dump(self, database: str, extra: Sequence[str] = ()) -> str:
        """pg_dump's text of a scratch database. The desired one does not change, and is asked once."""
        key = (database, *extra)
        if key in self._said:
            return self._said[key]
        text = self.scratch.dump(database, extra=extra)
        if database == DESIRED:
            self._said[key] = text
        return text


def _timeless(dump: str) -> str:
    """A dump without the lines for psql alone, whose key is another one each time."""
    found = re.search(r"^\\restrict (\w+)$", dump, re.MULTILINE)
    return re.sub(rf"^\\(un)?restrict {found[1]}$", "", dump, flags=re.MULTILINE) if found else dump

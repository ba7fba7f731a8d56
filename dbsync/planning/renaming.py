"""The first part of a plan: what has another name in the schema file than in live is renamed, and keeps what it holds.

It is run on a copy of live; what that is then is what the rest of the plan starts from.
"""

import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence

from dbsync.compare import compare
from dbsync.errors import NoPlan
from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change, Rename
from dbsync.model.objects import Id, Object
from dbsync.model.plan import Observed
from dbsync.planning.directed import Member, Wish, found
from dbsync.planning.implied import derived, same_but_named
from dbsync.planning.renamer import Renamer, Task
from dbsync.planning.settle import Settler
from dbsync.planning.verify import ANY
from dbsync.planning.workspace import COPY, RENAMED, Workspace
from dbsync.replay import Replay

_ROUNDS = 4
"""How often names that follow from other names are looked for; a parent's constraint takes its heirs' along."""


@dataclasses.dataclass(frozen=True)
class Renamed:
    """Live's copy after the renames: the database and what it holds, the steps, what they do, and what to tell."""

    database: str
    catalog: Catalog
    steps: tuple[Observed, ...] = ()
    renames: tuple[Rename, ...] = ()
    notes: tuple[str, ...] = ()

    def after(self, one: Id) -> Id:
        """The identity that an object of live has after the renames."""
        new = {rename.before: rename.after.path for rename in self.renames}
        if one in new:
            return one._replace(path=new[one])
        wholes = {rename.before.path: rename.after.path for rename in self.renames}
        for length in range(len(one.path) - 1, 0, -1):
            if one.path[:length] in wholes:
                return one._replace(path=(*wholes[one.path[:length]], *one.path[length:]))
        return one

    def names(self) -> Mapping[str, str]:
        """The names of what was renamed, as SQL has them, to those that live has."""
        return {rename.after.name: rename.before.name for rename in self.renames}

    def digests(self, live: Catalog, copy: Catalog, replayed: Catalog) -> Mapping[Id, str]:
        """The digests of where a replay ended, as live is to have them.

        A copy went through a dump, after which some texts read otherwise. Live has such a text in its own words, with
        the new names in it: that one can be anything.
        """
        found = dict(replayed.digests)
        if self.renames:
            for one, digest in live.digests.items():
                after = self.after(one)
                if copy.digests.get(one) not in (digest, self.catalog.digests.get(after)) and after in found:
                    found[after] = ANY
        return found


def renamed(
    workspace: Workspace, settler: Settler, current: Catalog, desired: Catalog, wishes: Sequence[Wish]
) -> Renamed:
    """Rename what the wishes speak of, and what is equal in all but its name. NoPlan where PostgreSQL refuses a wish.

    `current` is what the copy of live holds.
    """
    with contextlib.ExitStack() as stack:
        renaming = _Renaming(workspace, settler, current, desired, stack)
        for level in range(_LEVELS):
            renaming.directed([wish for wish in wishes if _level(wish, desired) == level])
        renaming.implied()
        return renaming.done()


def with_renames(changes: Sequence[Change], begun: Renamed, goal: Catalog) -> tuple[Change, ...]:
    """The changes, with those of objects that were renamed told as changes of what live has."""
    found = {change.id: change for change in changes}
    for rename in begun.renames:
        if (before := begun.catalog.objects.get(rename.after)) is not None:
            was = dataclasses.replace(before, path=rename.before.path)
            change = found.get(rename.after)
            found[rename.after] = Change(rename.after, was, change.after if change else goal.objects[rename.after])
    return tuple(found[one] for one in sorted(found))


_LEVELS = 4


def _level(wish: Wish, desired: Catalog) -> int:
    """What carries others along comes before them: schemas, tables and types, routines, what is in a table or type."""
    thing = found(desired, wish.after)
    if thing is None or isinstance(thing, Member) or thing.within() is not None:
        return 3
    if thing.path == (thing.schema,):
        return 0
    return 2 if thing.path[-1].startswith("(") else 1


class _Renaming:
    def __init__(
        self,
        workspace: Workspace,
        settler: Settler,
        current: Catalog,
        desired: Catalog,
        stack: contextlib.ExitStack,
    ):
        self.stack = stack
        self.workspace = workspace
        self.settler = settler
        self.current = current
        self.desired = desired
        self.renames: list[Rename] = []
        self.notes: list[str] = []
        self._renamer: Renamer | None = None

    @property
    def renamer(self) -> Renamer:
        """What runs the steps, on a copy that is made when it is first needed."""
        if self._renamer is None:
            self.workspace.another(RENAMED)
            connection = self.stack.enter_context(self.workspace.running(RENAMED))
            self._renamer = Renamer(Replay(connection, self.workspace.may_elevate), self.desired)
        return self._renamer

    def done(self) -> Renamed:
        notes = tuple(self.notes)
        if self._renamer is None:
            return Renamed(COPY, self.current, notes=notes)
        steps = tuple(self._renamer.steps)
        return Renamed(RENAMED, self.current, steps, tuple(self.renames), notes)

    def directed(self, wishes: Sequence[Wish]) -> None:
        tasks = self._tasks(wishes)
        rings = _rings(tasks)
        around = {task.after for ring in rings for task in ring}
        self._perform([task for task in tasks if task.after not in around])
        for ring in rings:
            if self._brings_nearer(ring):
                self._perform(ring)

    def _tasks(self, wishes: Sequence[Wish]) -> list[Task]:
        """What is still called as it was, and whose new name nobody has who keeps it."""
        schemas = {one.before.path[0]: one.after.path[0] for one in self.renames if len(one.after.path) == 1}
        there: dict[Id, tuple[Wish, Task]] = {}
        for wish in wishes:
            before = wish.before
            if wish.qualified:
                before = before._replace(path=(schemas.get(before.path[0], before.path[0]), *before.path[1:]))
            if before != wish.after and (thing := found(self.current, before)):
                there[before] = (wish, Task(thing, wish.after, wish.place, displaces=wish.known))
        left = True
        while left:
            left = False
            for before, (wish, _) in list(there.items()):
                if found(self.current, wish.after) and wish.after not in there and not wish.known:
                    del there[before]
                    left = True
                    if not found(self.desired, before):
                        self.notes.append(
                            f"{wish.where}{before} and {wish.after} are both in the database,"
                            " so the one is not renamed to the other"
                        )
        heirs = {one for one, (_, task) in there.items() if any(parent in there for parent in _parents(task))}
        return [task for one, (_, task) in there.items() if one not in heirs]

    def _perform(self, tasks: Sequence[Task]) -> None:
        if not tasks:
            return
        done = [self._rename(task) for task in tasks]
        refused = self.renamer.perform(tasks, self.current)
        for task, refusal in refused:
            before = next(one.before for one in done if one.after == task.after)
            raise NoPlan(
                f"{_where(task)}{before} cannot be renamed: {refusal.failure.message}",
                detail=refusal.failure.detail,
                hint="nothing was changed; rename it by hand, or take the directive out of the schema file",
            )
        self.renames += done
        self.current = self.workspace.read(RENAMED)

    def _rename(self, task: Task) -> Rename:
        """What a task does, with the name that live has."""
        before = task.thing.id
        for length in range(len(before.path) - 1, 0, -1):
            whole = next((one for one in self.renames if one.after.path == before.path[:length]), None)
            if whole:
                before = before._replace(path=(*whole.before.path, *before.path[length:]))
                break
        return Rename(before, task.after, task.place)

    def _brings_nearer(self, ring: Sequence[Task]) -> bool:
        """Whether live is more like the file after things have changed names among themselves.

        By their names alone nobody can tell whether they did already.
        """
        with self.workspace.fresh() as name, self.workspace.running(name) as connection:
            replay = Replay(connection, self.workspace.may_elevate)
            for one in self._renamer.steps if self._renamer else ():
                replay.run(one.step)
            Renamer(replay, self.desired).perform([dataclasses.replace(task) for task in ring], self.current)
            after = self._distance(name, self.workspace.read(name), ring)
        before = self._distance(self._database, self.current, ring)
        if after == before:
            names = " and ".join(str(task.thing.id) for task in ring)
            self.notes.append(
                f"{_where(ring[0])}{names} are alike, so it cannot be told whether they have changed names already:"
                " they are left as they are"
            )
        return after < before

    def _distance(self, database: str, current: Catalog, ring: Sequence[Task]) -> int:
        """How many objects differ, but for names that follow from the others' and are renamed afterwards."""
        reworded = functools.partial(self.settler.reworded, database, current, self.desired)
        pairs = [
            *same_but_named(current, self.desired, reworded),
            *derived(current, self.desired, frozenset(task.after for task in ring)),
        ]
        known = {thing.id for pair in pairs for thing in pair}
        return sum(change.id not in known for change in compare(current, self.desired))

    def implied(self) -> None:
        """Rename what is equal in all but its name; what PostgreSQL refuses is left to the rest of the plan."""
        for _ in range(_ROUNDS):
            pairs = same_but_named(self.current, self.desired, self._reworded)
            heads = {before.id for before, _ in pairs}
            tasks = [
                Task(before, after.id, reason="it is equal in all but its name")
                for before, after in pairs
                if not heads.intersection(before.implied_by())
            ]
            if not tasks:
                break
            done = {id(task): self._rename(task) for task in tasks}
            for task, _ in self.renamer.perform(tasks, self.current):
                del done[id(task)]
            self.renames += done.values()
            self.current = self.workspace.read(RENAMED)
            if not done:
                break
        self._derived()

    def _derived(self) -> None:
        reason = "its name is made of the one before"
        for _ in range(_ROUNDS):
            pairs = list(derived(self.current, self.desired, frozenset(one.after for one in self.renames)))
            if not pairs:
                break
            heads = {before.id for before, _ in pairs}
            for before, after in pairs:
                # A parent's new name goes to its partitions by itself; what is left is seen in the next round.
                if heads.isdisjoint(before.implied_by()):
                    for step in after.alteration(before) or ():
                        self.renamer.run(dataclasses.replace(step, reason=reason, takes_commit=True))
            known, self.current = self.current, self.workspace.read(RENAMED)
            if self.current.objects == known.objects:
                break

    def _reworded(self, ids: list[Id]) -> tuple[Catalog, Catalog]:
        return self.settler.reworded(self._database, self.current, self.desired, ids)

    @property
    def _database(self) -> str:
        """The copy that `current` was read of."""
        return RENAMED if self._renamer else COPY


def _where(task: Task) -> str:
    """The place that asks for it, to begin a sentence with."""
    return f"{task.place}: " if task.place else ""


def _parents(task: Task) -> Iterator[Id]:
    """What takes the thing of a task along when it is renamed."""
    if isinstance(task.thing, Object):
        yield from task.thing.implied_by()


def _rings(tasks: Sequence[Task]) -> list[list[Task]]:
    """Tasks whose new names are each other's old ones, all around."""
    by_name = {task.thing.id: task for task in tasks}
    rings: list[list[Task]] = []
    seen: set[Id] = set()
    for task in tasks:
        ring: list[Task] = []
        here: Task | None = task
        while here is not None and here.thing.id not in seen:
            seen.add(here.thing.id)
            ring.append(here)
            here = by_name.get(here.after)
        if here is not None and here in ring:
            rings.append(ring[ring.index(here) :])
    return rings

"""Gives things other names in one database: many at once, in chains and in rings, by way of names that nobody has."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, Object
from dbsync.model.plan import Observed
from dbsync.model.steps import Step
from dbsync.model.text import Place
from dbsync.planning.directed import Member, Thing
from dbsync.replay import Refusal, Replay

Name = tuple[str, tuple[str, ...]]


@dataclasses.dataclass(eq=False)
class Task:
    """What a thing shall be called, and where the file says so; whether what is called so now goes for it."""

    thing: Thing
    after: Id
    place: Place | None = None
    reason: str | None = None
    displaces: bool = False


class _RefusedError(Exception):
    """PostgreSQL refused a step."""

    def __init__(self, refusal: Refusal):
        super().__init__("refused")
        self.refusal = refusal


class Renamer:
    """Runs the steps in one database, and keeps what it saw of them."""

    def __init__(self, replay: Replay, desired: Catalog):
        self.replay = replay
        self.desired = desired
        self.steps: list[Observed] = []
        self.taken: dict[Name, Thing] = {}

    def perform(self, tasks: Iterable[Task], current: Catalog) -> list[tuple[Task, Refusal]]:
        """Do the tasks, in an order that their names allow; those that PostgreSQL refuses are returned.

        `current` is what the database holds.
        """
        refused: list[tuple[Task, Refusal]] = []
        waiting = list(tasks)
        members = [task.thing for task in waiting if isinstance(task.thing, Member)]
        there: list[Thing] = [*current.objects.values(), *_siblings(members)]
        self.taken = {_name(thing): thing for thing in there}
        while waiting:
            free = next((one for one in waiting if self._is_free(one)), None)
            task = free or waiting[0]
            try:
                if free is None:
                    self._make_room(task, waiting)
                    continue
                self._to_its_schema(task)
                if task.thing.id != task.after:
                    self._called(task, _own_name(task.after, task.thing))
            except _RefusedError as error:
                refused.append((task, error.refusal))
            waiting.remove(task)
        return refused

    def run(self, step: Step) -> None:
        """Run one step more; nothing happens if PostgreSQL refuses it."""
        result = self.replay.run(step)
        if isinstance(result, Observed):
            self.steps.append(result)

    def _is_free(self, task: Task) -> bool:
        occupant = self.taken.get(_name(_placed(task.thing, task.after)))
        return occupant is None or occupant == task.thing

    def _make_room(self, task: Task, waiting: Sequence[Task]) -> None:
        """Let what has the name that is wanted be called otherwise meanwhile: it goes away, or waits for its own."""
        occupant = self.taken[_name(_placed(task.thing, task.after))]
        reason = f"{occupant.id} is in the way of {task.thing.id}"
        if task.displaces and all(one.thing != occupant for one in waiting) and self._gone(task, occupant):
            return
        self._called(Task(occupant, occupant.id, task.place, reason), occupant.aside_name())
        for one in waiting:
            if one.thing == occupant:
                one.thing = occupant.called(occupant.aside_name())

    def _gone(self, task: Task, occupant: Thing) -> bool:
        """Drop what has a name that is wanted; False where PostgreSQL does not, since others depend on it."""
        if isinstance(occupant, Member):
            return False
        try:
            self._run(Task(occupant, occupant.id, reason=f"{task.thing.id} had its name before"), list(occupant.drop()))
        except _RefusedError:
            return False
        self.taken.pop(_name(occupant), None)
        return True

    def _to_its_schema(self, task: Task) -> None:
        """SET SCHEMA, if its new name is in another one; what is within another object goes there with that one."""
        thing, schema = task.thing, task.after.path[0]
        if isinstance(thing, Member) or thing.path[0] == schema or len(thing.path) == 1:
            return
        if _name(_placed(thing, thing.id, schema)) in self.taken:
            new = _own_name(task.after, thing)
            meanwhile = thing.aside_name() if _name(thing.called(new)) in self.taken else new
            self._called(task, meanwhile)
            thing = thing.called(meanwhile)
        self._has_schema(task, schema)
        self._run(task, thing.move(schema) or ())
        task.thing = self._now(thing, _placed(thing, thing.id, schema))

    def _has_schema(self, task: Task, schema: str) -> None:
        """Make the schema that something goes to, where it is new."""
        for need in self.desired.needs[task.after]:
            wanted = self.desired.objects[need]
            if wanted.path == (schema,) and _name(wanted) not in self.taken:
                self._run(Task(wanted, need), list(wanted.create()))
                self.taken[_name(wanted)] = wanted

    def _called(self, task: Task, name: str) -> None:
        self._run(task, task.thing.rename(name) or ())
        self._now(task.thing, task.thing.called(name))

    def _now(self, before: Thing, after: Thing) -> Thing:
        self.taken.pop(_name(before), None)
        self.taken[_name(after)] = after
        return after

    def _run(self, task: Task, steps: Sequence[Step]) -> None:
        for step in steps:
            # Where a later step needs a COMMIT before it, the renames stand before that too.
            full = dataclasses.replace(
                step, about=task.after, place=task.place, reason=task.reason or step.reason, takes_commit=True
            )
            result = self.replay.run(full)
            if isinstance(result, Refusal):
                raise _RefusedError(result)
            self.steps.append(result)


def _name(thing: Thing) -> Name:
    """What no other thing may be called at the same time."""
    return thing.space(), thing.claim()


def _own_name(one: Id, thing: Thing) -> str:
    return one.path[thing.name_at if isinstance(thing, Object) else -1]


def _placed(thing: Thing, one: Id, schema: str | None = None) -> Thing:
    """The thing by the name in an identity, in a schema or in that of the identity."""
    called = thing.called(_own_name(one, thing))
    if isinstance(called, Member):
        return called
    return dataclasses.replace(called, path=(schema or one.path[0], *called.path[1:]))


def _siblings(members: Sequence[Member]) -> Iterator[Member]:
    """All members of the types that some members are of."""
    for whole in {one.whole for one in members}:
        for name in whole.part_names():
            yield Member(whole, name)

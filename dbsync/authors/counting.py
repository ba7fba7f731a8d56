"""Counters go on: a sequence that takes the place of another one gives the number next that the other one would.

A column is numbered by its identity sequence, or by the sequence that its default names. Where that becomes another one
(or the same is made again), the new one is set to where the old one stands: its position, and not the largest number
that is there, since the numbers of deleted rows must not come again. Only where nothing counted before, the largest
number is all that there is. The old sequence is called otherwise before the new one is made, and dropped afterwards.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from dbsync import sql
from dbsync.authors.resolve import Resolution
from dbsync.kinds.column import Column
from dbsync.kinds.sequence import SequenceObject
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, aside
from dbsync.model.steps import Step

Path = tuple[str, ...]

_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_GOES_ON = "goes on from where {old} stands"
_GOES_ON_FROM_ROWS = "goes on where the numbers that are there end"
_ASIDE = "nobody counts with it while another one takes its place"


@dataclasses.dataclass(frozen=True)
class Counter:
    """A sequence of one catalog, and what makes it: a statement of its own, or its identity column."""

    path: Path
    maker: Id
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        """As SQL has it."""
        return sql.qualified(*self.path)

    @property
    def aside(self) -> Path:
        """What it is called while its successor is made."""
        return (self.path[0], aside(self.path[1]))

    @property
    def owned(self) -> Id:
        """What says which column owns it, which speaks of it by its name."""
        return Id("owned by", self.path)

    @property
    def counts_down(self) -> bool:
        """Whether its increment is negative."""
        return int(self.options[2]) < 0


@dataclasses.dataclass(frozen=True)
class Count:
    """That `new` numbers a column from now on; `old` did so before, or nothing (None).

    `column` is the column as it is to be; None for a sequence that numbers none and is made again.
    """

    new: Counter
    made: bool
    """Whether the plan makes it."""
    old: Counter | None
    leaves: bool
    """Whether the old one is dropped."""
    column: Column | None

    @property
    def table(self) -> Id | None:
        """The table whose rows it numbers."""
        return self.column.within() if self.column else None

    @property
    def users(self) -> tuple[Id, ...]:
        """What gives its numbers to new rows."""
        return (Id("default", self.column.path),) if self.column else ()

    def go_on(self, place: str, *, ahead: bool) -> str:
        """Set the new one where the old one stands, which is read at `place`; with `ahead` only if that is further."""
        new = sql.literal(self.new.name)
        if not ahead:
            return f"SELECT pg_catalog.setval({new}, last_value, is_called) FROM {place}"
        way = "<" if self.new.counts_down else ">"
        return (
            f"SELECT pg_catalog.setval({new}, o.last_value, o.is_called) FROM {place} AS o, {self.new.name} AS n"
            f" WHERE o.last_value {way} n.last_value OR (o.last_value = n.last_value AND o.is_called)"
        )

    def after_rows(self) -> str:
        """Set the new one where the numbers that are there end, if there are any that it could give."""
        assert self.column is not None
        table, name = sql.qualified(*self.column.path[:2]), sql.name(self.column.path[2])
        _, start, _, least, most, *_ = self.new.options
        last, way = ("min", f"{least} AND {start}") if self.new.counts_down else ("max", f"{start} AND {most}")
        return (
            f"SELECT pg_catalog.setval({sql.literal(self.new.name)}, {last}({name})) FROM {table}"
            f" WHERE {name} BETWEEN {way} HAVING count(*) > 0"
        )


@dataclasses.dataclass(frozen=True)
class Counting:
    """The counts of a plan, but for those of tables that are made again with their rows."""

    counts: tuple[Count, ...]

    @property
    def aside(self) -> Mapping[Id, Counter]:
        """The old ones that are dropped afterwards, by what makes them."""
        return {one.old.maker: one.old for one in self.counts if one.old and one.leaves}

    @property
    def targets(self) -> Mapping[Id, tuple[Count, ...]]:
        """The new ones, by what makes them, each with its counts."""
        found: dict[Id, tuple[Count, ...]] = {}
        for one in self.counts:
            found[one.new.maker] = (*found.get(one.new.maker, ()), one)
        return found

    def put_aside(self, maker: Id) -> Iterator[Step]:
        """Give an old one another name, once nobody can number a row with it any more."""
        old = self.aside[maker]
        tables = sorted({one.column.within() for one in self.counts if one.old == old and one.column})
        # Who adds a row holds the table and waits for the sequence: in the other order both would wait for ever.
        texts = [f"LOCK TABLE {', '.join(one.name for one in tables if one.kind == 'table')} IN ACCESS EXCLUSIVE MODE"]
        rename = f"ALTER SEQUENCE {old.name} RENAME TO {sql.name(old.aside[1])}"
        text = ";\n".join([*(texts if any(one.kind == "table" for one in tables) else []), rename])
        yield Step(sql=text, about=maker, reason=_ASIDE)

    def go_on(self, maker: Id) -> Iterator[Step]:
        """Let a new one go on."""
        counts = self.targets[maker]
        ahead = not counts[0].made
        for old in dict.fromkeys(one.old for one in counts if one.old):
            one = next(one for one in counts if one.old == old)
            place = sql.qualified(*(old.aside if one.leaves else old.path))
            yield Step(sql=one.go_on(place, ahead=ahead), about=maker, reason=_GOES_ON.format(old=old.name))
            ahead = True
        if not ahead:
            for one in counts:
                yield numbered(one, maker)


def numbered(one: Count, about: Id) -> Step:
    """Let a counter of a column that had none go on behind the numbers that are there, also where row security holds
    for the owner of the table."""
    assert one.column is not None
    text, table = one.after_rows(), sql.qualified(*one.column.path[:2])
    seen = f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;\n{text};\nALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    return Step(sql=text, about=about, reason=_GOES_ON_FROM_ROWS, otherwise=(seen,))


def counts(found: Resolution) -> tuple[Count, ...]:
    """What numbers a column that stays with another counter than before, or with the same made again."""
    result = []
    for one in sorted(_columns(found)):
        before, after = found.current.objects.get(one), found.desired.objects.get(one)
        if not isinstance(before, Column) or not isinstance(after, Column):
            continue
        if found.is_gone(one) and not found.is_gone(after.within()):
            continue  # Its values are lost, and the plan says so.
        old, new = counter(found.current, before), counter(found.desired, after)
        made = new is not None and _made(found, new, before)
        if new is not None and _goes_over(old, new, after, made=made):
            result.append(Count(new, made, old, old is not None and _leaves(found, old, after), after))
    return (*result, *_alone(found))


def _goes_over(old: Counter | None, new: Counter, column: Column, *, made: bool) -> bool:
    """Whether a counter takes the place of another, or of none."""
    if made:
        return old is not None or column.type in _INTEGERS
    # An identity column that stays keeps its sequence, whatever that is called.
    return old is not None and old.path != new.path and old.maker != new.maker


def counter(catalog: Catalog, column: Column) -> Counter | None:
    """What numbers the rows of a table in a column; None where nothing does, or more than one sequence."""
    if column.sequence:
        return Counter(column.sequence, column.id, column.counter)
    needs = catalog.needs.get(Id("default", column.path), ())
    found = [thing for need in needs if isinstance(thing := catalog.objects.get(need), SequenceObject)]
    return Counter(found[0].path, found[0].id, found[0].options) if len(found) == 1 else None


def _columns(found: Resolution) -> Iterable[Id]:
    """The columns whose counters may become others: those that change, and those of sequences that do."""
    touched = found.made | found.gone | found.altered.keys() | found.following.keys()
    columns = {Id("column", one.path) for one in touched if one.kind in ("column", "default")}
    for one in touched:
        if one.kind == "sequence":
            for catalog in (found.current, found.desired):
                users = catalog.dependents.get(one, ())
                columns |= {Id("column", user.path) for user in users if user.kind == "default"}
    return columns


def _made(found: Resolution, new: Counter, before: Column) -> bool:
    """Whether the plan makes a counter: a sequence, or an identity of a column that had none or goes with its table."""
    if new.maker.kind == "sequence":
        return new.maker in found.made
    return not before.sequence or new.maker in found.made


def _leaves(found: Resolution, old: Counter, after: Column) -> bool:
    """Whether an old counter goes."""
    return found.is_gone(old.maker) if old.maker.kind == "sequence" else not after.sequence


def _alone(found: Resolution) -> Iterator[Count]:
    """Sequences that number no column, and are made again."""
    for one in sorted(found.replaced):
        before, after = found.current.objects[one], found.desired.objects[one]
        if isinstance(before, SequenceObject) and isinstance(after, SequenceObject):
            users = (*found.current.dependents.get(one, ()), *found.desired.dependents.get(one, ()))
            if not any(user.kind == "default" for user in users):
                new, old = (Counter(thing.path, thing.id, thing.options) for thing in (after, before))
                yield Count(new, True, old, True, None)

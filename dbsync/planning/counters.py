"""Judges whether counters go on: what a column's sequence gives next must not have been given before a plan ran.

Where a sequence stands is data that no catalog holds, so it is looked at on the copy that the plan was replayed on,
whoever wrote the plan. A sequence that stays must not go back; one that is new must stand where the one before it did.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import psycopg

from dbsync.hazards import Lineage
from dbsync.kinds.column import Column
from dbsync.kinds.sequence import SequenceObject
from dbsync.model.changes import Change
from dbsync.model.counters import Position
from dbsync.model.objects import Id
from dbsync.pg.positions import positions

Connection = psycopg.Connection[Any]
Path = tuple[str, ...]

_SEQUENCES = """
    select c.oid::bigint, array[n.nspname, c.relname]::text[], q.seqincrement, q.seqmin, q.seqmax
    from pg_catalog.pg_sequence q
    join pg_catalog.pg_class c on c.oid = q.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid >= 16384 and n.nspname !~ '^pg_'
"""
# The sequence of an identity column depends on the column, and a default on the sequence whose numbers it gives.
_COLUMNS = """
    select array[n.nspname, c.relname, a.attname]::text[], u.sequence::bigint,
           a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    from (
        select refobjid as relation, refobjsubid as number, objid as sequence
        from pg_catalog.pg_depend
        where classid = 'pg_catalog.pg_class'::regclass and refclassid = 'pg_catalog.pg_class'::regclass
          and deptype = 'i' and refobjsubid > 0
        union
        select f.adrelid, f.adnum, d.refobjid
        from pg_catalog.pg_depend d
        join pg_catalog.pg_attrdef f on f.oid = d.objid
        where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
    ) u
    join pg_catalog.pg_sequence q on q.seqrelid = u.sequence
    join pg_catalog.pg_class c on c.oid = u.relation
    join pg_catalog.pg_attribute a on a.attrelid = u.relation and a.attnum = u.number
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid >= 16384 and n.nspname !~ '^pg_'
"""


@dataclasses.dataclass(frozen=True)
class Sequence:
    """A sequence, how it counts, and where it stands."""

    path: Path
    increment: int
    minimum: int
    maximum: int
    position: Position

    @property
    def next(self) -> int:
        """The number that it gives next."""
        return self.position.following(self.increment)

    def holds(self, position: Position) -> bool:
        """Whether it can stand there."""
        return self.minimum <= position.last <= self.maximum

    def ahead(self, position: Position) -> int:
        """How far it is beyond where it would be if it went on from a position; negative where it fell behind."""
        way = self.next - position.following(self.increment)
        return way if self.increment > 0 else -way


@dataclasses.dataclass(frozen=True)
class Counters:
    """The sequences of a copy by oid, for each column those that number its rows, and the columns that hold plain
    numbers."""

    sequences: Mapping[int, Sequence]
    columns: Mapping[Path, frozenset[int]]
    numbers: frozenset[Path]

    @classmethod
    def of(cls, connection: Connection) -> "Counters":
        """What a copy holds now."""
        standing = positions(connection)
        sequences = {
            oid: Sequence(tuple(path), increment, least, most, position)
            for oid, path, increment, least, most in connection.execute(_SEQUENCES).fetchall()
            if (position := standing.get(tuple(path)))
        }
        columns: dict[Path, frozenset[int]] = {}
        numbers = set[Path]()
        for path, oid, number in connection.execute(_COLUMNS).fetchall():
            columns[tuple(path)] = columns.get(tuple(path), frozenset()) | {oid}
            if number:
                numbers.add(tuple(path))
        return cls(sequences, columns, frozenset(numbers))

    def called(self, renamed: Callable[[Id], Id]) -> Mapping[Path, Path]:
        """The paths of the sequences after the renames of a plan, to those that they have here."""
        return {renamed(Id("sequence", one.path)).path: one.path for one in self.sequences.values()}


@dataclasses.dataclass(frozen=True)
class Behind:
    """A counter that a plan lets fall behind, or one that does not go on from where that before it stood."""

    about: Id
    """The column, or a sequence that numbers none."""
    next: int
    due: int

    def __str__(self) -> str:
        return f"{self.about}: the next number would be {self.next:,}, and it should be {self.due:,}"


@dataclasses.dataclass(frozen=True)
class Unset:
    """A column that nothing numbered before, with a new sequence: the rows that are there have numbers already."""

    column: Path
    sequence: Path

    def __str__(self) -> str:
        column, sequence = Id("column", self.column), Id("sequence", self.sequence)
        return f"{column}: rows have numbers already, and nothing lets {sequence} begin behind them"


@dataclasses.dataclass(frozen=True)
class Restarted:
    """A counter that begins again, since where it stood is outside of its new bounds; `path` is the sequence's on the
    copy of live, `now` its successor's."""

    path: Path
    now: Path

    @property
    def loss(self) -> str:
        """In words, as the plan names what is lost."""
        return f"{Id('sequence', self.path)} and its position"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of the counters.

    `unset` are those that some statement of the plan must set; `carried` the sequences whose positions went over to
    others, or were judged against new bounds.
    """

    behind: tuple[Behind, ...]
    unset: tuple[Unset, ...]
    restarted: tuple[Restarted, ...]
    carried: frozenset[Path]

    def notes(self, unknown: Callable[[Path], bool]) -> tuple[str, ...]:
        """Which of these positions are not live's own, where live does not tell them."""
        return tuple(
            f"where {Id('sequence', path)} stands could not be read (its SELECT is missing): the plan was proven with a"
            " position that was made up"
            for path in sorted(self.carried)
            if unknown(path)
        )


def changed(changes: Iterable[Change]) -> list[Path]:
    """The sequences of live that a plan changes, so that where they stand may be outside of their new bounds."""
    befores = [one.before for one in changes if one.before is not None]
    own = {one.path for one in befores if isinstance(one, SequenceObject)}
    return sorted(own | {one.sequence for one in befores if isinstance(one, Column) and one.sequence})


def judge(before: Counters, after: Counters, lineage: Lineage, named: Mapping[Path, Path]) -> Verdict:
    """Compare the counters of one copy before and after a plan.

    `named` gives for the path of a sequence at the end the one that it had before, where the plan renames it.
    """
    behind: list[Behind] = []
    unset: list[Unset] = []
    restarted: list[Restarted] = []
    carried: set[Path] = set()
    users = _users(after)
    for oid, now in sorted(after.sequences.items()):
        same = before.sequences.get(oid)
        found = dict(_sources(before, after, lineage, users.get(oid, ()), oid))
        if same is None:
            found |= dict(_predecessor(before, after, named.get(now.path, now.path)))
            if not found:
                plain = _numbered_already(before, after, lineage, users.get(oid, ()))
                unset += [Unset(column, now.path) for column in plain]
        elif same != now:
            found[oid] = same
        carried.update(one.path for one in found.values())
        fitting = [one for one in found.values() if now.holds(one.position)]
        restarted += [Restarted(one.path, now.path) for one in found.values() if one not in fitting]
        if not fitting:
            continue
        furthest = max(fitting, key=lambda one: _reach(one, now.increment))
        ahead = now.ahead(furthest.position)
        if ahead < 0 or (ahead and same is None):
            column = min(users.get(oid, ()), default=None)
            about = Id("column", column) if column else Id("sequence", now.path)
            behind.append(Behind(about, now.next, furthest.position.following(now.increment)))
    return Verdict(tuple(behind), tuple(unset), tuple(restarted), frozenset(carried))


def _users(counters: Counters) -> Mapping[int, list[Path]]:
    found: dict[int, list[Path]] = {}
    for column, sequences in counters.columns.items():
        for oid in sequences:
            found.setdefault(oid, []).append(column)
    return found


def _sources(
    before: Counters, after: Counters, lineage: Lineage, columns: Iterable[Path], oid: int
) -> Iterator[tuple[int, Sequence]]:
    """The other sequences that numbered the same columns before, and do no longer."""
    for *table, name in columns:
        origin = lineage.tables.get(tuple(table))
        if origin is None or name not in origin.columns:
            continue
        former = before.columns.get((*origin.path, origin.columns[name]), frozenset())
        for one in former - after.columns[(*table, name)] - {oid}:
            if one in before.sequences:
                yield one, before.sequences[one]


def _numbered_already(before: Counters, after: Counters, lineage: Lineage, columns: Iterable[Path]) -> Iterator[Path]:
    """Those of the columns that live has as plain numbers, which no sequence gave."""
    for *table, name in columns:
        origin = lineage.tables.get(tuple(table))
        if origin is None or name not in origin.columns or (*table, name) not in after.numbers:
            continue
        if (*origin.path, origin.columns[name]) not in before.columns:
            yield (*table, name)


def _predecessor(before: Counters, after: Counters, path: Path) -> Iterator[tuple[int, Sequence]]:
    """A sequence by the same name that is gone, unless it numbered columns: these tell what goes on."""
    used = frozenset[int]().union(*before.columns.values())
    for oid, one in before.sequences.items():
        if one.path == path and oid not in after.sequences and oid not in used:
            yield oid, one


def _reach(one: Sequence, increment: int) -> tuple[int, bool]:
    """Orders positions by how far they are along the way in which a sequence counts."""
    return (one.position.last if increment > 0 else -one.position.last, one.position.called)

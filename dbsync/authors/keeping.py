"""Tables that are made again with their rows: these are set aside before the old one goes, and put back into the new.

A column that both have with another type gets it where the rows are set aside, as a column does that stays. Where a
type of the rows goes too, or they cannot all be read, the rows are lost, and the plan says so.
"""

import dataclasses
from collections.abc import Container, Iterator, Mapping, Sequence

from dbsync import sql
from dbsync.authors.counting import Count, Counter, numbered
from dbsync.authors.resolve import Resolution
from dbsync.kinds.column import Column
from dbsync.kinds.constraint import Constraint
from dbsync.kinds.partition import Partition
from dbsync.kinds.table import Table
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, aside
from dbsync.model.steps import Step

_WATCHING = frozenset({"trigger", "rule"})
_Parts = Mapping[tuple[str, ...], Sequence[Partition]]
KEPT = "its rows are set aside, and put back into the new one"
"""Why a step does more than to drop or make the table."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Keeping:
    """How one table keeps its rows. `columns` are those of both, as (before, after)."""

    before: Table
    after: Table
    columns: tuple[tuple[Column, Column], ...]
    lost: tuple[str, ...]
    """The names of the columns whose values the new table has no place for."""
    partitions: tuple[Partition, ...]
    """The partitions that go with the old table."""
    ready: frozenset[Id]
    """What has to be there before the rows are put back: the new table with its columns, and its partitions."""
    waiting: frozenset[Id]
    """What must not be there yet: triggers and rules would act on the rows, and foreign keys miss those of others."""
    filled: frozenset[Id]
    """What should not be there yet, since it is filled with rows when it is made."""
    counts: tuple[Count, ...]
    """What numbers its columns then."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables whose rows are kept."""
        return tuple(one.name for one in sorted([self.before.id, *(one.within() for one in self.partitions)]))

    @property
    def places(self) -> tuple[tuple[str, ...], ...]:
        """The tables that hold the rows, and where its counters stood, meanwhile."""
        schema, name = self.before.path
        return ((schema, aside(name)), *(old.aside for old in self._counters))

    @property
    def dropped(self) -> tuple[Id, ...]:
        """What is dropped with the old table, and not by itself before: its rows are among those of the table."""
        return tuple(name for one in self.partitions for name in (one.id, one.within()))

    def set_aside(self) -> Iterator[Step]:
        """Copy the rows, under a lock that nobody passes, and drop the table."""
        table, source = sql.qualified(*self.before.path), self._source
        texts = [
            f"LOCK TABLE {source} IN ACCESS EXCLUSIVE MODE",
            f"CREATE TABLE {self._aside} AS SELECT {self._names} FROM {source}",
            *(text for old in self._counters for text in _position_aside(old)),
            f"DROP TABLE {table}",
        ]
        lost = tuple(f"column {table}.{sql.name(name)} and its values" for name in self.lost)
        # Who may not read the rows may still drop the table: then they are lost, and the plan says so.
        yield self.before.step(";\n".join(texts), otherwise=texts[-1:], sets_aside=self.tables, loses=lost)

    def put_back(self) -> Iterator[Step]:
        """Insert the rows into the new table, whose counters go on where those of the old one were."""
        for old, new in self.columns:
            if old.type != new.type:
                there = dataclasses.replace(new, path=(*self.places[0], new.path[2]), relkind="r")
                yield dataclasses.replace(there.retyped(), about=new.id, reason=KEPT)
        table = sql.qualified(*self.after.path)
        ours = "OVERRIDING SYSTEM VALUE " if any(new.identity for _, new in self.columns) else ""
        texts = [f"INSERT INTO {table} ({self._names}) {ours}SELECT {self._names} FROM {self._aside}"]
        reached = {one.new for one in self.counts if not one.made}
        for one in self.counts:
            if one.old is None:
                texts.append(numbered(one, self.after.id).sql)
            else:
                texts.append(one.go_on(sql.qualified(*one.old.aside), ahead=one.new in reached))
                reached.add(one.new)
        texts += [f"DROP TABLE {sql.qualified(*place)}" for place in (*self.places[1:], self.places[0])]
        yield self.after.step(";\n".join(texts), reason=KEPT, puts_back=self.tables)

    @property
    def _counters(self) -> tuple[Counter, ...]:
        """What counted before."""
        return tuple(dict.fromkeys(one.old for one in self.counts if one.old))

    @property
    def _source(self) -> str:
        """The rows of a partitioned table are those of its partitions; what inherits from a table has its own."""
        return ("" if self.before.partition_key else "ONLY ") + sql.qualified(*self.before.path)

    @property
    def _names(self) -> str:
        return sql.names(new.path[2] for _, new in self.columns)

    @property
    def _aside(self) -> str:
        return sql.qualified(*self.places[0])


def _position_aside(old: Counter) -> Iterator[str]:
    """Keep where a counter stands, which goes with the table: ALTER SEQUENCE lets nobody count on until the end."""
    yield f"ALTER SEQUENCE {old.name} CACHE {old.options[5]}"
    yield f"CREATE TABLE {sql.qualified(*old.aside)} AS SELECT last_value, is_called FROM {old.name}"


def keeping(found: Resolution, counts: Sequence[Count]) -> dict[Id, Keeping]:
    """The tables that keep their rows though they are made again; `counts` are those of all tables."""
    tables = [one for one in sorted(found.replaced - found.renewed) if one.kind == "table"]
    parts = (_parts(found.current), _parts(found.desired)) if tables else ({}, {})
    taken = {one.path for catalog in (found.current, found.desired) for one in catalog.objects} if tables else set()
    result = {}
    for one in tables:
        # What has the name of a place for rows is somebody's table, or the place of another's.
        own = tuple(count for count in counts if count.table == one)
        if (kept := _Keeping(found, one, *parts, own).kept()) is not None and taken.isdisjoint(kept.places):
            taken.update(kept.places)
            result[one] = kept
    return result


class _Keeping:
    """Whether and how one table keeps its rows; `gone` and `made` are the partitions that it had, and has then."""

    def __init__(self, found: Resolution, one: Id, before: _Parts, after: _Parts, counts: tuple[Count, ...]):
        self.found = found
        self.one = one
        self.counts = counts
        self.gone = list(_below(before, one.path))
        self.made = list(_below(after, one.path))

    def kept(self) -> Keeping | None:
        """None where it cannot, or has none of its own."""
        before, after = self.found.current.objects[self.one], self.found.desired.objects[self.one]
        assert isinstance(before, Table)
        assert isinstance(after, Table)
        old, new = _columns(self.found.current, self.one), _columns(self.found.desired, self.one)
        both = {name: (old[name], column) for name, column in new.items() if name in old and not column.generated}
        if not both or self.loses_its_ground(old) or not self.whole(before) or not self.open(after):
            return None
        return Keeping(
            before=before,
            after=after,
            columns=tuple(both.values()),
            lost=tuple(name for name, column in old.items() if name not in both and not column.generated),
            partitions=tuple(self.gone),
            ready=frozenset(self.ready()),
            waiting=frozenset(self.waiting({after.path, *(one.path for one in self.made)})),
            filled=frozenset(one for one in self.found.made if one.kind == "materialized view"),
            counts=self.counts,
        )

    def loses_its_ground(self, columns: Mapping[str, Column]) -> bool:
        """Whether a type that its rows are of, or its schema, goes too."""
        needs = {*self.found.current.needs[self.one]}.union(*(self.found.current.needs[c.id] for c in columns.values()))
        return any(self.found.is_gone(need) for need in needs if need.kind not in ("table", "column"))

    def whole(self, table: Table) -> bool:
        """Whether all its rows can be read, and are to go with it: partitions that stay keep theirs."""
        return _holds_rows(table, self.gone) and all(one.within() in self.found.dropped for one in self.gone)

    def open(self, table: Table) -> bool:
        """Whether rows can be put into it."""
        return _holds_rows(table, self.made)

    def ready(self) -> Iterator[Id]:
        for table in (self.one, *(one.within() for one in self.made)):
            yield table
            yield from (child.id for child in self.found.desired.children.get(table, ()) if isinstance(child, Column))
        yield from (one.id for one in self.made)
        yield from (one.new.maker for one in self.counts)

    def waiting(self, tables: Container[tuple[str, ...]]) -> Iterator[Id]:
        for one in self.found.made:
            thing = self.found.desired.objects[one]
            if isinstance(thing, Constraint) and thing.type == "f":
                near = any(need.path[:2] in tables for need in (one, *self.found.desired.needs[one]))
            else:
                near = one.kind in _WATCHING and one.path[:2] in tables
            if near:
                yield one


def _columns(catalog: Catalog, table: Id) -> dict[str, Column]:
    """A table's columns by name, in their order."""
    found = [thing for thing in catalog.children.get(table, ()) if isinstance(thing, Column)]
    return {one.path[2]: one for one in sorted(found, key=lambda one: one.number)}


def _parts(catalog: Catalog) -> _Parts:
    """The partitions of every table that has some."""
    found: dict[tuple[str, ...], list[Partition]] = {}
    for thing in catalog.objects.values():
        if isinstance(thing, Partition):
            found.setdefault(thing.parent, []).append(thing)
    return found


def _below(parts: _Parts, table: tuple[str, ...]) -> Iterator[Partition]:
    """The partitions of a table, and theirs."""
    for one in parts.get(table, ()):
        yield one
        yield from _below(parts, one.path)


def _holds_rows(table: Table, partitions: Sequence[Partition]) -> bool:
    """Whether it has rows, all here and all to be seen: policies may hold for its owner too."""
    here = all(one.relkind != "f" for one in partitions)
    return (
        here
        and bool(table.partition_key) == bool(partitions)
        and not (table.row_security and table.row_security_forced)
    )

"""What hazards are found from: what changes, where live's tables end, and the two scratch databases."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.hazards._conversions import conversions
from dbsync.hazards._lineage import Lineage, Origin, Path
from dbsync.hazards._rows import Rows, Shown, Source
from dbsync.kinds.column import Column
from dbsync.kinds.default import Default
from dbsync.kinds.domain import Domain
from dbsync.kinds.partition import Partition
from dbsync.model.catalog import Catalog
from dbsync.model.changes import Change
from dbsync.model.hazards import Question
from dbsync.model.objects import Id, aside
from dbsync.model.plan import Observed

Connection = psycopg.Connection[Any]

_KEYS = """
    select array[n.nspname, c.relname]::text[],
           array(select a.attname::text from pg_catalog.unnest(i.indkey::int2[]) with ordinality k (number, place)
                 join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.number order by k.place)
    from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where i.indisprimary and c.oid >= 16384
"""
_TYPES = frozenset({"enum", "domain", "composite type", "range", "base type"})
_CODE = frozenset({"function", "procedure", "aggregate", "operator", "cast", "collation", "enum", "base type", "range"})
"""What an expression may need; where the plan makes or changes it, live would answer with its own."""


class CannotAskError(Exception):
    """Live, as it is now, cannot answer the question; the message says why."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known when a plan is proven.

    `current` is what live holds, `begun` the same after the renames with which a plan begins. `copy` and `desired` are
    sessions on the copy of live and on the desired database; `oids` are of the latter.
    """

    changes: Sequence[Change]
    current: Catalog
    begun: Catalog
    goal: Catalog
    lineage: Lineage
    steps: Sequence[Observed]
    copy: Connection
    desired: Connection
    oids: Mapping[Id, int]
    version: int
    """Of live, as server_version_num."""

    @functools.cached_property
    def changed(self) -> Mapping[Id, Change]:
        """The changes by identity."""
        return {change.id: change for change in self.changes}

    @functools.cached_property
    def keys(self) -> Mapping[Path, tuple[str, ...]]:
        """The primary key of every table of live that has one."""
        return {tuple(path): tuple(names) for path, names in self.copy.execute(_KEYS).fetchall()}

    @functools.cached_property
    def parts(self) -> tuple[Mapping[Path, list[Path]], Mapping[Path, list[Path]]]:
        """The partitions of every partitioned table, on live and at the end."""
        return _parts(self.current), _parts(self.goal)

    @functools.cached_property
    def losses(self) -> frozenset[str]:
        """What the replay saw being lost, in its words."""
        return frozenset(loss for one in self.steps for loss in one.lost)

    @functools.cached_property
    def aside(self) -> frozenset[str]:
        """The tables whose rows go over to a new one."""
        return frozenset(name for one in self.steps for name in one.step.sets_aside)

    @functools.cached_property
    def conversions(self) -> Mapping[Path, str | None]:
        """The USING of every step that changes a column's type, by (schema, table, column); None where it has none."""
        return conversions(one.step.sql for one in self.steps)

    def conversion(self, column: Path) -> str | None:
        """The USING with which a column of the end gets its type; of rows that are set aside, there."""
        schema, table, name = column
        return self.conversions.get(column) or self.conversions.get((schema, aside(table), name))

    def put(self, hazard: str, about: Id, question: Callable[[], Question | None]) -> Iterator[Question]:
        """The question, if there is one; where it cannot be put to live, that this is so."""
        try:
            found = question()
        except CannotAskError as error:
            found = Question(hazard=hazard, about=about, cannot=str(error))
        if found is not None:
            yield found

    def implied(self, change: Change) -> bool:
        """Whether the question of a parent's change covers this one."""
        return change.after is not None and any(one in self.changed for one in change.after.implied_by())

    def of_kind(self, kind: str) -> Iterator[Change]:
        """What is added or changed of a kind, less what a parent's change covers."""
        return (one for one in self.changes if one.id.kind == kind and one.after and not self.implied(one))

    def column(self, table: Path, name: str) -> Column:
        """A column at the end."""
        found = self.goal.objects[Id("column", (*table, name))]
        assert isinstance(found, Column)
        return found

    @functools.cached_property
    def retyped(self) -> Mapping[Path, tuple[Column, Column]]:
        """The columns that live has with another type or collation: (on live, at the end)."""
        return {
            (*table, name): (was, self.column(table, name))
            for table, origin in self.lineage.tables.items()
            for name in origin.columns
            if Id("column", (*table, name)) in self.goal.objects
            and (was := self.live_column(origin, name))
            and _kind(self._renamed(was, (*table, name))) != _kind(self.column(table, name))
        }

    @functools.cached_property
    def going_over(self) -> tuple[tuple[Column, Column], ...]:
        """The columns that keep the name of their type, while the type is made anew: (on live, at the end)."""
        renewed = {one for one in self.changed if one.kind in _TYPES and one.path not in self.lineage.types}
        return tuple(
            (was, self.column(table, name))
            for table, origin in self.lineage.tables.items()
            for name in (origin.columns if renewed else ())
            if (*table, name) not in self.retyped
            and Id("column", (*table, name)) in self.goal.objects
            and renewed & self.goal.needs[Id("column", (*table, name))]
            and (was := self.live_column(origin, name))
        )

    def types(self, column: Column) -> tuple[Id, ...]:
        """The types of the schema that a column's type is of."""
        return tuple(sorted(need for need in self.goal.needs[column.id] if need.kind in _TYPES))

    def live_column(self, origin: Origin, name: str) -> Column | None:
        """A column by its name at the end as it is on live; None where it is new."""
        if name not in origin.columns:
            return None
        found = self.current.objects.get(Id("column", (*origin.path, origin.columns[name])))
        return found if isinstance(found, Column) else None

    def needed(self, one: Id, table: Path) -> tuple[str, ...]:
        """The columns of a table that an object at the end speaks of."""
        found = [need.path[2] for need in self.goal.needs[one] if need.kind == "column" and need.path[:2] == table]
        return tuple(sorted(found, key=lambda name: self.column(table, name).number))

    def ready(self, one: Id) -> None:
        """CannotAskError where the plan makes or changes a function, an operator or a type that an object uses."""
        seen, queue = {one}, [one]
        while queue:
            for need in sorted(self.goal.needs.get(queue.pop(), ())):
                if need.kind not in _CODE or need in seen:
                    continue
                if need in self.changed:
                    raise CannotAskError(f"it uses {need}, which this plan {self._verb(need)}")
                seen.add(need)
                queue.append(need)

    def _verb(self, one: Id) -> str:
        return "makes" if self.changed[one].before is None else "changes"

    def rows(self, table: Path, columns: Iterable[str] = (), *, only: bool = False) -> Rows | None:
        """The rows of a table at the end, with these columns; None where live has none, since the table is new.

        `only` leaves out the rows of tables that inherit from it. CannotAskError where live cannot say.
        """
        sources = [self._source(origin, table, tuple(columns), only=only) for origin in self.origins(table)]
        return Rows(table[1], tuple(sources)) if sources else None

    def leaves(self, table: Path) -> list[Path]:
        """The partitions that a table has at the end, at any depth, less those that have partitions themselves."""
        return _leaves(self.parts[1], table)

    def origins(self, table: Path) -> list[Origin]:
        """What holds the rows of a table now: itself, unless other partitions are attached to it at the end: these.

        What becomes partitioned has its own rows and those of the tables that are attached.
        """
        own = self.lineage.tables.get(table)
        ends = [self.lineage.tables[leaf] for leaf in self.leaves(table) if leaf in self.lineage.tables]
        if not ends:
            return [own] if own else []
        if own and own.relkind != "p":
            return [own, *ends]  # it was made again, with partitions
        if own and {one.path for one in ends} <= {own.path, *_leaves(self.parts[0], own.path)}:
            return [own]
        return ends

    def _source(self, origin: Origin, table: Path, columns: tuple[str, ...], *, only: bool) -> Source:
        inherited = only and any(
            one.kind == "inheritance" and one.path[2:] == origin.path for one in self.current.objects
        )
        text = ("ONLY " if inherited else "") + sql.qualified(*origin.path)
        shown = dict[str, Shown]()
        for name in columns:
            self._show(origin, table, name, shown)
        key = self.keys.get(origin.path, () if origin.relkind == "p" else ("ctid",))
        return Source(origin.path, text, key, tuple(shown.values()))

    def _show(self, origin: Origin, table: Path, name: str, shown: dict[str, Shown]) -> None:
        if name in shown:
            return
        column, live = self.column(table, name), self.live_column(origin, name)
        if live and (column.generated == live.generated or live.generated) and column.expression == live.expression:
            shown[name] = Shown(name, self._converted(table, column, live))
        elif column.generated:
            self.ready(column.id)
            for other in self.needed(column.id, table):
                self._show(origin, table, other, shown)
            shown[name] = Shown(name, f"({column.expression})", computed=True)
        elif column.identity:
            raise CannotAskError(f"the plan numbers the rows in the new column {sql.name(name)}")
        else:
            shown[name] = Shown(name, f"({self.added(column) or 'NULL'})::{column.type}")

    def _renamed(self, live: Column, path: Path) -> Column:
        """A column of live as it is after the renames, which may have given its type another name."""
        found = self.begun.objects.get(Id("column", path))
        return found if isinstance(found, Column) else live

    def _converted(self, table: Path, column: Column, live: Column) -> str:
        name = sql.name(live.path[2])
        if column.type == self._renamed(live, column.path).type:
            return name
        using = self.conversion((*table, column.path[2]))
        return f"({using})" if using else f"{name}::{column.type}"

    def default(self, column: Column) -> str:
        """The expression of a column's default, or of its domain's; empty where there is none."""
        own = self.goal.objects.get(Id("default", column.path))
        if isinstance(own, Default):
            return own.expression
        domains = [self.goal.objects[one] for one in self.types(column)]
        return next((one.default for one in domains if isinstance(one, Domain) and one.default), "")

    def added(self, column: Column) -> str:
        """The same for a new column, as live can compute it for the rows that are there; CannotAskError where not."""
        text = self.default(column)
        if text:
            for one in (Id("default", column.path), *self.types(column)):
                self.ready(one)
        return text


def _kind(column: Column) -> tuple[str, str]:
    return column.type, column.collation


def _parts(catalog: Catalog) -> Mapping[Path, list[Path]]:
    """The partitions of every partitioned table."""
    found: dict[Path, list[Path]] = {}
    for thing in catalog.objects.values():
        if isinstance(thing, Partition):
            found.setdefault(thing.parent, []).append(thing.path)
    return found


def _leaves(parts: Mapping[Path, list[Path]], table: Path) -> list[Path]:
    """The partitions below a table, at any depth, less those that have partitions themselves."""
    found, queue = [], [table]
    while queue:
        here = queue.pop()
        below = parts.get(here, [])
        queue += below
        if not below and here != table:
            found.append(here)
    return sorted(found)

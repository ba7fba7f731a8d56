"""What a diagram shows: tables with their columns, and the foreign keys between them."""

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping

from dbsync import sql

Name = tuple[str, str]
"""A schema, and a table in it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """A column; `primary`, `foreign`, `unique`: it is in the primary key, in a foreign key, unique by itself."""

    name: str
    type: str
    nullable: bool = True
    primary: bool = False
    foreign: bool = False
    unique: bool = False
    comment: str = ""

    @property
    def marks(self) -> tuple[str, ...]:
        """PK, FK and UK, as Mermaid and others write them."""
        found = ("PK" if self.primary else "", "FK" if self.foreign else "", "UK" if self.unique else "")
        return tuple(mark for mark in found if mark)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """A table; `partitions` is how many it has on all levels, `left_out` how many columns the diagram does not show."""

    name: Name
    columns: tuple[Column, ...]
    comment: str = ""
    partitions: int = 0
    left_out: int = 0

    @property
    def label(self) -> str:
        """The name as a person writes it: without the schema, if that is public."""
        return label(self.name)

    @functools.cached_property
    def rows(self) -> Mapping[str, int]:
        """The position of each column, from 0."""
        return {column.name: number for number, column in enumerate(self.columns)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reference:
    """A foreign key. `optional`: a row may refer to none; `single`: a row is referred to at most once."""

    name: str
    table: Name
    columns: tuple[str, ...]
    target: Name
    target_columns: tuple[str, ...]
    optional: bool = False
    single: bool = False
    on_delete: str = ""
    """What follows ON DELETE, in PostgreSQL's words; empty for NO ACTION."""

    @property
    def label(self) -> str:
        """The foreign key in words."""
        return f"{self.source} → {self.goal}"

    @property
    def source(self) -> str:
        """The columns that refer, with their table."""
        return f"{label(self.table)} ({sql.names(self.columns)})"

    @property
    def goal(self) -> str:
        """The columns that are referred to, with their table and what follows when a row there goes."""
        action = f", on delete {self.on_delete.lower()}" if self.on_delete else ""
        return f"{label(self.target)} ({sql.names(self.target_columns)}){action}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Diagram:
    """All tables, by name, and the foreign keys whose both ends are among them."""

    tables: tuple[Table, ...]
    references: tuple[Reference, ...]

    @functools.cached_property
    def by_name(self) -> Mapping[Name, Table]:
        """The tables."""
        return {table.name: table for table in self.tables}

    def around(self, names: Iterable[Name], depth: int) -> "Diagram":
        """These tables and those that are at most `depth` foreign keys away, in either direction."""
        neighbours: defaultdict[Name, set[Name]] = defaultdict(set)
        for one in self.references:
            neighbours[one.table].add(one.target)
            neighbours[one.target].add(one.table)
        kept = reached = set(names)
        for _ in range(depth):
            reached = {other for one in reached for other in neighbours[one]} - kept
            kept = kept | reached
        return self.only(kept)

    def only(self, names: Iterable[Name]) -> "Diagram":
        """These tables, and what they refer to among themselves."""
        kept = frozenset(names)
        return Diagram(
            tables=tuple(table for table in self.tables if table.name in kept),
            references=tuple(one for one in self.references if one.table in kept and one.target in kept),
        )

    def with_columns(self, which: str) -> "Diagram":
        """The diagram with `all` columns, with those of `keys` (and what foreign keys lead to), or with `none`."""
        if which == "all":
            return self
        shown: defaultdict[Name, set[str]] = defaultdict(set)
        if which == "keys":
            for table in self.tables:
                shown[table.name] |= {column.name for column in table.columns if column.primary or column.foreign}
            for one in self.references:
                shown[one.target] |= set(one.target_columns)
        tables = []
        for table in self.tables:
            columns = tuple(column for column in table.columns if column.name in shown[table.name])
            left_out = table.left_out + len(table.columns) - len(columns)
            tables.append(dataclasses.replace(table, columns=columns, left_out=left_out))
        return Diagram(tables=tuple(tables), references=self.references)


def label(name: Name) -> str:
    """A table's name as a person writes it: without the schema, if that is public."""
    return sql.name(name[1]) if name[0] == "public" else sql.qualified(*name)

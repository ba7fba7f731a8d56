"""Live's rows as they will be when a plan has run, read from live as it is: the FROM item of every question.

Where a plan renames a column, changes its type or adds one with a default, a subquery says so; mostly it is just the
table's name.
"""

import dataclasses
from collections.abc import Sequence

from dbsync import sql
from dbsync.hazards._lineage import Path
from dbsync.model.hazards import PLACE, Attempt


@dataclasses.dataclass(frozen=True)
class Shown:
    """A column as a question needs it: its name at the end, the expression that gives it on live, and whether that
    is computed from the others."""

    name: str
    expression: str
    computed: bool = False

    @property
    def plain(self) -> bool:
        """Whether live has it just so."""
        return self.expression == sql.name(self.name)

    def __str__(self) -> str:
        return self.expression if self.plain else f"{self.expression} AS {sql.name(self.name)}"


@dataclasses.dataclass(frozen=True)
class Source:
    """A table of live, how it is read ("public.t", "ONLY public.t"), its key, and what is read of it."""

    table: Path
    text: str
    key: tuple[str, ...]
    columns: tuple[Shown, ...]


@dataclasses.dataclass(frozen=True)
class Rows:
    """The rows of one table at the end, from the tables of live that hold them now."""

    name: str
    """The name of the table at the end, without its schema."""
    sources: tuple[Source, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of live that are read."""
        return tuple(sql.qualified(*one.table) for one in self.sources)

    @property
    def label(self) -> str:
        """The table in words."""
        first = self.tables[0]
        return first if len(self.sources) == 1 else f"{first} and {len(self.sources) - 1} more"

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row; those of the first source, if all have the same."""
        keys = {one.key for one in self.sources}
        return keys.pop() if len(keys) == 1 else ()

    def item(self, alias: str = "", condition: str = "") -> str:
        """What stands behind FROM."""
        plain = all(column.plain for one in self.sources for column in one.columns)
        where = f" WHERE {condition}" if condition else ""
        if plain and len(self.sources) == 1:
            return self.sources[0].text + (f" AS {sql.name(alias)}" if alias else "") + where
        text = " UNION ALL ".join(self._selected(one, where) for one in self.sources)
        name = sql.name(alias or self.name)
        if computed := [column for column in self.sources[0].columns if column.computed]:
            return f"(SELECT *, {', '.join(map(str, computed))} FROM ({text}) AS {name}) AS {name}"
        return f"({text}) AS {name}"

    def _selected(self, one: Source, where: str) -> str:
        columns = [column for column in one.columns if not column.computed]
        known = {column.name for column in columns}
        key = [sql.name(name) for name in self.key if name not in known]
        return f"SELECT {', '.join([*key, *map(str, columns)])} FROM {one.text}{where}"

    def scan(self) -> str:
        """Every row's place and key."""
        return " UNION ALL ".join(
            f"SELECT tableoid, ctid, ARRAY[{', '.join(f'{sql.name(name)}::text' for name in one.key)}]::text[] AS key"
            f" FROM {one.text}"
            for one in self.sources
        )

    def attempt(self, expression: str, *, condition: bool = False) -> Attempt:
        """An expression that must not fail for any of them, nor be false where it is a condition."""
        return Attempt(expression, self.item(), self.item(condition=PLACE), self.scan(), condition)

    def listing(self, columns: Sequence[str], condition: str = "", *, extra: Sequence[str] = ()) -> str:
        """The query that lists the rows that meet a condition: their key, and these columns."""
        shown = [sql.name(name) for name in dict.fromkeys((*self.key, *columns))] + list(extra)
        where = f" WHERE {condition}" if condition else ""
        return f"SELECT {', '.join(shown) or '1'} FROM {self.item()}{where}"

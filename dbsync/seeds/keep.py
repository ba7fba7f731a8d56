"""Keeps the rows that a plan writes as they are before it, for an undo."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dbsync.model.rows import FormerRows, Values
from dbsync.seeds.compare import Texts
from dbsync.seeds.wanted import Wanted

_MOST = 100_000_000
"""So many characters of the rows of a table are kept."""
_TOO_MANY = f"those that were written held more than {_MOST / 1e6:,.0f} MB"
_FOLLOWED = "rows of other tables followed their keys when these changed"
_KEYLESS = "some of those that went have NULL in their key"


class Keeper:
    """The rows of one table. Those that others follow when they change, in the columns `followed`, are no good: what
    they were by then is not what a change back makes of them."""

    def __init__(self, one: Wanted, followed: frozenset[str]):
        self.one = one
        self.unknown = ""
        self._followed = followed
        self._added: list[Texts] = []
        self._chosen: list[str] = []
        self._changed: list[tuple[Texts, Values]] = []
        self._removed: list[Values] = []
        self._size = 0

    def added(self, key: Texts) -> None:
        """A row that is not there."""
        if self._room(key):
            self._added.append(key)

    def chosen(self, conditions: Iterable[str]) -> None:
        """Rows that are not there and whose keys live is to choose, by what finds them afterwards."""
        self._chosen += (one for one in conditions if self._room((one,)))

    def changed(self, key: Texts, before: Mapping[str, str | None]) -> None:
        """A row that gets other values."""
        if not self._followed.isdisjoint(before):
            self.unknown = _FOLLOWED
        if self._room((*key, *before.values())):
            self._changed.append((key, before))

    def removed(self, values: Mapping[str, str | None]) -> None:
        """A row that goes."""
        if any(values[name] is None and not self.one.nulls(name) for name in self.one.key):
            self.unknown = self.unknown or _KEYLESS
        if self._room(values.values()):
            self._removed.append(values)

    def follow(self, others: Sequence["Keeper"]) -> None:
        """Rows that follow those that another one is no good for are no better."""
        gone = {other.one.table.path for other in others if other.unknown == _FOLLOWED}
        if any(key.parent in gone and key.on_update in "cnd" for key in self.one.table.parents):
            self.unknown = _FOLLOWED

    def rows(self) -> Iterator[FormerRows]:
        """What was kept, if anything was."""
        if self.unknown:
            yield FormerRows(table=self.one.table.path, key=self.one.key, unknown=self.unknown)
        elif self._size:
            yield FormerRows(
                table=self.one.table.path,
                key=self.one.key,
                added=tuple(self._added),
                chosen=tuple(self._chosen),
                changed=tuple(self._changed),
                removed=tuple(self._removed),
            )

    def _room(self, texts: Iterable[str | None]) -> bool:
        self._size += sum(len(text or "") + 1 for text in texts)
        if self._size > _MOST:
            self.unknown = self.unknown or _TOO_MANY
        return not self.unknown


def forgotten(rows: FormerRows) -> str:
    """What to tell of rows that no undo will bring back."""
    return f"no undo will bring back what rows of {'.'.join(rows.table)} were: {rows.unknown}"

"""Keeps the rows that a plan writes as they are before it, for an undo."""

from collections.abc import Iterable, Iterator, Mapping

from dbsync.model.rows import FormerRows, Values
from dbsync.seeds.compare import Texts
from dbsync.seeds.wanted import Wanted

_MOST = 100_000_000
"""So many characters of the rows of a table are kept."""


class Keeper:
    """The rows of one table."""

    def __init__(self, one: Wanted):
        self.one = one
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
        if self._room((*key, *before.values())):
            self._changed.append((key, before))

    def removed(self, values: Mapping[str, str | None]) -> None:
        """A row that goes."""
        if self._room(values.values()):
            self._removed.append(values)

    def rows(self) -> Iterator[FormerRows]:
        """What was kept, if anything was and it is not too much."""
        if 0 < self._size <= _MOST:
            yield FormerRows(
                table=self.one.table.path,
                key=self.one.key,
                added=tuple(self._added),
                chosen=tuple(self._chosen),
                changed=tuple(self._changed),
                removed=tuple(self._removed),
            )

    def notes(self) -> Iterator[str]:
        """That it is too much."""
        if self._size > _MOST:
            yield (
                f"an undo will not bring back the rows of {self.one.table.name}:"
                f" those that are written hold more than {_MOST / 1e6:,.0f} MB"
            )

    def _room(self, texts: Iterable[str | None]) -> bool:
        self._size += sum(len(text or "") + 1 for text in texts)
        return self._size <= _MOST

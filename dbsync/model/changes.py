"""A change: one object that is not the same in two catalogs."""

import dataclasses

from dbsync.model.objects import Id, Object
from dbsync.model.text import Place


@dataclasses.dataclass(frozen=True)
class Change:
    """`before` is None for what is added, `after` for what is removed; what is renamed has another name before."""

    id: Id
    before: Object | None
    after: Object | None

    @property
    def renamed(self) -> bool:
        """Whether the object has another name, or another schema, before."""
        return self.before is not None and self.before.id != self.id

    def fields(self) -> tuple[str, ...]:
        """The fields that differ, where both sides have the object."""
        if self.before is None or self.after is None:
            return ()
        return tuple(
            f.name
            for f in dataclasses.fields(self.after)
            if f.compare and f.name != "path" and getattr(self.before, f.name) != getattr(self.after, f.name)
        )


@dataclasses.dataclass(frozen=True)
class Rename:
    """That an object, or a label or an attribute of a type, gets another name.

    `place` is that of the directive which says so; None where there is none: it is equal in all but its name.
    """

    before: Id
    after: Id
    place: Place | None = None


@dataclasses.dataclass(frozen=True)
class PossibleRename:
    """A removed and an added object, or member of one, that are alike in all but the name.

    `directive` is the comment that makes it a rename, to be written on the line above `place` (`-- …`) or right before
    it (`/* … */`).
    """

    before: Id
    after: Id
    directive: str
    place: Place | None = None

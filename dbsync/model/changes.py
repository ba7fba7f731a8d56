"""A change: one object that is not the same in two catalogs."""

import dataclasses

from dbsync.model.objects import Id, Object


@dataclasses.dataclass(frozen=True)
class Change:
    """`before` is None for what is added, `after` for what is removed."""

    id: Id
    before: Object | None
    after: Object | None

    def fields(self) -> tuple[str, ...]:
        """The fields that differ, where both sides have the object."""
        if self.before is None or self.after is None:
            return ()
        return tuple(
            f.name
            for f in dataclasses.fields(self.after)
            if f.compare and getattr(self.before, f.name) != getattr(self.after, f.name)
        )

"""Where a sequence stands: data, which no catalog holds."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Position:
    """The two values of a sequence that say what it gives next (section 9.17 of the manual).

    `last` is the number that it gave last, or where `called` is False the one that it will give first.
    """

    last: int
    called: bool

    def following(self, increment: int) -> int:
        """The next number, bounds apart."""
        return self.last + increment if self.called else self.last

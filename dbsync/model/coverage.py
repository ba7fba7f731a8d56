"""What dbsync knows of a kind of object, for people to read."""

import dataclasses

IN_PLACE = "in place"
REMADE = "made again"


@dataclasses.dataclass(frozen=True)
class Attribute:
    """One property of a kind that counts: two objects that differ in it are different."""

    name: str
    about: str
    """What its field's docstring says; may be empty."""
    changed: str
    """IN_PLACE, REMADE, or both with when."""
    since: int | None
    """The first major version of PostgreSQL that has it, where not all supported ones do."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of object."""

    name: str
    about: str
    attributes: tuple[Attribute, ...]

"""Functions."""

import dataclasses
from typing import ClassVar

from dbsync.kinds._routine import QUERY, Routine


@dataclasses.dataclass(frozen=True, kw_only=True)
class Function(Routine):
    """A function, also a window function or one in C."""

    kind: ClassVar[str] = "function"
    keyword: ClassVar[str] = "FUNCTION"
    query: ClassVar[str] = QUERY % ("FUNCTION", "'f', 'w'")

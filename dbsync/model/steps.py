"""A step: one SQL statement of a plan, and what is known of it before it runs."""

import dataclasses
from typing import TYPE_CHECKING

from dbsync.model.text import Place

if TYPE_CHECKING:
    from dbsync.model.objects import Id


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One statement, without its semicolon.

    `otherwise` holds variants that are tried in their order where PostgreSQL refuses the statement (it alone knows,
    for example, whether a cast needs USING). `transactional` is False for what refuses a transaction block,
    `takes_commit` True for what other steps may be able to use only after a COMMIT, `apart` True for what runs in a
    transaction of its own, since it takes long. `rows` is how many declared rows it writes, or None where it is about
    the schema.

    A table that is made again keeps its rows where one step `sets_aside` those of these tables, as SQL names them, and
    another `puts_back`; what is lost on the way is `loses`, in words.
    """

    sql: str
    about: "Id"
    otherwise: tuple[str, ...] = ()
    transactional: bool = True
    takes_commit: bool = False
    apart: bool = False
    author: str = "dbsync"
    reason: str | None = None
    place: Place | None = None
    rows: int | None = None
    sets_aside: tuple[str, ...] = ()
    puts_back: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()

"""Columns and constraints that a table has by inheritance alone: only its CREATE TABLE makes them so."""

from collections.abc import Container, Iterable, Iterator, Sequence

from dbsync import sql
from dbsync.model.objects import Id, aside


def renews_whole(one: Id, local: tuple[bool | None, bool], parents: Iterable[Id], made: Container[Id]) -> str | None:
    """Why a table must be made again for one of these; None if it need not.

    `local` says whether the table has it as its own, before (None if it has not got it) and after; `parents` are those
    of the same name above it, and what is `made` there comes to the table by itself.
    """
    before, after = local
    if after or before is False or (before is None and any(parent in made for parent in parents)):
        return None
    return f"no statement makes {one} one that is only inherited; named in its CREATE TABLE as well, the table stays"


NOT_VALID = "as an heir is made, all that it inherits is valid; what is not comes to it from a stand-in of its parent's"
"""Why stand-ins are made."""


def through_stand_ins(heir: tuple[str, ...], parents: Sequence[tuple[str, str]], drop: str, add: str) -> Iterator[str]:
    """The statements that drop and add something on an heir as if its parents had done it, which stay as they are.

    Empty tables like the parents take their place meanwhile: on the parents it would concern all their heirs.
    """
    table = sql.qualified(*heir)
    names = [(heir[0], aside(f"{heir[1][:40]}_{number}")) for number, _ in enumerate(parents, 1)]
    pairs = [(sql.qualified(*name), sql.qualified(*parent)) for name, parent in zip(names, parents, strict=True)]
    for standin, parent in pairs:
        yield f"CREATE TABLE {standin} (LIKE {parent} INCLUDING CONSTRAINTS INCLUDING GENERATED)"
        yield f"ALTER TABLE {table} INHERIT {standin}"
        yield f"ALTER TABLE {table} NO INHERIT {parent}"
    for action in (drop, add):
        yield from (f"ALTER TABLE {standin} {action}" for standin, _ in pairs)
    for standin, parent in pairs:
        yield f"ALTER TABLE {table} INHERIT {parent}"
        yield f"ALTER TABLE {table} NO INHERIT {standin}"
        yield f"DROP TABLE {standin}"

"""Columns and constraints that a table has by inheritance alone: only its CREATE TABLE makes them so."""

from collections.abc import Container, Iterable

from dbsync.model.objects import Id


def renews_whole(one: Id, local: tuple[bool | None, bool], parents: Iterable[Id], made: Container[Id]) -> str | None:
    """Why a table must be made again for one of these; None if it need not.

    `local` says whether the table has it as its own, before (None if it has not got it) and after; `parents` are those
    of the same name above it, and what is `made` there comes to the table by itself.
    """
    before, after = local
    if after or before is False or (before is None and any(parent in made for parent in parents)):
        return None
    return f"no statement makes {one} one that is only inherited; named in its CREATE TABLE as well, the table stays"

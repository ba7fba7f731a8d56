"""Renames of several records, taken back at once."""

import functools

from dbsync.model.changes import Rename
from dbsync.model.objects import Id
from dbsync.planning import directed
from dbsync.planning.unnamed import taken_back

Wish = functools.partial(directed.Wish, known=True)


def table(name: str) -> Id:
    return Id("table", ("public", name))


def column(table: str, name: str) -> Id:
    return Id("column", ("public", table, name))


def test_one_record() -> None:
    renamed = (Rename(table("plans"), table("offers")), Rename(column("plans", "name"), column("offers", "title")))
    assert taken_back([renamed]) == (
        Wish(table("offers"), table("plans")),
        # When it is renamed its table is called plans again.
        Wish(column("plans", "title"), column("plans", "name")),
    )


def test_one_after_the_other() -> None:
    first = (Rename(table("a"), table("b")), Rename(column("a", "x"), column("b", "y")))
    second = (Rename(table("b"), table("c")), Rename(column("b", "y"), column("c", "z")))
    assert taken_back([first, second]) == (
        Wish(table("c"), table("a")),
        Wish(column("a", "z"), column("a", "x")),
    )


def test_there_and_back() -> None:
    assert taken_back([(Rename(table("a"), table("b")),), (Rename(table("b"), table("a")),)]) == ()


def test_a_schema_takes_everything_along() -> None:
    schema = Rename(Id("schema", ("old",)), Id("schema", ("new",)))
    inner = Rename(Id("table", ("new", "a")), Id("table", ("new", "b")))
    assert taken_back([(schema,), (inner,)]) == (
        Wish(Id("schema", ("new",)), Id("schema", ("old",))),
        Wish(Id("table", ("old", "b")), Id("table", ("old", "a"))),
    )


def test_kinds_do_not_mix() -> None:
    """A constraint and a column of one table may have the same name."""
    renamed = (Rename(column("t", "a"), column("t", "b")),)
    later = (Rename(Id("constraint", ("public", "t", "b")), Id("constraint", ("public", "t", "c"))),)
    assert taken_back([renamed, later])[0] == Wish(column("t", "b"), column("t", "a"))

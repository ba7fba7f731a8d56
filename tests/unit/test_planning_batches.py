"""Where a plan's steps may be cut into transactions."""

from dbsync.model.objects import Id
from dbsync.model.plan import Batch, Observed
from dbsync.model.steps import Step
from dbsync.planning.batches import clean_cuts, committed_before, whole


def step(name: str, *touched: str, transactional: bool = True, takes_commit: bool = False) -> Observed:
    made = Step(sql=name, about=table(name), transactional=transactional, takes_commit=takes_commit)
    return Observed(step=made, touched=tuple(map(table, touched)))


def table(name: str) -> Id:
    return Id("table", ("public", name))


def names(batches: tuple[Batch, ...]) -> list[str]:
    return ["".join(one.step.sql for one in batch.steps) for batch in batches]


def test_whole() -> None:
    batches = whole((step("a"), step("b"), step("c", transactional=False), step("d")))
    assert names(batches) == ["ab", "c", "d"]
    assert [batch.transactional for batch in batches] == [True, False, True]


def test_committed_before() -> None:
    plain = whole((step("a"), step("b"), step("c")))
    assert names(committed_before(plain, 0, 2)) == ["ab", "c"]
    labels = whole((step("a"), step("b", takes_commit=True), step("c")))
    assert names(committed_before(labels, 0, 2)) == ["b", "ac"]


def test_new_objects_can_be_cut_anywhere() -> None:
    steps = (step("a"), step("b"), step("a"), step("c"))
    assert clean_cuts(steps, there=()) == {1, 2, 3}


def test_what_is_dropped_and_made_again_stays_together() -> None:
    steps = (step("a"), step("view"), step("b"), step("view"), step("c"))
    assert clean_cuts(steps, there={table("view")}) == {1, 4}
    by_touch = (step("a"), step("x", "view"), step("b"), step("y", "view"), step("c"))
    assert clean_cuts(by_touch, there={table("view")}) == {1, 4}


def test_the_first_step_may_reach_to_the_last() -> None:
    assert clean_cuts((step("view"), step("a"), step("view")), there={table("view")}) == frozenset()
    assert clean_cuts((step("view"), step("view"), step("a")), there={table("view")}) == {2}

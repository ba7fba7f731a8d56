"""Which of two drafts is the better one."""

from dbsync.authors.draft import Draft
from dbsync.model.objects import Id
from dbsync.model.plan import Observed
from dbsync.model.steps import Step


def draft(*steps: Observed) -> Draft:
    return Draft(author="dbsync", steps=steps, left=(), refused=())


def observed(lock: str, *scanned: str, apart: bool = False, transactional: bool = True) -> Observed:
    step = Step(sql="…", about=Id("table", ("public", "t")), apart=apart, transactional=transactional)
    return Observed(step=step, locks={"public.t": lock}, scanned=scanned)


def test_a_scan_blocks_under_a_lock_of_its_own_transaction_only() -> None:
    add, scan = observed("ACCESS EXCLUSIVE"), observed("SHARE UPDATE EXCLUSIVE", "public.t")
    apart = observed("SHARE UPDATE EXCLUSIVE", "public.t", apart=True)
    outside = observed("SHARE UPDATE EXCLUSIVE", "public.t", transactional=False)

    def scans(*steps: Observed) -> int:
        return draft(*steps).cost()[3]

    assert scans(add, scan) == 1
    assert [scans(add, apart), scans(add, outside), scans(scan, add)] == [0, 0, 0]
    own = observed("ACCESS EXCLUSIVE", "public.t", apart=True)
    assert [scans(own), scans(own, scan)] == [1, 1]

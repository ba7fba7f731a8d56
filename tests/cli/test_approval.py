"""What the operator is asked, and which answers are taken."""

import io
import re
import sys

import pytest

from dbsync.cli.approval import Consent, allowed, approve, lost_name
from dbsync.errors import Refused, UsageError
from dbsync.model.objects import Id
from dbsync.model.plan import Batch, Observed, Plan, Proof
from dbsync.model.steps import Step

NONE: frozenset[str] = frozenset()


class Planned:
    """A plan as the task returns it."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.warning = ""


def planned(*lost: str, steps: int = 1) -> Planned:
    names = [name for loss in lost for name in re.findall(r"table (\S+)", loss)] or ["public.t"] * steps
    about = [Id("table", tuple(name.split("."))) for name in names]
    losses: list[tuple[str, ...]] = [(loss,) for loss in lost] or [()] * steps
    made = tuple(Observed(step=Step(sql="x", about=a), lost=loss) for a, loss in zip(about, losses, strict=True))
    plan = Plan(
        target="the test",
        database="shop",
        host="db",
        changes=(),
        batches=(Batch(steps=made),) if made else (),
        proof=Proof(""),
        current_fingerprint="",
        desired_fingerprint="",
        schema_digest="",
        schema_text="",
    )
    return Planned(plan)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def ask(monkeypatch: pytest.MonkeyPatch, what: Planned, answer: str, hazards: frozenset[str] = NONE) -> bool:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    try:
        approve(what, Consent(hazards=hazards))  # type: ignore[arg-type]
    except Refused:
        return False
    return True


@pytest.mark.parametrize(("answer", "agreed"), [("yes\n", True), ("y\n", False), ("\n", False), ("", False)])
def test_yes(answer: str, agreed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(monkeypatch, planned(), answer) is agreed
    assert 'Apply 1 step, database shop on db?\nType "yes" to go on: ' in capsys.readouterr().err


def test_one_loss_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    what = planned("table public.old and its rows")
    assert not ask(monkeypatch, what, "yes\n")
    assert ask(monkeypatch, what, "public.old\n")
    shown = capsys.readouterr().err
    assert "lost: table public.old and its rows" in shown
    assert "Type public.old to agree that it is lost: " in shown
    assert ask(monkeypatch, what, "yes\n", frozenset({"data-loss"}))


def test_a_few_losses_are_each_named(monkeypatch: pytest.MonkeyPatch) -> None:
    what = planned("table public.a and its rows", "table public.b and its rows")
    assert ask(monkeypatch, what, "public.a\npublic.b\n")
    assert not ask(monkeypatch, what, "public.a\n")


def test_many_losses_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    what = planned(*(f"table public.t{i} and its rows" for i in range(7)))
    assert ask(monkeypatch, what, "lose 7\n")
    assert not ask(monkeypatch, what, "yes\n")


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    with pytest.raises(Refused, match="nobody is there to ask") as caught:
        approve(planned(), Consent())  # type: ignore[arg-type]
    assert caught.value.hint == f"--approve {planned().plan.digest} agrees to exactly this plan, --yes to any"


def test_yes_beforehand() -> None:
    approve(planned(), Consent(yes=True))  # type: ignore[arg-type]
    what = planned("table public.a and its rows")
    with pytest.raises(Refused, match="its rows"):
        approve(what, Consent(yes=True))  # type: ignore[arg-type]
    approve(what, Consent(yes=True, hazards=allowed(["data-loss"])))  # type: ignore[arg-type]


def test_lost_rows_are_named_by_their_table(monkeypatch: pytest.MonkeyPatch) -> None:
    what = planned("3 rows of table public.plans")
    assert ask(monkeypatch, what, "public.plans\n")
    assert not ask(monkeypatch, what, "yes\n")


def test_nothing_to_agree_to() -> None:
    approve(planned(steps=0), Consent())  # type: ignore[arg-type]


def test_allowed() -> None:
    assert allowed([]) == NONE
    assert allowed(["all"]) == allowed(["data-loss,data-loss"]) == frozenset({"data-loss"})
    with pytest.raises(UsageError):
        allowed(["data-loss,locks"])


def test_a_loss_without_a_name_is_typed_whole() -> None:
    assert lost_name(planned().plan, "everything") == "everything"

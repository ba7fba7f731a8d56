"""The steps of a plan as numbered SQL, each with what the replay saw of it."""

from collections import defaultdict
from collections.abc import Iterator

from dbsync.load.secrets import masked
from dbsync.model.plan import Batch, Observed, Plan
from dbsync.render.page import Page, code, count, visible

_BLOCKS = {
    "ACCESS EXCLUSIVE": "blocks reads and writes of",
    "EXCLUSIVE": "blocks writes of",
    "SHARE ROW EXCLUSIVE": "blocks writes of",
    "SHARE": "blocks writes of",
    "SHARE UPDATE EXCLUSIVE": "blocks schema changes and VACUUM of",
}
"""What a lock means to others; the modes that are not here stand in nobody's way but schema changes'."""


def lines(plan: Plan, page: Page) -> Iterator[str]:
    """All batches."""
    number = 0
    for position, batch in enumerate(plan.batches, 1):
        if len(plan.batches) > 1:
            yield page.paint(batch_title(position, len(plan.batches), batch), "title")
        for one in batch.steps:
            number += 1
            yield from _step(number, one, page, "     ")
        yield ""


def batch_title(position: int, total: int, batch: Batch) -> str:
    """ "Transaction 1 of 3, 4 steps"."""
    if batch.transactional:
        return f"Part {position} of {total}: one transaction, {count(len(batch.steps), 'step')}"
    return f"Part {position} of {total}: outside of any transaction"


def _step(number: int, one: Observed, page: Page, indent: str) -> Iterator[str]:
    head = f"{number:>4} "
    for line in terminated(code(masked(one.step.sql))).split("\n"):
        yield page.paint(head, "faint") + line if head.strip() else head + line
        head = indent
    for style, words in annotations(one):
        yield from page.wrapped(words, indent + "  ", indent + "    ", style)


def terminated(text: str) -> str:
    """The statement with its semicolon, which a comment in its last line must not swallow."""
    return text + ("\n;" if "--" in text.rpartition("\n")[2] else ";")


def annotations(one: Observed) -> Iterator[tuple[str, str]]:
    """What there is to say of a step, in the order of what matters most; each with its style."""
    for lost in one.lost:
        yield "lost", f"loses {lost}"
    if one.rewritten:
        yield "removed", f"rewrites {', '.join(one.rewritten)}: takes longer with more rows"
    if scanned := [table for table in one.scanned if table not in one.rewritten]:
        yield "changed", f"reads all of {', '.join(scanned)}: takes longer with more rows"
    for words, tables in _locks(one).items():
        slow = one.rewritten or one.scanned
        yield "changed" if slow or not words.startswith("blocks reads") else "faint", f"{words} {', '.join(tables)}"
    if one.step.reason:
        yield "faint", one.step.reason
    place = f"{one.step.place}, " if one.step.place else ""
    yield "faint", f"{place}by {one.step.author}"


def _locks(one: Observed) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for table, mode in one.locks.items():
        if words := _BLOCKS.get(mode):
            found[words].append(visible(table))
    return found

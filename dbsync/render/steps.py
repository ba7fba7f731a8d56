"""The steps of a plan as numbered SQL, each with what the replay saw of it."""

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from dbsync.load.secrets import masked
from dbsync.model.hazards import Size
from dbsync.model.plan import Batch, Observed, Plan
from dbsync.model.steps import Step
from dbsync.render import rows
from dbsync.render.page import Page, code, count, visible

Sizes = Mapping[str, Size]

_BLOCKS = {
    "ACCESS EXCLUSIVE": "blocks reads and writes of",
    "EXCLUSIVE": "blocks writes of",
    "SHARE ROW EXCLUSIVE": "blocks writes of",
    "SHARE": "blocks writes of",
    "SHARE UPDATE EXCLUSIVE": "blocks schema changes and VACUUM of",
}
"""What a lock means to others; the modes that are not here stand in nobody's way but schema changes'."""

_FIRST = 8
_LONGEST = 4_000
"""Of a statement that writes rows so many lines are shown, or so many characters of a longer one."""


def lines(plan: Plan, page: Page) -> Iterator[str]:
    """All batches."""
    number = 0
    for position, batch in enumerate(plan.batches, 1):
        if len(plan.batches) > 1:
            yield page.paint(batch_title(position, len(plan.batches), batch), "title")
        for one in batch.steps:
            number += 1
            yield from _step(number, one, plan.sizes, page)
        yield ""


def batch_title(position: int, total: int, batch: Batch) -> str:
    """ "Transaction 1 of 3, 4 steps"."""
    if batch.transactional:
        return f"Part {position} of {total}: one transaction, {count(len(batch.steps), 'step')}"
    return f"Part {position} of {total}: outside of any transaction"


def _step(number: int, one: Observed, sizes: Sizes, page: Page) -> Iterator[str]:
    head, indent = f"{number:>4} ", "     "
    for line in _sql(terminated(code(masked(shortened(one.step)))), page, len(indent)):
        yield page.paint(head, "faint") + line if head.strip() else head + line
        head = indent
    for style, words in warnings(one, sizes):
        yield from page.wrapped(words, indent + "  ", indent + "    ", style)
    yield from page.wrapped(" · ".join(remarks(one)), indent + "  ", indent + "    ", "faint")


def shortened(step: Step) -> str:
    """The statement; of one that writes many rows the first of them."""
    lines = step.sql.split("\n")
    if not step.rows or len(lines) <= 2 * _FIRST:
        return step.sql if len(step.sql) <= _LONGEST or not step.rows else step.sql[:_LONGEST] + " …"
    return "\n".join([*lines[:_FIRST], f"    … {len(lines) - _FIRST:,} more lines"])


def _sql(text: str, page: Page, indent: int) -> Iterator[str]:
    """The lines of a statement; on a terminal those that are too long go on in the next, if no quote can be split."""
    for line in text.split("\n"):
        room = page.width - indent
        if not page.terminal or len(line) <= room or any(mark in line for mark in ("'", '"', "$", "--", "/*", "\t")):
            yield line
            continue
        start = line[: len(line) - len(line.lstrip())]
        yield from textwrap.wrap(
            line.strip(),
            max(room, 30),
            initial_indent=start,
            subsequent_indent=start + "    ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def terminated(text: str) -> str:
    """The statement with its semicolon, which a comment in its last line must not swallow."""
    return text + ("\n;" if "--" in text.rpartition("\n")[2] else ";")


def annotations(one: Observed, sizes: Sizes) -> list[str]:
    """All that there is to say of a step, in the order of what matters most."""
    return [*(words for _, words in warnings(one, sizes)), *remarks(one)]


def warnings(one: Observed, sizes: Sizes) -> Iterator[tuple[str, str]]:
    """What an operator should think about; each with its style."""
    for lost in one.lost:
        yield "lost", f"loses {lost}"
    if one.rewritten:
        yield "removed", f"rewrites {_sized(one.rewritten, sizes)}: takes longer with more rows"
    if scanned := [table for table in one.scanned if table not in one.rewritten]:
        yield "changed", f"reads all of {_sized(scanned, sizes)}: takes longer with more rows"
    if one.rewritten or one.scanned:
        yield from (("changed", f"{words} meanwhile") for words in _locks(one))


def _sized(tables: Iterable[str], sizes: Sizes) -> str:
    return ", ".join(rows.sized(table, sizes) for table in tables)


def remarks(one: Observed) -> Iterator[str]:
    """Where a step comes from, what it locks, and why it is there."""
    if one.step.place:
        yield str(one.step.place)
    yield f"by {one.step.author}"
    if not (one.rewritten or one.scanned):
        yield from _locks(one)
    if one.step.reason:
        yield one.step.reason


def _locks(one: Observed) -> list[str]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for table, mode in one.locks.items():
        if words := _BLOCKS.get(mode):
            found[words].append(visible(table))
    return [f"{words} {', '.join(tables)}" for words, tables in found.items()]

"""What live says of its rows, in words: those in the way, those that are lost, and how large its tables are."""

from collections.abc import Iterator, Mapping

from dbsync.model.hazards import Hazard, Size
from dbsync.model.plan import Plan
from dbsync.render.page import Page, code, count, visible


def lines(plan: Plan, page: Page) -> Iterator[str]:
    """What is in the way of the plan, and what is not known to be."""
    for one in plan.blocked:
        yield from page.wrapped(f"IN THE WAY: {in_the_way(one)}", "x ", "    ", "lost")
        yield from _more(one, page)
    for one in open_questions(plan):
        yield from page.wrapped(f"NOT KNOWN: {not_known(one)}", "? ", "    ", "changed")
        yield from _query(one, page)
    if plan.blocked or open_questions(plan):
        yield ""


def open_questions(plan: Plan) -> tuple[Hazard, ...]:
    """The hazards that live could not tell of; those that only count what is lost are not among them."""
    return tuple(one for one in plan.hazards if one.rows is None and not one.question.loss)


def in_the_way(one: Hazard) -> str:
    """ "3 rows of public.t with NULL in name, which becomes NOT NULL"."""
    return f"{_number(one)} {one.question.problem}"


def not_known(one: Hazard) -> str:
    """What could not be asked of live, and why."""
    what = one.question.problem and f", if there are rows {one.question.problem}"
    return f"{one.question.about}{what}: {one.unknown}"


def examples(one: Hazard) -> str:
    """ "for example id 1, id 2"; empty where none is known."""
    shown = ("for example " if one.at_least or len(one.examples) < (one.rows or 0) else "") + "; ".join(one.examples)
    return visible(shown) if one.examples else ""


def verdict(plan: Plan) -> str:
    """How far live's rows allow the steps."""
    asked = [one for one in plan.hazards if not one.question.loss]
    unknown = len(open_questions(plan))
    if plan.blocked:
        return "On live they would fail all the same: rows are in the way."
    if not asked:
        return "No step can fail on live's rows."
    if unknown:
        left = "one question is" if unknown == 1 else f"{unknown} questions are"
        return f"Live's rows were asked: none is known to be in the way, and {left} open."
    return "Live's rows were asked: none is in the way."


def loss(plan: Plan, lost: str) -> str:
    """A loss with what live says of it: "table public.t and its rows (4 rows)"."""
    found = next((one for one in plan.hazards if one.question.loss == lost), None)
    return f"{lost} ({_lost(found)})" if found else lost


def sized(table: str, sizes: Mapping[str, Size]) -> str:
    """A table with its size: "public.jobs (1.2 GB, ~3.4 million rows)"."""
    size = sizes.get(table)
    if size is None:
        return visible(table)
    rows = "" if size.rows is None or (size.rows == 0 and size.bytes > 65536) else f", {_about(size.rows)}"
    return f"{visible(table)} ({_bytes(size.bytes)}{rows})"


def _more(one: Hazard, page: Page) -> Iterator[str]:
    if shown := examples(one):
        yield from page.wrapped(shown, "    ")
    if one.failure:
        yield from page.wrapped(f"PostgreSQL says: {one.failure}", "    ")
    yield from _query(one, page)
    yield from page.wrapped(one.question.advice, "    ")


def _query(one: Hazard, page: Page) -> Iterator[str]:
    # A query that fails for the very rows that it is to list helps nobody.
    if one.question.query and not one.failure:
        for line in code(one.question.query + ";").split("\n"):
            yield "    " + page.paint(line, "faint")


def _number(one: Hazard) -> str:
    return ("at least " if one.at_least else "") + count(one.rows or 0, "row")


def _lost(one: Hazard) -> str:
    if one.rows is None:
        return f"how many rows is not known: {one.unknown}"
    if one.of is None:
        return count(one.rows, "row") if one.rows else "it holds no rows"
    if not one.of:
        return "the table holds no rows"
    return f"{one.rows:,} of {count(one.of, 'row')}"


def _about(rows: int) -> str:
    """A number from statistics, no more exact than these are."""
    if rows >= 999_500:
        unit, word = (1e9, "billion") if rows >= 999_500_000 else (1e6, "million")
        return f"~{rows / unit:.{0 if rows >= 100 * unit else 1}f} {word} rows"
    digits = max(len(str(rows)) - 2, 0)
    return f"~{count(round(rows, -digits), 'row')}" if rows else "no rows"


def _bytes(size: int) -> str:
    number, units = float(size), ["bytes", "kB", "MB", "GB", "TB"]
    while number >= 1000 and len(units) > 1:
        number /= 1024
        del units[0]
    return f"{number:.{1 if number < 9.95 and units[0] != 'bytes' else 0}f} {units[0]}"

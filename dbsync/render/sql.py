"""A plan as a script that psql runs: the transactions, settings and statements of an apply."""

import textwrap
from collections.abc import Iterator

from dbsync import sql
from dbsync.load.secrets import HIDDEN, masked
from dbsync.model.plan import Batch, Observed, Plan
from dbsync.pg.settings import RUNNING, SINCE
from dbsync.render import rows
from dbsync.render.page import Page, code, visible
from dbsync.render.plain_sql import plain_sql
from dbsync.render.steps import Sizes, annotations, batch_title, terminated
from dbsync.render.text import sums

_LOCK_TIMEOUT = "2s"


def _settings() -> Iterator[str]:
    yield "\\set ON_ERROR_STOP on"
    yield "\\set AUTOCOMMIT on"
    yield "SET client_encoding = 'UTF8';"
    newer: dict[int, list[str]] = {}
    for name, value in {**RUNNING, "lock_timeout": _LOCK_TIMEOUT}.items():
        text = f"SET {name} = {sql.literal(value)};"
        if since := SINCE.get(name):
            newer.setdefault(since, []).append(text)
        else:
            yield text
    for since, texts in newer.items():
        yield f"SELECT :SERVER_VERSION_NUM >= {since}0000 AS newer \\gset"
        yield "\\if :newer"
        yield from texts
        yield "\\endif"


def render(plan: Plan, page: Page) -> Iterator[str]:
    """The script, the same on every page."""
    del page
    back = "" if plan.undoes is None else f": back to {plan.goal}"
    yield from _comment(f"dbsync plan {plan.digest} for {plan.target}{back}")
    if plan.empty:
        yield from _comment(f"Nothing to do: database {plan.database} is {plan.goal}.")
    else:
        yield from _comment(sums(plan))
        for lost in plan.losses:
            yield from _comment(f"LOST: {rows.loss(plan, lost)}")
        for one in plan.blocked:
            yield from _comment(f"IN THE WAY: {rows.in_the_way(one)}")
    if plan.empty:
        return
    yield ""
    yield from _settings()
    number = 0
    for position, batch in enumerate(plan.batches, 1):
        yield ""
        if len(plan.batches) > 1:
            yield from _comment(batch_title(position, len(plan.batches), batch))
        yield from _batch(batch, number, plan.sizes)
        number += len(batch.steps)


def _batch(batch: Batch, number: int, sizes: Sizes) -> Iterator[str]:
    if batch.transactional:
        yield "BEGIN;"
    else:
        # It waits without standing in anyone's way; a timeout would leave an invalid index.
        yield "SET lock_timeout = '0';"
    for one in batch.steps:
        number += 1
        yield ""
        yield from _step(number, one, sizes)
    if batch.transactional:
        yield ""
        yield "COMMIT;"
    else:
        yield f"SET lock_timeout = {sql.literal(_LOCK_TIMEOUT)};"


def _step(number: int, one: Observed, sizes: Sizes) -> Iterator[str]:
    yield from _comment(f"{number}: {one.step.about}; " + "; ".join(annotations(one, sizes)))
    text = masked(one.step.sql)
    if text != one.step.sql:
        words = f"step {number}: put the password in place of {HIDDEN}, and remove this line"
        yield f"DO $$BEGIN RAISE EXCEPTION '{words}'; END$$;"
    written = plain_sql(text)
    if written is None:
        yield f"DO $$BEGIN RAISE EXCEPTION 'step {number} holds characters that this script cannot'; END$$;"
    yield terminated(code(text) if written is None else written)


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(visible(text), 110, break_long_words=False, break_on_hyphens=False):
        yield f"-- {line}"

"""Asks live about its rows: once the plan is proven, on a connection of its own, read-only."""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg

from dbsync.errors import ConnectionFailed, Refused
from dbsync.hazards import Lineage, ask, sizes
from dbsync.model.catalog import Catalog
from dbsync.model.hazards import Hazard, Question, Size
from dbsync.model.objects import Id
from dbsync.model.plan import Observed, Plan
from dbsync.pg.connect import Target, connect
from dbsync.planning.width import refuse_too_wide

Connection = psycopg.Connection[Any]

_SILENT = "live could not be asked about its rows"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """What live answered, how large its tables are, and what the operator should know of the asking."""

    hazards: tuple[Hazard, ...] = ()
    sizes: Mapping[str, Size] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()


def about_rows(
    target: Target,
    questions: Sequence[Question],
    steps: Sequence[Observed],
    names: Mapping[str, str],
    *,
    lineage: Lineage | None = None,
    timeout: float,
    progress: Callable[[str], None],
) -> Asked:
    """The answers to these questions, and the sizes of the tables that the steps are about. With `lineage`
    NoPlan names one that would have too many columns.

    `names` maps the names that the steps have for tables to those of live, where they differ.
    Live may be gone by now: the plan is proven all the same, and what is not known is said.
    """
    tables = sorted({table for one in steps for table in (*one.locks, *one.rewritten, *one.scanned)})
    if not questions and not tables:
        return Asked()
    try:
        with contextlib.closing(connect(target, read_only=True)) as connection:
            if lineage is not None:
                refuse_too_wide(connection, lineage)
            return Asked(
                hazards=ask(connection, questions, timeout=timeout, progress=progress),
                sizes=_sizes(connection, tables, names),
            )
    except (ConnectionFailed, psycopg.Error) as error:
        unknown = tuple(Hazard(question=one, unknown="live could not be reached again") for one in questions)
        return Asked(hazards=unknown, notes=(f"{_SILENT}: {error}",))


def answered(plan: Plan) -> bool:
    """Whether live could be asked about its rows when the plan was made."""
    return not any(note.startswith(_SILENT) for note in plan.notes)


def _sizes(connection: Connection, tables: Sequence[str], names: Mapping[str, str]) -> Mapping[str, Size]:
    found = sizes(connection, [names.get(table, table) for table in tables])
    return {table: found[live] for table in tables if (live := names.get(table, table)) in found}


def asked_again(target: Target, plan: Plan, *, timeout: float, progress: Callable[[str], None]) -> Plan:
    """A plan that was kept, with what live answers now."""
    if not plan.hazards:
        return plan
    with contextlib.closing(connect(target, read_only=True)) as connection:
        put = [one.question for one in plan.hazards]
        return dataclasses.replace(plan, hazards=ask(connection, put, timeout=timeout, progress=progress))


def refuse_rows(plan: Plan) -> None:
    """Refused where live's rows are in the way of a plan: a step would fail, so nothing is run at all."""
    if not plan.blocked:
        return
    lines = [f"{'at least ' if one.at_least else ''}{one.rows:,} {one.question.problem}" for one in plan.blocked]
    many = "a step" if len(lines) == 1 else f"{len(lines)} steps"
    raise Refused(
        f"rows of the database are in the way of {many} of the plan; nothing was applied",
        detail="\n  ".join(["Rows in the way:", *lines]),
        hint="dbsync plan shows which rows, and what to do about them",
    )


def by_identity(catalog: Catalog) -> Mapping[Id, int]:
    """The oid of every object that was read."""
    return {one: oid for (_, oid, _), one in catalog.addresses.items()}

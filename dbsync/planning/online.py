"""Online forms of a draft: which tables of live are large, and which steps can have another form."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import psycopg

from dbsync.authors.draft import Draft
from dbsync.authors.online import Part, arrangements
from dbsync.load.secrets import masked
from dbsync.model.plan import Observed
from dbsync.model.steps import Step
from dbsync.planning.proof import NotProvenError, Proven
from dbsync.planning.workspace import Workspace
from dbsync.replay import Refusal, Replay

Connection = psycopg.Connection[Any]

ROWS = 100_000
BYTES = 100 * 1024 * 1024
"""A table with so many rows, or of this size, by live's statistics, is large."""

_LARGE = """
    select pg_catalog.format('%%I.%%I', n.nspname, c.relname)
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and c.oid >= 16384 and n.nspname !~ '^pg_'
      and (c.reltuples >= %s or c.relpages >= %s / pg_catalog.current_setting('block_size')::bigint or %s)
"""


_NO_ORDER = "no order of the steps lets the plan run with its online form"


def large(connection: Connection, mode: str) -> frozenset[str]:
    """The tables of live for which online forms are wanted: by `mode` the large ones (auto), all (always) or none."""
    if mode == "never":
        return frozenset()
    rows = connection.execute(_LARGE, [ROWS, BYTES, mode == "always"]).fetchall()
    return frozenset(name for (name,) in rows)


def online(
    workspace: Workspace,
    draft: Draft,
    first: tuple[Observed, ...],
    tables: frozenset[str],
    version: int,
    invalid: Collection[str],
    prove: Callable[[tuple[Observed, ...]], Proven],
) -> tuple[Proven, tuple[str, ...]]:
    """The draft, proven with as many of its steps in online forms as can be, and a note on each of the others.

    `first` are the steps that run before the draft's, `invalid` the indexes that are so. NotProvenError if the draft
    cannot even be proven as it is.
    """
    ordinary: dict[Step, str] = {}
    if tables and (kept := [name for one in draft.steps for name in one.step.puts_back]):
        # An online form ends the transaction, and nobody may see the new table without its rows.
        return prove(draft.steps), (f"no step has its online form, since {kept[0]} is made again with its rows",)
    while forms := list(arrangements(draft.steps, tables, version, ordinary, invalid)) if tables else []:
        reasons = []
        for parts in forms:
            try:
                with workspace.fresh(first) as name, workspace.running(name) as connection:
                    steps = _run(Replay(connection, workspace.may_elevate), parts)
                return prove(steps), _notes(ordinary)
            except _RefusedError as error:
                reasons.append(error.reasons)
            except NotProvenError as error:
                reasons.append(_unproven(error, parts))
        fewest = min(reasons, key=len)
        ordinary |= fewest
    return prove(draft.steps), _notes(ordinary)


class _RefusedError(Exception):
    """Steps that cannot have their online forms, each with the reason; never none."""

    def __init__(self, reasons: dict[Step, str]):
        super().__init__("online forms were refused")
        self.reasons = reasons


def _run(replay: Replay, parts: Sequence[Part]) -> tuple[Observed, ...]:
    """Run the steps; those that need one that comes late are tried again after all others, as long as that helps."""
    done: list[Observed] = []
    reasons: dict[Step, str] = {}
    waiting = list(parts)
    while waiting:
        refused = []
        for part in waiting:
            result = replay.run(part.step)
            if isinstance(result, Refusal):
                refused.append((part, f"PostgreSQL refuses its online form ({result.failure.message})"))
            else:
                done.append(_observed(result, part))
        if len(refused) == len(waiting):
            # To blame is the one in whose place PostgreSQL takes the step itself; others may only wait for that.
            written = [(part.origin.step, why) for part, why in refused if part.written]
            blamed = next(((step, why) for step, why in written if isinstance(replay.run(step), Observed)), None)
            if blamed is None:
                every = (part.origin.step for part in parts if part.written)
                raise _RefusedError(reasons | dict(written) or dict.fromkeys(every, _NO_ORDER))
            reasons[blamed[0]] = blamed[1]
        waiting = [part for part, _ in refused if part.origin.step not in reasons]
    if reasons:
        raise _RefusedError(reasons)
    return tuple(done)


def _observed(result: Observed, part: Part) -> Observed:
    """What the replay saw of a part, with what it cannot see of what runs outside of a transaction."""
    result = dataclasses.replace(result, touched=part.origin.touched)
    if part.step.transactional:
        return result
    # Outside of a transaction no lock can be looked at; CONCURRENTLY takes this one, and reads what was read before.
    locks = dict.fromkeys(part.origin.locks, "SHARE UPDATE EXCLUSIVE")
    return dataclasses.replace(result, locks=locks, scanned=part.origin.scanned, lost=part.origin.lost)


def _unproven(error: NotProvenError, parts: Sequence[Part]) -> dict[Step, str]:
    """The steps because of whose online forms the plan ends elsewhere; all of them where nobody can tell."""
    written = {part.origin.step: part for part in parts if part.written}
    failed = error.step.step.sql if error.step else None
    about = [change.id.path for change in error.left]
    found = [
        step
        for step, part in written.items()
        if part.step.sql == failed
        or any(path[: len(name.path)] == name.path for name in (step.about, *part.origin.touched) for path in about)
    ]
    return dict.fromkeys(found or written, "the plan could not be proven with its online form")


def _notes(ordinary: Mapping[Step, str]) -> tuple[str, ...]:
    return tuple(
        f"this blocks a large table, since {why}: {' '.join(masked(step.sql).split())}"
        for step, why in ordinary.items()
    )

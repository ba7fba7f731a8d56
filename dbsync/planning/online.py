"""Online forms of a draft: which tables of live are large, and what the replay sees of the steps."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from dbsync.authors.draft import Draft
from dbsync.authors.online import Part, arrangements
from dbsync.model.plan import Observed
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


def large(connection: Connection, mode: str) -> frozenset[str]:
    """The tables of live for which online forms are wanted: by `mode` the large ones (auto), all (always) or none."""
    if mode == "never":
        return frozenset()
    rows = connection.execute(_LARGE, [ROWS, BYTES, mode == "always"]).fetchall()
    return frozenset(name for (name,) in rows)


def online(
    workspace: Workspace, draft: Draft, first: tuple[Observed, ...], tables: frozenset[str], version: int
) -> Iterator[tuple[Observed, ...]]:
    """The draft's steps in online forms that PostgreSQL takes, the best first; they are yet to be proven.

    `first` are the steps that run before the draft's.
    """
    for parts in arrangements(draft.steps, tables, version) if tables else ():
        with workspace.fresh(first) as name, workspace.running(name) as connection:
            steps = _run(Replay(connection, workspace.may_elevate), parts)
        if len(steps) == len(parts):
            yield steps


def _run(replay: Replay, parts: Sequence[Part]) -> tuple[Observed, ...]:
    """Run the steps; those that need one that comes late are tried again after all others, as long as that helps."""
    done: list[Observed] = []
    while parts:
        waiting = []
        for part in parts:
            if (found := _observed(replay, part)) is not None:
                done.append(found)
            else:
                waiting.append(part)
        if len(waiting) == len(parts):
            break
        parts = waiting
    return tuple(done)


def _observed(replay: Replay, part: Part) -> Observed | None:
    result = replay.run(part.step)
    if isinstance(result, Refusal):
        return None
    result = dataclasses.replace(result, touched=part.origin.touched)
    if part.step.transactional:
        return result
    # Outside of a transaction no lock can be looked at; CONCURRENTLY takes this one, and reads what was read before.
    locks = dict.fromkeys(part.origin.locks, "SHARE UPDATE EXCLUSIVE")
    return dataclasses.replace(result, locks=locks, scanned=part.origin.scanned, lost=part.origin.lost)

"""Remembers a proven plan for those who ask for it again: who reviews it, and the apply that follows.

It holds as long as live's catalog, the file, the programs and all that was asked for are what they were: then it would
be written again as it is. What live's rows mean for it is asked anew.
"""

import contextlib
import dataclasses
import functools
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from dbsync.errors import DbsyncError
from dbsync.model.plan import Plan
from dbsync.planning.live import Live
from dbsync.planning.memory import Memory, about
from dbsync.scratch import binaries, cache

_MOST = 20


class Again:
    """The last plan with steps that was proven for what a memory is of."""

    def __init__(self, memory: Memory):
        """The plan of the same request, files and live."""
        self.memory = memory
        self.folder = memory.folder.with_name("planned")

    @functools.cached_property
    def path(self) -> Path:
        """Where it is kept."""
        request = self.memory.request
        asked = (request.author, request.online, binaries.seen(request.environ))
        return self.folder / f"{cache.key(self.memory.path.stem, *asked, self.memory.facts)}.json"

    def recall(self, live: Live) -> Plan | None:
        """The plan as it was made, if live is what it was; what `asked` adds is yet to be asked."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, psycopg.Error, DbsyncError):
            known = json.loads(self.path.read_text())
            # The kinds take their time, and are often not needed.
            from dbsync.planning.file import read
            from dbsync.planning.online import large

            request = self.memory.request
            if known["state"] != live.state or known["large"] != sorted(large(live.connection, request.online)):
                return None
            if known["counters"] and known["counters"] != _standing(live, [path for path, *_ in known["counters"]]):
                return None
            plan = read(known["plan"], "")
            os.utime(self.path)
            return dataclasses.replace(plan, **about(request, self.memory.files, self.memory.seeds, self.memory.facts))
        return None

    def asked(self, plan: Plan, progress: Callable[[str], None]) -> Plan:
        """A plan that was recalled, with what live says of its rows now."""
        from dbsync.planning.asking import about_rows

        request = self.memory.request
        rows = about_rows(
            request.target,
            [one.question for one in plan.hazards],
            plan.steps,
            {rename.after.name: rename.before.name for rename in plan.renamed},
            timeout=request.question_timeout,
            progress=progress,
        )
        return dataclasses.replace(plan, hazards=rows.hazards, sizes=rows.sizes, notes=(*plan.notes, *rows.notes))

    def keep(self, plan: Plan, live: Live, tables: frozenset[str]) -> None:
        """Take a plan down, unless it holds a secret, or seeds were read, whose values may move with the clock.

        `tables` are those of live that counted as large. A server that only a URL names may be another the next time.
        A folder that cannot be written to costs time, nothing else.
        """
        from dbsync.load.secrets import masked
        from dbsync.planning.asking import answered
        from dbsync.planning.counters import changed
        from dbsync.planning.file import written

        if self.memory.seeds or "://" in self.memory.request.scratch or not answered(plan):
            return
        if any(masked(one.step.sql) != one.step.sql for one in plan.steps):
            return
        counters = _standing(live, changed(plan.changes))
        known = {"state": live.state, "large": sorted(tables), "counters": counters, "plan": written(plan)}
        with contextlib.suppress(OSError):
            self.folder.mkdir(exist_ok=True)
            cache.replace(self.path, json.dumps(known).encode())
            cache.forget(self.folder, most=_MOST)


def _standing(live: Live, paths: Iterable[Sequence[str]]) -> list[list[Any]]:
    """Where they stand, in a form that JSON gives back as it is."""
    found = ((path, live.positions.get(tuple(path))) for path in paths)
    return [[[*path], one and one.last, one and one.called] for path, one in found]

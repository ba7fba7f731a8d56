"""Remembers that a live database was proven to be what a file says, so that the next plan costs one look at live.

What was proven holds as long as the file, live's catalog and the programs are the same; each is part of the key.
"""

import contextlib
import functools
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg

import dbsync
from dbsync.model.coding import packed, unpacked
from dbsync.model.objects import Id
from dbsync.model.plan import Identity, Plan, Proof
from dbsync.pg.server import LiveFacts
from dbsync.planning import rows
from dbsync.planning.live import Live
from dbsync.planning.request import PlanRequest
from dbsync.scratch import cache
from dbsync.seeds import watch

Files = tuple[tuple[str, str], ...]

_MOST = 400


class Memory:
    """What was proven of a schema file and a seeds file, one way of planning and one kind of live."""

    def __init__(self, request: PlanRequest, files: Files, seeds: Files, facts: LiveFacts):
        """`files` are those of the schema, `seeds` those of the rows: the name and the text of each."""
        parts = (dbsync.__version__, code(), files, seeds, request.manage, request.scratch)
        around = (facts.version, facts.role, facts.superuser, facts.locale, facts.roles, facts.memberships)
        more = (facts.extensions, facts.tablespaces, facts.database, facts.system_identifier)
        self.request = request
        self.files = files
        self.seeds = seeds
        self.facts = facts
        self.folder = cache.folder(request.environ) / "proven"
        self.path = self.folder / f"{cache.key(*parts, *around, *more)}.json"

    def recall(self, live: Live, *, closely: bool = False) -> Plan | None:
        """The plan with nothing to do, if that was proven of this live; `closely` also where only oids differ."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, psycopg.Error):
            known = json.loads(self.path.read_text())
            if known["state"] != live.state:
                if not closely or known["fingerprint"] != live.catalog.fingerprint:
                    return None
                self._write({**known, "state": live.state})
            watched = rows.unpacked(known["watched"])
            with live.connection.transaction():  # a table may be gone: what fails must not end live's transaction
                if not watch.same(live.connection, watched):
                    return None
            digests = self._digests(known["fingerprint"])
            os.utime(self.path)
            os.utime(digests)
            return Plan(
                **about(self.request, self.files, self.seeds, self.facts),
                schema_text=known["text"] if known["text"] is not None else plain(self.files),
                changes=(),
                batches=(),
                proof=Proof(known["witness"]),
                current_fingerprint=known["fingerprint"],
                current=Later(lambda: _unpacked(digests)),
                scratch=known["scratch"],
                desired_fingerprint=known["desired"],
                notes=tuple(known["notes"]),
                rows=tuple(map(rows.rows, known["rows"])),
                watched=watched,
                goal=known["goal"],
                kept=tuple(Id(kind, tuple(path)) for kind, path in known["kept"]),
            )
        return None

    def keep(self, plan: Plan, live: Live) -> None:
        """Take down that there was nothing to do; a folder that cannot be written to costs time, nothing else."""
        known = {
            "state": live.state,
            "fingerprint": plan.current_fingerprint,
            "witness": plan.proof.witness,
            "scratch": plan.scratch,
            "desired": plan.desired_fingerprint,
            "notes": plan.notes,
            "rows": [rows.from_rows(one) for one in plan.rows],
            "watched": rows.packed(plan.watched),
            "goal": plan.goal,
            "kept": [[one.kind, one.path] for one in plan.kept],
            "text": None if plan.schema_text == plain(self.files) else plan.schema_text,
        }
        with contextlib.suppress(OSError):
            self.folder.mkdir(exist_ok=True)
            cache.replace(self._digests(plan.current_fingerprint), packed(plan.current).encode())
            self._write(known)
            cache.forget(self.folder, most=_MOST)

    def _write(self, known: Mapping[str, Any]) -> None:
        cache.replace(self.path, json.dumps(known).encode())

    def _digests(self, fingerprint: str) -> Path:
        return self.path.with_suffix(f".{fingerprint[:16]}")


class Later(Mapping[Id, str]):
    """A mapping that is read when it is first looked at."""

    def __init__(self, read: Callable[[], Mapping[Id, str]]):
        self._read = read

    @functools.cached_property
    def _found(self) -> Mapping[Id, str]:
        return self._read()

    def __getitem__(self, one: Id) -> str:
        return self._found[one]

    def __iter__(self) -> Iterator[Id]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _unpacked(path: Path) -> Mapping[Id, str]:
    return unpacked(path.read_text())


def about(request: PlanRequest, files: Files, seeds: Files, facts: LiveFacts) -> dict[str, Any]:
    """The fields of a plan that say what it is for."""
    return {
        "target": request.target.label,
        "database": facts.database,
        "host": request.target.host,
        "identity": Identity(facts.system_identifier, facts.database, facts.database_oid),
        "schema_digest": digest(files),
        "seeds_digest": digest(seeds) if seeds else "",
    }


def digest(files: Files) -> str:
    """A digest of the text of the files."""
    return hashlib.sha256("\0".join(text for _, text in files).encode()).hexdigest()


def plain(files: Files) -> str:
    """The text of the files, one after the other."""
    return "\n".join(text for _, text in files)


@functools.cache
def code() -> int:
    """When the programs were last changed, for those who change them."""
    package = Path(dbsync.__file__).parent
    return max(path.stat().st_mtime_ns for path in (package, *package.rglob("*.py")))

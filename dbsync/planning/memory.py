"""Remembers that a live database was proven to be what a file says, so that the next plan costs one look at live.

What was proven holds as long as the file, live's catalog and the programs are the same; each is part of the key.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dbsync
from dbsync.model.objects import Id
from dbsync.model.plan import Plan, Proof
from dbsync.model.text import Script
from dbsync.pg.server import LiveFacts
from dbsync.scratch import cache

_MOST = 200


class Memory:
    """What was proven of one file, one way of planning and one kind of live."""

    def __init__(self, script: Script, facts: LiveFacts, settings: tuple[str, ...], environ: Mapping[str, str]):
        """`settings` is everything else that a plan depends on, such as what is managed and where scratch is."""
        parts = (dbsync.__version__, _code(), script.files, settings, facts.version, facts.role, facts.superuser)
        around = (facts.locale, facts.roles, facts.memberships, facts.extensions, facts.tablespaces)
        self.folder = cache.folder(environ) / "proven"
        self.path = self.folder / f"{cache.key(*parts, *around)}.json"

    def recall(self, fingerprint: str) -> dict[str, Any] | None:
        """The fields of the plan that found this live equal; None where there was none."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads(self.path.read_text())
            if known["fingerprint"] == fingerprint:
                os.utime(self.path)
                return {
                    "proof": Proof(known["witness"]),
                    "scratch": known["scratch"],
                    "desired_fingerprint": known["desired"],
                    "notes": tuple(known["notes"]),
                    "kept": tuple(Id(kind, tuple(path)) for kind, path in known["kept"]),
                }
        return None

    def keep(self, plan: Plan) -> None:
        """Take down that there was nothing to do; a folder that cannot be written to costs time, nothing else."""
        known = {
            "fingerprint": plan.current_fingerprint,
            "witness": plan.proof.witness,
            "scratch": plan.scratch,
            "desired": plan.desired_fingerprint,
            "notes": plan.notes,
            "kept": [[one.kind, one.path] for one in plan.kept],
        }
        with contextlib.suppress(OSError):
            self.folder.mkdir(exist_ok=True)
            aside = self.path.with_suffix(f".{os.getpid()}")
            aside.write_text(json.dumps(known))
            aside.replace(self.path)
            for old in sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-_MOST]:
                old.unlink()


def _code() -> int:
    """When the programs were last changed, for those who change them."""
    package = Path(dbsync.__file__).parent
    return max(path.stat().st_mtime_ns for path in (package, package / "kinds", *package.glob("kinds/*.py")))

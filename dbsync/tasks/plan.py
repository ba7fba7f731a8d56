"""What would make live what the schema file says."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dbsync.config import Config
from dbsync.errors import UsageError
from dbsync.model.outcome import Observer
from dbsync.model.plan import Plan
from dbsync.model.text import Script
from dbsync.pg.target import Target
from dbsync.planning.quick import make_plan
from dbsync.tasks import files, past
from dbsync.tasks.live import live
from dbsync.tasks.request import request_for

if TYPE_CHECKING:
    from dbsync.planning.signature import Key


@dataclasses.dataclass(frozen=True)
class Planned:
    """A plan, and what has to be said of it."""

    plan: Plan
    warning: str = ""
    """The one note that has to be read with a refusal, too."""


def plan(config: Config, observer: Observer) -> Planned:
    """Plan, and change nothing."""
    with live(config, observer) as target:
        return plan_for(config, target, observer)


def plan_for(config: Config, target: Target, observer: Observer) -> Planned:
    """Plan for a target that is at hand."""
    plan = make_plan(request_for(config, target), observer.progress)
    warning = _empty_file(plan, config)
    notes = ((warning,) if warning else ()) + past.notes(target, changes=not plan.empty)
    return Planned(named(dataclasses.replace(plan, notes=(*notes, *plan.notes)), config), warning)


def named(plan: Plan, config: Config) -> Plan:
    """The plan with live called what the user knows it by."""
    if not config.embedded:
        return plan
    return dataclasses.replace(plan, target="the embedded development database", host="")


def _script(config: Config) -> Script:
    from dbsync.load.script import read_script  # the parser takes its time, and a plan from memory needs none

    return read_script(config.schema, config.include_path)


def _empty_file(plan: Plan, config: Config) -> str:
    """What to say of a plan that drops everything because the file says nothing."""
    gone = sum(change.after is None and change.id.kind == "table" for change in plan.changes)
    if not gone or _script(config).statements:
        return ""
    tables = "the only table" if gone == 1 else f"all {gone:,} tables"
    return f"{config.schema} holds no statements: this plan drops {tables} of database {plan.database}"


def save(planned: Planned, path: Path, sign: "Key | None" = None, environ: Mapping[str, str] = os.environ) -> None:
    """Write the plan file, signed by a key where there is one. UsageError where that cannot be had."""
    from dbsync.planning.file import written
    from dbsync.planning.signature import signed

    text = written(planned.plan)
    files.save(signed(text, sign, environ) if sign else text, path)


def opened(path: Path, signer: "Key | None" = None, environ: Mapping[str, str] = os.environ) -> Planned:
    """The plan that a plan file holds. Refused where it is not signed by the one who must have."""
    from dbsync.planning.file import read
    from dbsync.planning.signature import verify

    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a plan of dbsync") from None
    if signer:
        verify(text, str(path), signer, environ)
    return Planned(read(text, str(path)))

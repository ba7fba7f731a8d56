"""Identities, digests of whole catalogs, and what live was before a plan, as JSON values, and back."""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from dbsync.model.objects import Id
from dbsync.model.plan import State
from dbsync.model.rows import FormerRows


def from_id(one: Id) -> list[str]:
    """The kind, and then the path."""
    return [one.kind, *one.path]


def identity(value: list[str]) -> Id:
    """What `from_id` wrote."""
    return Id(value[0], tuple(value[1:]))


def packed(digests: Mapping[Id, str]) -> str:
    """Digests by object, compressed: they are for dbsync, not for readers."""
    return squeezed(json.dumps([[*from_id(one), digest] for one, digest in digests.items()], separators=(",", ":")))


def unpacked(text: str) -> dict[Id, str]:
    """What `packed` wrote; ValueError if it is anything else."""
    return {identity(one): digest for *one, digest in json.loads(released(text))}


def from_state(state: State | None) -> dict[str, Any] | None:
    """What live was; its dump and its rows are compressed."""
    if state is None:
        return None
    rows = json.dumps([vars(one) for one in state.rows], separators=(",", ":"))
    return {"dump": squeezed(state.dump), "more": state.more, "rows": squeezed(rows)}


def to_state(value: Mapping[str, Any] | None) -> State | None:
    """What `from_state` wrote, also before it wrote rows; ValueError if it is anything else."""
    if value is None:
        return None
    return State(released(value["dump"]), tuple(value["more"]), former_rows(value.get("rows")))


def former_rows(text: str | None) -> tuple[FormerRows, ...]:
    """The rows of a state as `from_state` wrote them; none where an older dbsync did not."""
    return tuple(map(_former, json.loads(released(text)))) if text else ()


def _former(value: Mapping[str, Any]) -> FormerRows:
    schema, name = value["table"]
    return FormerRows(
        table=(schema, name),
        key=tuple(value["key"]),
        added=tuple(map(tuple, value["added"])),
        chosen=tuple(value["chosen"]),
        changed=tuple((tuple(key), before) for key, before in value["changed"]),
        removed=tuple(value["removed"]),
        unknown=value["unknown"],
        ahead=value["ahead"],
    )


def squeezed(text: str) -> str:
    """A text in little room, as base64."""
    return base64.b64encode(zlib.compress(text.encode())).decode()


def released(text: str) -> str:
    """What `squeezed` wrote; ValueError if it is anything else."""
    try:
        return zlib.decompress(base64.b64decode(text, validate=True)).decode()
    except zlib.error as error:
        raise ValueError(str(error)) from None

"""Objects and changes as JSON values, and back."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from dbsync.kinds import KINDS
from dbsync.load.secrets import HIDDEN
from dbsync.model.changes import Change
from dbsync.model.coding import from_id, identity
from dbsync.model.objects import Id, Object


def from_change(one: Change) -> dict[str, Any]:
    """Both sides with their fields; what may hold a secret is hidden, and that it differs still shows."""
    differs = one.fields()
    return {
        "id": from_id(one.id),
        "before": _fields(one.before, frozenset()),
        "after": _fields(one.after, frozenset(differs)),
    }


def change(value: Mapping[str, Any]) -> Change:
    """What `from_change` wrote."""
    one = identity(value["id"])
    return Change(one, _object(one, value["before"]), _object(one, value["after"]))


def _fields(thing: Object | None, differs: frozenset[str]) -> dict[str, Any] | None:
    if thing is None:
        return None
    return {
        field.name: _value(getattr(thing, field.name)) if field.repr else _hidden(thing, field.name, differs)
        for field in dataclasses.fields(thing)
    }


def _hidden(thing: Object, name: str, differs: frozenset[str]) -> Any:
    text = f"{HIDDEN} (another)" if name in differs else HIDDEN
    return [text] if isinstance(getattr(thing, name), tuple) else text


def _value(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case Id():
            return {"id": from_id(value)}
        case tuple():
            return [_value(item) for item in value]
        case _:
            raise TypeError(f"a plan file cannot hold a {type(value).__name__}")


def _object(one: Id, fields: Mapping[str, Any] | None) -> Object | None:
    return None if fields is None else KINDS[one.kind](**{name: _read(value) for name, value in fields.items()})


def _read(value: Any) -> Any:
    match value:
        case list():
            return tuple(_read(item) for item in value)
        case {"id": one}:
            return identity(one)
        case _:
            return value

"""Gives a recorded state, which holds no secrets, those that live has now."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dbsync.load.secrets import HIDDEN
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Object
from dbsync.replay import Replay


def recall(replay: Replay, state: Catalog, live: Catalog) -> tuple[str, ...]:
    """Put them into the database that the state was loaded into; what to tell of each object that holds any."""
    return tuple(note for thing in state.objects.values() if (note := _recalled(replay, thing, live)))


def _recalled(replay: Replay, thing: Object, live: Catalog) -> str:
    secret = {name: value for name, value in _secret(thing) if _hidden(value)}
    if not secret:
        return ""
    now = live.objects.get(thing.id)
    if now is not None:
        known = {name: _filled(value, getattr(now, name)) for name, value in secret.items()}
        for step in dataclasses.replace(thing, **known).alter(thing) or ():
            replay.run(step)
        if not any(map(_hidden, known.values())):
            return f"{thing.id} keeps the password that it has now: the history keeps none"
    return f"{thing.id} comes back with {HIDDEN} as its password, for the history keeps none: set it afterwards"


def _secret(thing: Object) -> Iterator[tuple[str, Any]]:
    yield from ((field.name, getattr(thing, field.name)) for field in dataclasses.fields(thing) if not field.repr)


def _hidden(value: Any) -> bool:
    return HIDDEN in str(value)


def _filled(value: Any, now: Any) -> Any:
    """Options (`name=value`) or a connection string, with what live has in place of what is hidden."""
    if isinstance(value, tuple):
        known = dict(option.partition("=")[::2] for option in now)
        pairs = (option.partition("=")[::2] for option in value)
        return tuple(f"{name}={known.get(name, text) if text == HIDDEN else text}" for name, text in pairs)
    if not now:
        return value
    known = conninfo_to_dict(now)
    parameters = conninfo_to_dict(value)
    return make_conninfo(
        "", **{key: known.get(key, text) if text == HIDDEN else text for key, text in parameters.items()}
    )

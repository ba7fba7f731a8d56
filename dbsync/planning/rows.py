"""Declared rows of a plan as JSON values, and back; the rows that it watches in little room."""

import base64
import dataclasses
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from dbsync.model.objects import Id
from dbsync.model.rows import KeyColumn, NewRow, RowChange, TableRows, Watched
from dbsync.model.text import Place


def from_rows(one: TableRows) -> dict[str, Any]:
    """A table's rows with the first of their changes."""
    return {
        "table": [one.table.kind, *one.table.path],
        "mode": one.mode,
        "key": one.key,
        "place": dataclasses.astuple(one.place),
        "declared": one.declared,
        "added": one.added,
        "changed": one.changed,
        "removed": one.removed,
        "changes": [
            {
                "key": change.key,
                "before": change.before,
                "after": change.after,
                "place": dataclasses.astuple(change.place) if change.place else None,
                "refers": {name: _from_new(row) for name, row in change.refers.items()},
            }
            for change in one.changes
        ],
        "there": one.there,
    }


def rows(value: Mapping[str, Any]) -> TableRows:
    """What `from_rows` wrote."""
    changes = [
        RowChange(
            tuple(change["key"]),
            change["before"],
            change["after"],
            Place(*change["place"]) if change["place"] else None,
            {name: _new(row) for name, row in change["refers"].items()},
        )
        for change in value["changes"]
    ]
    return TableRows(
        table=Id(value["table"][0], tuple(value["table"][1:])),
        mode=value["mode"],
        key=tuple(value["key"]),
        place=Place(*value["place"]),
        declared=value["declared"],
        added=value["added"],
        changed=value["changed"],
        removed=value["removed"],
        changes=tuple(changes),
        there=tuple(value["there"]),
    )


def _from_new(one: NewRow) -> dict[str, Any]:
    key = {name: _from_new(value) if isinstance(value, NewRow) else value for name, value in one.key.items()}
    return {"table": [one.table.kind, *one.table.path], "key": key}


def _new(value: Mapping[str, Any]) -> NewRow:
    key = {name: _new(part) if isinstance(part, dict) else part for name, part in value["key"].items()}
    return NewRow(Id(value["table"][0], tuple(value["table"][1:])), key)


def packed(watched: Sequence[Watched]) -> str:
    """Which rows of live a plan was made on, compressed: for dbsync, not for readers."""
    values = [{**vars(one), "key": [dataclasses.astuple(column) for column in one.key]} for one in watched]
    text = json.dumps(values, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def unpacked(text: str) -> tuple[Watched, ...]:
    """What `packed` wrote."""
    try:
        values = json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
    except zlib.error as error:
        raise ValueError(str(error)) from None
    return tuple(
        Watched(
            table=(value["table"][0], value["table"][1]),
            alone=value["alone"],
            columns=tuple(value["columns"]),
            key=tuple(KeyColumn(*column) for column in value["key"]),
            keys=None if value["keys"] is None else tuple(map(tuple, value["keys"])),
            digest=value["digest"],
            sequences=tuple((name, last) for name, last in value["sequences"]),
        )
        for value in values
    )

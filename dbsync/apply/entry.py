"""Reads one history record whole, with the state that live had before it."""

from collections.abc import Iterator, Mapping
from typing import Any

from psycopg.rows import dict_row

from dbsync.apply.preflight import Connection
from dbsync.errors import UsageError
from dbsync.model.changes import Rename
from dbsync.model.coding import former_rows, identity, to_state, unpacked
from dbsync.model.entry import Entry, Ran
from dbsync.model.objects import Id
from dbsync.model.outcome import Record
from dbsync.model.rows import FormerRows

_WHOLE = "select * from dbsync.history where id = %s"
_LOST = """
    select id, array(select jsonb_array_elements_text(jsonb_path_query_array(steps, '$[*].lost[*]')))
    from dbsync.history where id = any(%s) order by id
"""
_RENAMED = """
    select objects->'renamed' from dbsync.history where id = any(%s) order by id
"""
_ROWS = """
    select before->>'rows' from dbsync.history where id = any(%s) order by id
"""


def entry(connection: Connection, records: tuple[Record, ...], number: int) -> Entry:
    """The record of this number, one of `records`. UsageError where there is none."""
    record = next((one for one in records if one.id == number), None)
    if record is None:
        raise UsageError(f"the history has no record {number}", hint=_known(records))
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_WHOLE, [number]).fetchone()
    assert row is not None
    # An older dbsync made the history without the columns that are asked for with get().
    state, objects = row.get("before"), row.get("objects")
    return Entry(
        record=record,
        os_user=row["os_user"],
        schema_digest=row["schema_digest"],
        schema_text=row["schema_text"],
        current_fingerprint=row["current_fingerprint"],
        desired_fingerprint=row["desired_fingerprint"],
        steps=tuple(_ran(one) for one in row["steps"]),
        manage=row.get("manage") or "auto",
        done=row.get("done"),
        state=to_state(state),
        **_objects(objects) if objects else {},
    )


def losses(connection: Connection, numbers: list[int]) -> Iterator[tuple[int, str]]:
    """What each of these records lost, or may have lost."""
    for number, lost in connection.execute(_LOST, [numbers]).fetchall():
        yield from ((number, loss) for loss in dict.fromkeys(lost))


def renames(connection: Connection, numbers: list[int]) -> Iterator[tuple[Rename, ...]]:
    """The renames of each of these records."""
    for (found,) in connection.execute(_RENAMED, [numbers]).fetchall():
        yield tuple(Rename(identity(before), identity(after)) for before, after in found or ())


def former(connection: Connection, numbers: list[int]) -> Iterator[tuple[FormerRows, ...]]:
    """The rows that each of these records wrote, as they were before."""
    for (found,) in connection.execute(_ROWS, [numbers]).fetchall():
        yield former_rows(found)


def _known(records: tuple[Record, ...]) -> str:
    if not records:
        return "dbsync has applied nothing to this database"
    last, first = records[0].id, records[-1].id
    return f"it has {first} to {last}: dbsync history" if first != last else f"it has {first} only: dbsync history"


def _ran(one: Mapping[str, Any]) -> Ran:
    return Ran(one["sql"], one["about"], one["author"], tuple(one.get("lost", ())), one.get("transactional", False))


def _objects(found: Mapping[str, Any]) -> dict[str, Any]:
    before = unpacked(found["before"])
    gone = {identity(one) for one in found["gone"]}
    planned: dict[Id, str] = {one: digest for one, digest in before.items() if one not in gone}
    return {
        "server": found["server"],
        "edition": found.get("edition", ""),
        "before": before,
        "planned": planned | unpacked(found["after"]),
    }

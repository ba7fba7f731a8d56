"""One history record, and what two differ in, as JSON documents."""

from collections.abc import Iterator

from dbsync.model.entry import Difference, Entry
from dbsync.render.json import document, object_of, record_of


def shown(entry: Entry) -> Iterator[str]:
    """The document of one record."""
    yield from document(
        "history show",
        record={
            **record_of(entry.record),
            "os_user": entry.os_user,
            "schema": {"digest": entry.schema_digest, "text": entry.schema_text},
            "fingerprints": {"current": entry.current_fingerprint, "desired": entry.desired_fingerprint},
            "manage": entry.manage,
            "statements": [
                {"sql": one.sql, "about": one.about, "author": one.author, "loses": list(one.lost)}
                for one in entry.steps
            ],
            "losses": list(entry.lost),
            "undoable": entry.state is not None,
        },
    )


def differing(found: Difference) -> Iterator[str]:
    """The document of a comparison."""
    objects = None
    if found.objects is not None:
        objects = [{**object_of(one), "manner": manner} for one, manner in found.objects]
    yield from document(
        "history diff",
        **{"from": found.first.id if found.first else None, "to": found.second.id},
        objects=objects,
        text=list(found.text),
        notes=list(found.notes),
    )

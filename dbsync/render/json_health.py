"""What a check found, as a JSON document."""

from collections.abc import Iterator

from dbsync.model.health import Finding, Health
from dbsync.render import objects
from dbsync.render.json import document, object_of, record_of, rows_of


def checked(health: Health) -> Iterator[str]:
    """The document."""
    changes = None
    if health.plan is not None:
        changes = [{**object_of(one.id), "manner": objects.manner(one)} for one in health.plan.changes]
        changes += [{**object_of(one.after), "manner": "renamed"} for one in objects.parts(health.plan)]
    yield from document(
        "check",
        healthy=health.exit_code == 0,
        exit_code=health.exit_code,
        target=health.target,
        findings=[_finding(one) for one in health.findings],
        changes=changes,
        rows=[rows_of(one) for finding in health.findings for one in finding.rows],
        records=[record_of(one) for one in health.records],
    )


def _finding(one: Finding) -> dict[str, object]:
    return {
        "about": one.about,
        "state": one.state,
        "text": one.text,
        "details": list(one.details),
        "hint": one.hint,
    }

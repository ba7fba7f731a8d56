"""What triggers, rules and the like share: the relation that they stand on, and whether they fire."""

from typing import Final

from dbsync import sql
from dbsync.model.objects import Id

RELATION_KINDS: Final = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}
"""The kind of a relation by its pg_class.relkind."""

_FIRES: Final = {"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def relation(relkind: str, path: tuple[str, ...]) -> Id:
    """The relation on which something stands whose path starts with the relation's."""
    return Id(RELATION_KINDS[relkind], path[:2])


def firing(relkind: str, path: tuple[str, ...], what: str, enabled: str) -> str:
    """The statement that says when a trigger or a rule (`what`) fires; `enabled` as PostgreSQL's one letter."""
    alter = "ALTER FOREIGN TABLE" if relkind == "f" and what == "TRIGGER" else "ALTER TABLE"
    return f"{alter} {sql.qualified(*path[:2])} {_FIRES[enabled]} {what} {sql.name(path[2])}"


def event_firing(name: str, enabled: str) -> str:
    """The same statement for an event trigger."""
    return f"ALTER EVENT TRIGGER {sql.name(name)} {_FIRES[enabled]}"

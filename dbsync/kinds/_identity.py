"""The identity of what is no object of a catalog, since it is the system's: as PostgreSQL tells it."""

from typing import Any

import psycopg

from dbsync.model.objects import Id

_QUERY = """
    select type, object_names, object_args
    from pg_catalog.pg_identify_object_as_address(('pg_catalog.' || %s)::regclass, %s::oid, %s)"""

_WITH_ARGUMENTS = frozenset({"function", "procedure", "aggregate"})


def identify(cursor: psycopg.Cursor[Any], catalog: str, oid: int, subid: int) -> Id:
    """What stands at an address."""
    row = cursor.execute(_QUERY, [catalog, oid, subid]).fetchone()
    kind, names, arguments = row or (catalog, [str(oid)], [])
    signature = (f"({', '.join(arguments)})",) if kind in _WITH_ARGUMENTS else ()
    return Id("column" if kind == "table column" else kind, (*names, *signature))

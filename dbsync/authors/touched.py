"""Which objects a statement touched, told by event triggers on the copy: for text whose structure nobody told us.

They are silent about GRANT, REVOKE and default privileges; what touched nothing is about no object.
"""

import json
from typing import Any

import psycopg

from dbsync.model.objects import Id

Connection = psycopg.Connection[Any]

_PREFIX = "dbsync touched "

INSTALL = f"""
create schema dbsync_touched;
create function dbsync_touched.tell() returns event_trigger language plpgsql security definer
set search_path = '' as $$
declare
    one record;
begin
    if tg_event = 'sql_drop' then
        for one in select object_type, address_names, address_args, original
                   from pg_catalog.pg_event_trigger_dropped_objects() loop
            if one.original then
                raise info '{_PREFIX}%',
                    pg_catalog.json_build_array(one.object_type, one.address_names, one.address_args);
            end if;
        end loop;
    else
        for one in select a.type, a.object_names, a.object_args
                   from pg_catalog.pg_event_trigger_ddl_commands() c,
                        pg_catalog.pg_identify_object_as_address(c.classid, c.objid, c.objsubid) a
                   where c.objid <> 0 loop
            raise info '{_PREFIX}%', pg_catalog.json_build_array(one.type, one.object_names, one.object_args);
        end loop;
    end if;
end $$;
create event trigger dbsync_touched_made on ddl_command_end execute function dbsync_touched.tell();
create event trigger dbsync_touched_dropped on sql_drop execute function dbsync_touched.tell();
"""

REMOVE = """
drop event trigger dbsync_touched_made;
drop event trigger dbsync_touched_dropped;
drop schema dbsync_touched cascade;
"""

_KINDS = {
    "table column": "column",
    "table constraint": "constraint",
    "default value": "default",
    "statistics object": "statistics",
    "foreign-data wrapper": "foreign data wrapper",
}
_TYPES = ("enum", "domain", "composite type", "range", "base type")
_WITH_ARGUMENTS = ("function", "procedure", "aggregate")


class Listener:
    """Collects what the event triggers tell on one connection."""

    def __init__(self, connection: Connection, known: frozenset[Id]):
        """`known` holds the identities on both sides; only these are told."""
        self.known = known
        self.found: list[Id] = []
        connection.add_notice_handler(self._hear)

    def take(self) -> tuple[Id, ...]:
        """What was touched since the last call, each once, in order."""
        found, self.found = tuple(dict.fromkeys(self.found)), []
        return found

    def _hear(self, notice: psycopg.errors.Diagnostic) -> None:
        text = notice.message_primary or ""
        if text.startswith(_PREFIX):
            kind, names, arguments = json.loads(text.removeprefix(_PREFIX))
            path = tuple(names) + ((f"({', '.join(arguments)})",) if kind in _WITH_ARGUMENTS else ())
            for one in (_KINDS.get(kind, kind), *(_TYPES if kind == "type" else ())):
                if Id(one, path) in self.known:
                    self.found.append(Id(one, path))

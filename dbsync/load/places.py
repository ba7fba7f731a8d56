"""Where in the schema file each object of the loaded database was made."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping

import psycopg
from psycopg import sql

from dbsync.load import tree
from dbsync.model.catalog import Address
from dbsync.model.text import Place, Statement

_MARK = "dbsync made "
_ON = """
create schema dbsync_places;
create function dbsync_places.report() returns event_trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  made text;
begin
  select string_agg(concat_ws(' ', classid::regclass, objid, objsubid, object_type), ',') into made
  from pg_event_trigger_ddl_commands() where not in_extension and objid <> 0;
  if made is not null then
    raise info using message = 'dbsync made ' || made;  -- INFO arrives whatever client_min_messages is
  end if;
end $$;
create event trigger dbsync_places on ddl_command_end execute function dbsync_places.report();
"""
_OTHER_TRIGGERS = "select evtname, evtenabled::text from pg_event_trigger where evtenabled <> 'D'"
_STATES = {"O": "enable", "R": "enable replica", "A": "enable always"}
_PARTED = frozenset({"CreateStmt", "AlterTableStmt"})


@dataclasses.dataclass(frozen=True)
class Places:
    """The place of each object by its address; columns and constraints also by their table and name."""

    objects: Mapping[Address, Place] = dataclasses.field(default_factory=dict)
    columns: Mapping[tuple[Address, str], Place] = dataclasses.field(default_factory=dict)
    constraints: Mapping[tuple[Address, str], Place] = dataclasses.field(default_factory=dict)


class Recorder:
    """Takes down what each statement made; of several statements about one object the first counts."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._objects: dict[Address, Place] = {}
        self._columns: dict[tuple[Address, str], Place] = {}
        self._constraints: dict[tuple[Address, str], Place] = {}

    @property
    def places(self) -> Places:
        """Everything taken down so far."""
        return Places(self._objects, self._columns, self._constraints)

    def hear(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """Takes the event trigger's messages out of those that the server sends."""
        message = diagnostic.message_primary or ""
        if message.startswith(_MARK):
            self._heard.append(message.removeprefix(_MARK))

    def made(self, statement: Statement) -> None:
        """Everything heard since the last call was made by this statement."""
        if not self._heard:
            return
        table: Address | None = None
        for one in ",".join(self._heard).split(","):
            catalog, oid, subid, kind = one.split(" ", 3)
            address = (catalog, int(oid), int(subid))
            self._objects.setdefault(address, statement.place)
            if table is None and kind in ("table", "foreign table"):
                table = address
        self._heard.clear()
        if table and statement.node in _PARTED:
            for kind, name, place in _parts(statement):
                names = self._columns if kind == "column" else self._constraints
                names.setdefault((table, name), place)


def place_in(statement: Statement, position: int) -> Place:
    """The place of a character of a statement."""
    line = statement.sql.count("\n", 0, position)
    if not line:
        return dataclasses.replace(statement.place, column=statement.place.column + position)
    column = position - statement.sql.rfind("\n", 0, position)
    return Place(statement.place.file, statement.place.line + line, column)


def _parts(statement: Statement) -> Iterator[tuple[str, str, Place]]:
    """The columns and the named constraints that a CREATE TABLE or ALTER TABLE writes, with their places."""
    node = tree.node(statement.sql)
    if node is None:
        return
    ascii_only = statement.sql.isascii()
    data = b"" if ascii_only else statement.sql.encode()
    for kind, name, offset in tree.parts(node):
        position = offset if ascii_only else len(data[:offset].decode())
        yield kind, name, place_in(statement, position)


@contextlib.contextmanager
def recording(
    connection: "psycopg.Connection[object]", admin: "psycopg.Connection[object] | None"
) -> Iterator[Recorder]:
    """A recorder of what `connection` makes; `admin` is a superuser's connection to the same database."""
    recorder = Recorder()
    if admin is None:
        yield recorder
        return
    with admin.transaction():
        admin.execute(_ON.encode())
    connection.add_notice_handler(recorder.hear)
    try:
        yield recorder
    finally:
        connection.remove_notice_handler(recorder.hear)
        _off(admin)


def _off(admin: "psycopg.Connection[object]") -> None:
    """Removes what reports, without waking event triggers of the file's, which would run as a superuser here."""
    with admin.transaction(), admin.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        cursor.execute("drop event trigger if exists dbsync_places")
        others = cursor.execute(_OTHER_TRIGGERS).fetchall()
        for name, _ in others:
            cursor.execute(sql.SQL("alter event trigger {} disable").format(sql.Identifier(name)))
        cursor.execute("drop schema if exists dbsync_places cascade")
        for name, state in others:
            enable = sql.SQL(_STATES[state])
            cursor.execute(sql.SQL("alter event trigger {} {}").format(sql.Identifier(name), enable))

"""Where in the schema file each object of the loaded database was made."""

import contextlib
import dataclasses
import functools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import errors

from dbsync.load import tree
from dbsync.load.parts import parts
from dbsync.model.catalog import Address
from dbsync.model.text import Place, Statement
from dbsync.pg.event_triggers import resting

# What is made is noted in a setting of the session: a table would be there for what the file says of all tables.
_ON = """
create schema dbsync_places;
create function dbsync_places.report() returns event_trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  made text;
begin
  select string_agg(
    concat_ws(' ', current_setting('dbsync.statement', true), classid::regclass, objid, objsubid, object_type), ',')
  into made from pg_event_trigger_ddl_commands() where not in_extension and objid <> 0;
  if made is not null then
    perform set_config('dbsync.made', concat(current_setting('dbsync.made', true), made, ','), false);
  end if;
end $$;
create event trigger dbsync_places on ddl_command_end execute function dbsync_places.report();
"""
_PARTED = frozenset(
    {
        "CreateStmt",
        "CreateForeignTableStmt",
        "AlterTableStmt",
        "CreateEnumStmt",
        "AlterEnumStmt",
        "CompositeTypeStmt",
        "CreateDomainStmt",
        "AlterDomainStmt",
    }
)
_WHOLES = frozenset({"table", "foreign table", "type"})
"""What has parts, in PostgreSQL's words."""


@dataclasses.dataclass(frozen=True)
class Places:
    """What each statement made, as "number catalog oid subid kind,…", in order; read when it is asked for."""

    statements: Sequence[Statement] = dataclasses.field(default=(), repr=False)
    reports: Sequence[str] = dataclasses.field(default=(), repr=False)
    blind: bool = False
    """Whether nothing could be taken down, since the role may not make event triggers."""

    @functools.cached_property
    def made(self) -> Sequence[tuple[Statement, Address, str]]:
        """The statement, the address and the kind of everything that was made, in order."""
        found = []
        for report in self.reports:
            for one in report.rstrip(",").split(","):
                number, catalog, oid, subid, kind = one.split(" ", 4)
                found.append((self.statements[int(number)], (catalog, int(oid), int(subid)), kind))
        return found

    @functools.cached_property
    def objects(self) -> Mapping[Address, Place]:
        """The place of each object by its address; of several statements about one the first counts."""
        found: dict[Address, Place] = {}
        for statement, address, _ in self.made:
            found.setdefault(address, statement.place)
        return found

    def part(self, whole: Address, kind: str, name: str) -> Place | None:
        """Where a column, a constraint that is named, an attribute or a label of a table or a type is written."""
        return self._parts(whole).get((kind, name))

    def made_by(self, statement: Statement) -> tuple[Address, ...]:
        """What a statement made."""
        return tuple(self._by_statement.get(statement.place, ()))

    @functools.cached_property
    def _by_statement(self) -> Mapping[Place, list[Address]]:
        found: defaultdict[Place, list[Address]] = defaultdict(list)
        for statement, address, _ in self.made:
            found[statement.place].append(address)
        return found

    @functools.cached_property
    def _by_whole(self) -> Mapping[Address, list[Statement]]:
        """The statements about each table and type that has parts; of several in one statement it is the first."""
        wholes: dict[Place, Address] = {}
        found: defaultdict[Address, list[Statement]] = defaultdict(list)
        for statement, address, kind in self.made:
            if statement.node in _PARTED and kind in _WHOLES and statement.place not in wholes:
                wholes[statement.place] = address
                found[address].append(statement)
        return found

    @functools.cached_property
    def _known(self) -> dict[Address, dict[tuple[str, str], Place]]:
        return {}

    def _parts(self, whole: Address) -> dict[tuple[str, str], Place]:
        if whole not in self._known:
            found = self._known[whole] = {}
            for statement in self._by_whole.get(whole, ()):
                for kind, name, place in _parts(statement):
                    found.setdefault((kind, name), place)
        return self._known[whole]


class Recorder:
    """Takes down what each statement of a script makes; what is rolled back is not among it."""

    asking = b"select pg_catalog.current_setting('dbsync.made', true), pg_catalog.set_config('dbsync.made', '', false)"
    """What the session runs after statements, together with them or by itself."""

    def __init__(self, statements: Sequence[Statement], *, blind: bool = False):
        self._reports: list[str] = []
        self._last = 0
        self.places = Places(statements, self._reports, blind)

    def mark(self, number: int) -> bytes:
        """What the session runs before the statement of this number; other sessions see it, too."""
        self._last = number
        return b"set dbsync.statement = %d; set application_name = 'dbsync statement %d'" % (number, number)

    def running(self, application_name: str) -> int:
        """The number of the statement that a session of this name runs; without one it is the last that was marked."""
        found = re.fullmatch(r"dbsync statement (\d+)", application_name)
        return min(int(found[1]), self._last) if found else self._last

    def hear(self, cursor: "psycopg.Cursor[Any]") -> None:
        """Take down what was made, from the last result of a cursor that ran `asking`."""
        while cursor.nextset():
            pass
        row = cursor.fetchone()
        if row and row[0]:
            self._reports.append(row[0])


def place_in(statement: Statement, position: int) -> Place:
    """The place of a character of a statement."""
    line = statement.sql.count("\n", 0, position)
    if not line:
        return dataclasses.replace(statement.place, column=statement.place.column + position)
    column = position - statement.sql.rfind("\n", 0, position)
    return Place(statement.place.file, statement.place.line + line, column)


def _parts(statement: Statement) -> Iterator[tuple[str, str, Place]]:
    """The parts of a statement that have a name in it, with their places."""
    node = tree.node(statement.sql)
    for part in parts(node, statement.sql) if node else ():
        if part.name:
            yield part.kind, part.name, place_in(statement, part.start)


@contextlib.contextmanager
def recording(admin: "psycopg.Connection[Any] | None", statements: Sequence[Statement]) -> Iterator[Recorder]:
    """A recorder of what is made in the database of `admin`; a blind one where that may not make event triggers."""
    if admin is None:
        yield Recorder(statements)
        return
    try:
        with admin.transaction():
            admin.execute(_ON.encode())
    except errors.InsufficientPrivilege:
        yield Recorder(statements, blind=True)
        return
    try:
        yield Recorder(statements)
    finally:
        _off(admin)


def _off(admin: "psycopg.Connection[Any]") -> None:
    """Removes what reports, without waking event triggers of the file's, which would run as a superuser here."""
    with admin.transaction(), resting(admin):
        admin.execute("drop event trigger if exists dbsync_places")
        admin.execute("drop schema if exists dbsync_places cascade")

"""Where in the schema file each object of the loaded database was made."""

import contextlib
import dataclasses
import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import errors, rows, sql

from dbsync.load import tree
from dbsync.load.parts import parts
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
    """What each statement said that it made: (statement, "catalog oid subid kind, …"), in order; read when asked."""

    reports: tuple[tuple[Statement, str], ...] = dataclasses.field(default=(), repr=False)
    blind: bool = False
    """Whether nothing could be heard, since the role may not make event triggers."""

    @functools.cached_property
    def objects(self) -> Mapping[Address, Place]:
        """The place of each object by its address; of several statements about one the first counts."""
        found: dict[Address, Place] = {}
        for statement, report in self.reports:
            for address, _ in _made(report):
                found.setdefault(address, statement.place)
        return found

    def part(self, whole: Address, kind: str, name: str) -> Place | None:
        """Where a column, a constraint that is named, an attribute or a label of a table or a type is written."""
        return self._parts(whole).get((kind, name))

    def made_by(self, statement: Statement) -> tuple[Address, ...]:
        """What a statement said that it made."""
        return self._by_statement.get(statement.place, ())

    @functools.cached_property
    def _by_statement(self) -> Mapping[Place, tuple[Address, ...]]:
        return {statement.place: tuple(address for address, _ in _made(report)) for statement, report in self.reports}

    @functools.cached_property
    def _by_whole(self) -> Mapping[Address, list[Statement]]:
        found: defaultdict[Address, list[Statement]] = defaultdict(list)
        for statement, report in self.reports:
            if statement.node in _PARTED:
                whole = next((address for address, kind in _made(report) if kind in _WHOLES), None)
                if whole:
                    found[whole].append(statement)
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
    """Takes down what each statement made."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._reports: list[tuple[Statement, str]] = []
        self.blind = False

    @property
    def places(self) -> Places:
        """Everything taken down so far."""
        return Places(tuple(self._reports), self.blind)

    def hear(self, message: str) -> bool:
        """Takes the event trigger's messages out of those that the server sends."""
        if not message.startswith(_MARK):
            return False
        self._heard.append(message.removeprefix(_MARK))
        return True

    def made(self, statement: Statement) -> None:
        """Everything heard since the last call was made by this statement."""
        if self._heard:
            self._reports.append((statement, ",".join(self._heard)))
            self._heard.clear()


def place_in(statement: Statement, position: int) -> Place:
    """The place of a character of a statement."""
    line = statement.sql.count("\n", 0, position)
    if not line:
        return dataclasses.replace(statement.place, column=statement.place.column + position)
    column = position - statement.sql.rfind("\n", 0, position)
    return Place(statement.place.file, statement.place.line + line, column)


def _made(report: str) -> Iterator[tuple[Address, str]]:
    for one in report.split(","):
        catalog, oid, subid, kind = one.split(" ", 3)
        yield (catalog, int(oid), int(subid)), kind


def _parts(statement: Statement) -> Iterator[tuple[str, str, Place]]:
    """The parts of a statement that have a name in it, with their places."""
    node = tree.node(statement.sql)
    for part in parts(node, statement.sql) if node else ():
        if part.name:
            yield part.kind, part.name, place_in(statement, part.start)


@contextlib.contextmanager
def recording(admin: "psycopg.Connection[Any] | None") -> Iterator[Recorder]:
    """A recorder of what is made in the database of `admin`; a blind one where that may not make event triggers."""
    recorder = Recorder()
    if admin is None:
        yield recorder
        return
    try:
        with admin.transaction():
            admin.execute(_ON.encode())
    except errors.InsufficientPrivilege:
        recorder.blind = True
        yield recorder
        return
    try:
        yield recorder
    finally:
        _off(admin)


def _off(admin: "psycopg.Connection[Any]") -> None:
    """Removes what reports, without waking event triggers of the file's, which would run as a superuser here."""
    with admin.transaction(), admin.cursor(row_factory=rows.tuple_row) as cursor:
        cursor.execute("drop event trigger if exists dbsync_places")
        others = cursor.execute(_OTHER_TRIGGERS).fetchall()
        for name, _ in others:
            cursor.execute(sql.SQL("alter event trigger {} disable").format(sql.Identifier(name)))
        cursor.execute("drop schema if exists dbsync_places cascade")
        for name, state in others:
            enable = sql.SQL(_STATES[state])
            cursor.execute(sql.SQL("alter event trigger {} {}").format(sql.Identifier(name), enable))

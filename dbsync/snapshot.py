"""A connection → the catalog of its database, read in one consistent transaction."""

import contextlib
import dataclasses
import functools
import gc
import hashlib
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from dbsync.kinds import KINDS
from dbsync.kinds._identity import identify
from dbsync.kinds.unknown import unknown_objects
from dbsync.model.catalog import EMPTY, Address, Catalog
from dbsync.model.objects import Id, Object, Satellite

Connection = psycopg.Connection[Any]

# What PostgreSQL prints depends on these; both sides are read under the same.
_SETTINGS = {
    "search_path": "",
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "quote_all_identifiers": "off",
    # A database that was just made has no statistics, and a nested loop over 20,000 columns by mistake takes minutes.
    "enable_nestloop": "off",
    # The order in which the queries name their tables is good; to look for a better one takes longer than to run them.
    "join_collapse_limit": "1",
    "jit": "off",
}

# What has a smaller oid is the system's (FirstNormalObjectId).
_FIRST = 16384

_DEPENDENCIES = """
    select classid::bigint, objid::bigint, objsubid, refclassid::bigint, refobjid::bigint, refobjsubid, deptype::text
    from pg_catalog.pg_depend
    where (objid >= 16384 or classid = 'pg_catalog.pg_extension'::regclass)
      and (refobjid >= 16384
           or refclassid in ('pg_catalog.pg_namespace'::regclass, 'pg_catalog.pg_extension'::regclass))
"""


@functools.cache
def edition() -> str:
    """A digest of the code that reads catalogs: digests of objects may be compared where this is the same."""
    home = Path(__file__).parent
    model = (home / "model" / name for name in ("catalog.py", "objects.py"))
    files = (home / "snapshot.py", *model, *sorted((home / "kinds").glob("*.py")))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


def snapshot(connection: Connection, like: Catalog = EMPTY) -> Catalog:
    """Everything in the database but system objects, members of extensions and what stands in schema dbsync.

    What is the same in `like` is taken from there, which spares making it, and comparing it field by field later.
    The connection must not be in a transaction, or in one that may be read in; psycopg.Error if it may not be read.
    """
    idle = connection.info.transaction_status is TransactionStatus.IDLE
    with connection.transaction(), connection.cursor() as cursor:
        if idle:
            cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("select " + ", ".join(f"set_config('{k}', '{v}', true)" for k, v in _SETTINGS.items()))
        with _uncollected():
            return _Reader(cursor, like).catalog()


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Hundreds of thousands of small objects come into being, and none is garbage: nothing is searched for it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Reader:
    """Reads the kinds one after the other, then what they depend on."""

    def __init__(self, cursor: psycopg.Cursor[Any], like: Catalog):
        self.cursor = cursor
        self.like = like
        self.version = cursor.connection.info.server_version
        self.objects: dict[Id, Object] = {}
        self.addresses: dict[Address, Id] = {}
        self.said: dict[Id, tuple[Any, ...]] = {}
        self.left_out: set[Id] = set()
        self.types: dict[tuple[str, int], Address] = {}

    def catalog(self) -> Catalog:
        classes = dict(self.rows("select oid::bigint, relname from pg_catalog.pg_class where oid < 16384"))
        edges = [
            ((classes[c], o, s), (classes[rc], ro, rs), kind) for c, o, s, rc, ro, rs, kind in self.rows(_DEPENDENCIES)
        ]
        members = {one[:2]: other for one, other, kind in edges if kind == "e"}
        # A composite type's attributes stand at an address of pg_class, which is a part of the type's.
        self.types = {one[:2]: other for one, other, kind in edges if kind == "i" and one[0] == "pg_class"}
        kinds = self.there()
        for kind in kinds:
            if not issubclass(kind, Satellite):
                self.read(kind, members)
        self.leave_out_what_is_within()
        for kind in kinds:
            if issubclass(kind, Satellite):
                self.read_satellites(kind, members)
        self.read_unknown()
        self.objects = {one: thing for one, thing in self.objects.items() if one not in self.left_out}
        return Catalog(
            objects=self.objects,
            needs=self.needs(edges, members),
            addresses={a: i for a, i in self.addresses.items() if i in self.objects},
            said=self.said,
            version=self.version,
        )

    def there(self) -> list[type[Object]]:
        """The kinds of which there may be objects."""
        kinds = [kind for kind in KINDS.values() if hasattr(kind, "query") or "read" in vars(kind)]
        places = sorted({kind.among for kind in kinds if kind.among})
        ((*found,),) = self.rows(f"select {', '.join(f'exists (select from pg_catalog.{one})' for one in places)}")
        filled = {"", *(place for place, some in zip(places, found, strict=True) if some)}
        return [kind for kind in kinds if kind.among in filled]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.cursor.execute(query).fetchall()

    def records(self, kind: type[Object], apart: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], "_Record"]]:
        """Of every row the columns `apart`, None for those that the query has not, and the others."""
        rows = self.rows(kind.read(self.version))
        columns = self.cursor.description or ()
        at = {column.name: number for number, column in enumerate(columns)}
        names = [name for name in at if name not in apart]
        types = self.cursor.connection.adapters.types
        known = [types.get(columns[at[name]].type_code) for name in names]
        lists = [
            name
            for name, info in zip(names, known, strict=True)
            if info is None or info.array_oid == columns[at[name]].type_code
        ]
        there = [at.get(name) for name in apart]
        taken = _taker([at[name] for name in names])
        for row in rows:
            yield tuple(None if n is None else row[n] for n in there), _Record(names, lists, taken(row))

    def thing(self, kind: type[Object], path: tuple[str, ...], record: "_Record", **more: Any) -> Object:
        """The object that a record says, from the catalog that this one is like if that says the same of it."""
        one = Id(kind.kind, path)
        said = (*record.values, *more.values())
        if self.like.said.get(one) == said and one in self.like.objects:
            self.said[one] = self.like.said[one]
            return self.like.objects[one]
        self.said[one] = said
        return kind(**record.fields() | {"path": path} | more)

    def read(self, kind: type[Object], members: Mapping[tuple[str, int], Address]) -> None:
        for (oid, subid, path), record in self.records(kind, ("oid", "subid", "path")):
            thing = self.thing(kind, tuple(path), record)
            one = thing.id
            self.objects[one] = thing
            self.addresses[kind.catalog, oid, subid or 0] = one
            if (kind.catalog, oid) in members or _hidden(thing.schema):
                self.left_out.add(one)

    def leave_out_what_is_within(self) -> None:
        parents = {one: parent for one, thing in self.objects.items() if (parent := thing.within())}
        found = True
        while found:
            found = False
            for one, parent in parents.items():
                if parent in self.left_out and one not in self.left_out:
                    self.left_out.add(one)
                    found = True

    def read_satellites(self, kind: type[Satellite], members: Mapping[tuple[str, int], Address]) -> None:
        apart = ("target_catalog", "target_oid", "target_subid", "suffix", "oid")
        found = list(self.records(kind, apart))
        orphans = {(oid, sub) for (cat, oid, sub, *_), _ in found if sub and (cat, oid, sub) not in self.addresses}
        columns = self.column_names(orphans)
        for (cat, oid, sub, suffix, _), record in found:
            about = target = self.addresses.get((cat, oid, sub))
            if target is None and sub and (oid, sub) in columns:
                whole = (cat, oid, 0)
                target = self.addresses.get(whole) or self.addresses.get(self.types.get((cat, oid), whole))
                about = target and Id("column", (*target.path, columns[oid, sub]))
            if kind.beyond and (target is None or (cat, oid) in members):
                about = about or (identify(self.cursor, cat, oid, sub) if oid < _FIRST else None)
                extension = members.get((cat, oid))
                target = self.addresses.get(extension) if extension else about
            elif target in self.left_out:
                continue
            if target is None or about is None:
                continue
            path = (about.kind, *about.path, *_frozen(suffix or ()))
            thing = self.thing(kind, path, record, target=target)
            self.objects[thing.id] = thing

    def column_names(self, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], str]:
        if not wanted:
            return {}
        query = """select attrelid::bigint, attnum::int, attname::text from pg_catalog.pg_attribute
                   where attrelid = any (%s::oid[]) and attnum > 0 and not attisdropped"""
        rows = self.cursor.execute(query, [sorted({oid for oid, _ in wanted})]).fetchall()
        return {(oid, number): name for oid, number, name in rows}

    def read_unknown(self) -> None:
        for thing in unknown_objects(self.cursor, frozenset((c, o) for c, o, _ in self.addresses)):
            self.objects[thing.id] = thing

    def needs(
        self, edges: Iterable[tuple[Address, Address, str]], members: Mapping[tuple[str, int], Address]
    ) -> dict[Id, frozenset[Id]]:
        """Each object's direct needs: pg_depend's rows, resolved to objects, and what the kinds add."""
        owners: defaultdict[Address, list[Address]] = defaultdict(list)
        for one, other, kind in edges:
            if kind == "i":
                owners[one].append(other)
        found: defaultdict[Id, set[Id]] = defaultdict(set)
        resolved: dict[Address, Id | None] = {}

        def resolve(address: Address) -> Id | None:
            if address not in resolved:
                resolved[address] = self.resolve(address, owners, members)
            return resolved[address]

        for one, other, kind in edges:
            # A partition's key goes with its parent's (P, S), but is an object of its own.
            if kind in "ePS" or (source := resolve(one)) is None:
                continue
            goal = resolve(other)
            if goal is None or source == goal:
                continue
            if goal.kind not in self.objects[source].independent_of:
                found[source].add(goal)
        for name, thing in self.objects.items():
            found[name].update(need for need in thing.needs() if need in self.objects and need != name)
        return {name: frozenset(found[name]) for name in self.objects}

    def resolve(
        self,
        address: Address,
        owners: Mapping[Address, list[Address]],
        members: Mapping[tuple[str, int], Address],
    ) -> Id | None:
        """The object at an address; for what is no object itself, the one that it is a part of."""
        seen: set[Address] = set()
        queue = [address]
        while queue:
            here = queue.pop(0)
            if here in seen:
                continue
            seen.add(here)
            for exact in (here, (here[0], here[1], 0)):
                one = self.addresses.get(exact)
                if one is not None and one in self.objects:
                    return one
            if here[:2] in members:
                queue.append(members[here[:2]])
            queue += owners.get(here, []) or owners.get((here[0], here[1], 0), [])
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class _Record:
    """A row's columns, of which some are lists; the fields of an object."""

    names: Sequence[str]
    lists: Sequence[str]
    values: tuple[Any, ...]

    def fields(self) -> dict[str, Any]:
        found = dict(zip(self.names, self.values, strict=True))
        for name in self.lists:
            found[name] = _frozen(found[name])
        return found


def _taker(places: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """What takes the columns at these places of a row."""
    if len(places) > 1:
        return operator.itemgetter(*places)
    return lambda row: tuple(row[place] for place in places)


def _hidden(schema: str | None) -> bool:
    return schema is not None and (schema == "dbsync" or schema.startswith(("pg_temp", "pg_toast")))


def _frozen(value: Any) -> Any:
    """Lists, and the lists in them, as tuples."""
    if not isinstance(value, list):
        return value
    return tuple(map(_frozen, value)) if value and isinstance(value[0], list) else tuple(value)

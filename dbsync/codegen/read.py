"""Reads what models are written of from a database that holds the schema."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from dbsync.codegen.schema import Column, Composite, Domain, Enum, ForeignKey, Name, Relation, Schema, Type, TypeKind
from dbsync.runtime.schema import fingerprint

Connection = psycopg.Connection[Any]

_OURS = "n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'dbsync')"
_NO_MEMBER = """not exists (select from pg_catalog.pg_depend d where d.deptype = 'e'
    and (d.classid = 'pg_catalog.pg_class'::regclass and d.objid = {relation}
         or d.classid = 'pg_catalog.pg_type'::regclass and d.objid = {type}))"""

_TYPES = """
    select t.oid::int8, n.nspname::text, t.typname::text, t.typtype::text, c.relkind::text,
           case when e.oid is not null then e.oid when t.typtype = 'd' then t.typbasetype
                else coalesce(r.rngsubtype, m.rngsubtype, 0) end::int8,
           e.oid is not null, t.typtypmod, t.typnotnull, coalesce(t.typdefault, ''), t.typndims
    from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    left join pg_catalog.pg_type e on e.oid = t.typelem and e.typarray = t.oid
    left join pg_catalog.pg_class c on c.oid = t.typrelid
    left join pg_catalog.pg_range r on r.rngtypid = t.oid
    left join pg_catalog.pg_range m on m.rngmultitypid = t.oid
"""
_OWN_TYPES = f"""
    select t.oid::int8, n.nspname::text, t.typname::text, t.typtype::text, coalesce(l.labels, '{{}}'),
           coalesce(pg_catalog.obj_description(t.oid, 'pg_type'), '')
    from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    left join pg_catalog.pg_class c on c.oid = t.typrelid
    left join (
        select enumtypid, array_agg(enumlabel::text order by enumsortorder) as labels
        from pg_catalog.pg_enum group by enumtypid
    ) l on l.enumtypid = t.oid
    where (t.typtype in ('e', 'd') or c.relkind = 'c') and {_OURS} and {_NO_MEMBER.format(relation=0, type="t.oid")}
    order by n.nspname, t.typname
"""
_RELATIONS = f"""
    select c.oid::int8, c.reltype::int8, n.nspname::text, c.relname::text, c.relkind::text,
           pg_catalog.pg_relation_is_updatable(c.oid, false) & 8 <> 0,
           coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '')
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and not c.relispartition and {_OURS}
      and {_NO_MEMBER.format(relation="c.oid", type="c.reltype")}
    order by n.nspname, c.relname
"""
_COLUMNS = """
    select a.attrelid::int8, a.attname::text, a.atttypid::int8, a.atttypmod, a.attnotnull,
           a.attgenerated <> '' or a.attidentity = 'a',
           case when a.attidentity = 'd' then 'the next number'
                when a.attgenerated = '' then coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') else '' end,
           coalesce(pg_catalog.col_description(a.attrelid, a.attnum), ''), a.attndims::int
    from pg_catalog.pg_attribute a
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = any (%s::oid[]) and a.attnum > 0 and not a.attisdropped
    order by a.attrelid, a.attnum
"""
_KEYS = """
    with part as (
        select c.oid, k.n, a.attname::text as own, f.attname::text as other
        from pg_catalog.pg_constraint c
        cross join rows from (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey))
            with ordinality k (own, other, n)
        join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.own
        left join pg_catalog.pg_attribute f on f.attrelid = c.confrelid and f.attnum = k.other
        where c.conrelid = any (%s::oid[]) and c.contype in ('p', 'u', 'f') and c.conparentid = 0
    )
    select c.conrelid::int8, c.contype::text, c.conname::text, array_agg(part.own order by part.n),
           n.nspname::text, r.relname::text, array_agg(part.other order by part.n)
    from part
    join pg_catalog.pg_constraint c on c.oid = part.oid
    left join pg_catalog.pg_class r on r.oid = c.confrelid
    left join pg_catalog.pg_namespace n on n.oid = r.relnamespace
    group by c.conrelid, c.contype, c.conname, n.nspname, r.relname
    order by c.conrelid, c.contype, c.conname
"""
_KINDS: dict[str, TypeKind] = {"e": "enum", "d": "domain", "c": "composite", "r": "range", "m": "multirange"}
_RELATION_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}
_SIZED = frozenset({"varchar", "bpchar"})
_HEADER = 4
"""What PostgreSQL adds to the length of a text in a type modifier."""


def read(connection: Connection) -> Schema:
    """The schema of a database; its partitions, and what belongs to extensions, are left out."""
    connection.execute("select pg_catalog.set_config('search_path', '', false)")
    reader = _Reader(connection)
    own = connection.execute(_OWN_TYPES).fetchall()
    found = connection.execute(_RELATIONS).fetchall()
    reader.columns_of([row[0] for row in found])
    reader.keys_of([row[0] for row in found])
    wholes = {row[1]: row for row in found}
    enums, types = [], dict[int, Domain | Composite]()
    for oid, schema, name, kind, labels, comment in own:
        if kind == "e":
            enums.append(Enum(name=(schema, name), labels=tuple(labels), comment=comment))
        elif kind == "d":
            types[oid] = Domain(name=(schema, name), type=reader.base(oid), comment=comment)
        else:
            columns = reader.columns(wholes[oid][0])
            types[oid] = Composite(name=(schema, name), columns=columns, comment=comment)
    relations = tuple(
        Relation(
            name=(schema, name),
            kind=_RELATION_KINDS[kind],
            columns=reader.columns(oid),
            insertable=insertable,
            comment=comment,
            keys=tuple(reader.keys[oid, "p"] + reader.keys[oid, "u"]),
            primary_key=next(iter(reader.keys[oid, "p"]), ()),
            foreign_keys=tuple(reader.foreign_keys[oid]),
        )
        for oid, _, schema, name, kind, insertable, comment in found
        if kind != "c"
    )
    return Schema(
        enums=tuple(enums),
        types=tuple(_ordered(types.values())),
        relations=relations,
        fingerprint=fingerprint(connection),
    )


class _Reader:
    def __init__(self, connection: Connection):
        self.connection = connection
        self.known = {row[0]: row[1:] for row in connection.execute(_TYPES).fetchall()}
        self._columns: defaultdict[int, list[Column]] = defaultdict(list)
        self.keys: defaultdict[tuple[int, str], list[tuple[str, ...]]] = defaultdict(list)
        """The primary key ("p") and the unique constraints ("u") of each relation."""
        self.foreign_keys: defaultdict[int, list[ForeignKey]] = defaultdict(list)

    def type(self, oid: int, modifier: int = -1, dimensions: int = 1) -> Type:
        """The type at an oid."""
        schema, name, kind, _, of, array, *_ = self.known[oid]
        found: TypeKind = "array" if array else _KINDS.get(kind, "base")
        inner = None
        if found == "array":
            inner = self.type(of, modifier)
        elif found == "domain":
            inner = self.base(oid)
        elif of:
            inner = self.type(of)
        sized = schema == "pg_catalog" and name in _SIZED and modifier > _HEADER
        return Type(
            kind=found,
            name=(schema, name),
            of=inner,
            length=modifier - _HEADER if sized else None,
            dimensions=max(dimensions, 1),
        )

    def base(self, oid: int) -> Type:
        """What a domain is made of."""
        _, _, _, _, base, _, modifier, _, _, dimensions = self.known[oid]
        return self.type(base, modifier, dimensions)

    def columns_of(self, relations: list[int]) -> None:
        """Read the columns of these."""
        rows = self.connection.execute(_COLUMNS, [relations]).fetchall()
        for relation, name, oid, modifier, not_null, given, default, comment, dimensions in rows:
            by_domain = self.known[oid][2] == "d"
            self._columns[relation].append(
                Column(
                    name=name,
                    type=self.type(oid, modifier, dimensions),
                    nullable=not (not_null or (by_domain and self.refuses_null(oid))),
                    given=given,
                    default=default or (self.default(oid) if by_domain and not given else ""),
                    comment=comment,
                )
            )

    def keys_of(self, relations: list[int]) -> None:
        """Read the primary, unique and foreign keys of these."""
        rows = self.connection.execute(_KEYS, [relations]).fetchall()
        for relation, kind, name, columns, schema, table, referred in rows:
            if kind == "f":
                key = ForeignKey(
                    name=name, columns=tuple(columns), target=(schema, table), target_columns=tuple(referred)
                )
                self.foreign_keys[relation].append(key)
            else:
                self.keys[relation, kind].append(tuple(columns))

    def columns(self, relation: int) -> tuple[Column, ...]:
        """The columns of one of them."""
        return tuple(self._columns[relation])

    def refuses_null(self, oid: int) -> bool:
        """Whether a domain is NOT NULL, or one that it is made of."""
        return any(self.known[one][7] for one in self.chain(oid))

    def default(self, oid: int) -> str:
        """The default of a domain, or of one that it is made of."""
        return next((self.known[one][8] for one in self.chain(oid) if self.known[one][8]), "")

    def chain(self, oid: int) -> Iterator[int]:
        """A domain, and the domains that it is made of."""
        while self.known[oid][2] == "d":
            yield oid
            oid = self.known[oid][4]


def _ordered(types: Iterable[Domain | Composite]) -> Iterator[Domain | Composite]:
    """Each behind those that it is made of."""
    waiting = {one.name: one for one in types}

    def visit(name: Name) -> Iterator[Domain | Composite]:
        one = waiting.pop(name, None)
        if one is None:
            return
        for part in [one.type] if isinstance(one, Domain) else [column.type for column in one.columns]:
            for inner in _named(part):
                yield from visit(inner)
        yield one

    for name in list(waiting):
        yield from visit(name)


def _named(one: Type) -> Iterator[Name]:
    if one.kind in ("domain", "composite"):
        yield one.name
    elif one.of is not None:
        yield from _named(one.of)

"""Reads tables, their columns and the foreign keys between them from a database."""

import dataclasses
from collections import defaultdict
from typing import Any

import psycopg

from dbsync.diagram.model import Column, Diagram, Name, Reference, Table

Connection = psycopg.Connection[Any]

_SHOWN = """c.relkind in ('r', 'p', 'f') and not c.relispartition
      and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'dbsync')
      and not exists (select from pg_catalog.pg_depend d where d.deptype = 'e'
                      and d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid)"""
_TABLES = f"""
    select c.oid::int8, n.nspname::text, c.relname::text, coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), ''),
           case c.relkind when 'p' then (select count(*) from pg_catalog.pg_partition_tree(c.oid) where level > 0)
                          else 0 end::int
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where {_SHOWN}
    order by n.nspname, c.relname
"""
# A domain refuses null also where one that it is made of does.
_COLUMNS = """
    with recursive refusing as (
        select d.oid from pg_catalog.pg_type d where d.typtype = 'd' and d.typnotnull
        union
        select d.oid from pg_catalog.pg_type d join refusing r on r.oid = d.typbasetype where d.typtype = 'd'
    )
    select a.attrelid::int8, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod),
           not a.attnotnull and a.atttypid not in (select oid from refusing),
           coalesce(pg_catalog.col_description(a.attrelid, a.attnum), '')
    from pg_catalog.pg_attribute a
    where a.attrelid = any (%s::oid[]) and a.attnum > 0 and not a.attisdropped
    order by a.attrelid, a.attnum
"""
# A foreign key of a partition, or to one, is drawn at the table that it is a part of.
_REFERENCES = """
    select k.conname::text, coalesce(s.oid, k.conrelid)::int8, coalesce(t.oid, k.confrelid)::int8,
           array(select a.attname::text from pg_catalog.unnest(k.conkey) with ordinality u (number, place)
                 join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number order by place),
           array(select a.attname::text from pg_catalog.unnest(k.confkey) with ordinality u (number, place)
                 join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number order by place),
           case k.confdeltype when 'c' then 'CASCADE' when 'n' then 'SET NULL' when 'd' then 'SET DEFAULT'
                              when 'r' then 'RESTRICT' else '' end
    from pg_catalog.pg_constraint k
    left join lateral pg_catalog.pg_partition_root(k.conrelid) s (oid) on true
    left join lateral pg_catalog.pg_partition_root(k.confrelid) t (oid) on true
    where k.contype = 'f' and k.conparentid = 0
    order by k.conrelid, k.conname
"""
# An index that leaves rows out, or looks at expressions, does not say that a column is unique.
_KEYS = """
    select i.indrelid::int8, i.indisprimary,
           array(select a.attname::text from pg_catalog.unnest(i.indkey::int2[]) with ordinality u (number, place)
                 join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.number
                 where place <= i.indnkeyatts order by place)
    from pg_catalog.pg_index i
    where i.indrelid = any (%s::oid[]) and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
"""
# PostgreSQL's long names of types, as people write them.
_SHORT = {
    "character varying": "varchar",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "character": "char",
    "bit varying": "varbit",
    "double precision": "float8",
}


def read(connection: Connection) -> Diagram:
    """The diagram of a database; partitions, and what belongs to extensions, are left out."""
    with connection.transaction():
        # Types of schema public are printed without it.
        connection.execute("select pg_catalog.set_config('search_path', 'public', true)")
        found = {row[0]: row[1:] for row in connection.execute(_TABLES).fetchall()}
        names: dict[int, Name] = {oid: (row[0], row[1]) for oid, row in found.items()}
        columns: defaultdict[int, dict[str, Column]] = defaultdict(dict)
        for oid, name, kind, nullable, comment in connection.execute(_COLUMNS, [[*found]]).fetchall():
            columns[oid][name] = Column(name=name, type=short(kind), nullable=nullable, comment=comment)
        keys = _Keys(connection, [*found])
        references = {}
        for name, oid, goal, here, there, action in connection.execute(_REFERENCES).fetchall():
            if oid in found and goal in found:
                references[oid, goal, tuple(here), tuple(there)] = Reference(
                    name=name,
                    table=names[oid],
                    columns=tuple(here),
                    target=names[goal],
                    target_columns=tuple(there),
                    optional=any(columns[oid][one].nullable for one in here),
                    single=keys.single(oid, here),
                    on_delete=action,
                )
    foreign = {(one.table, column) for one in references.values() for column in one.columns}
    tables = []
    for oid, (_, _, comment, partitions) in found.items():
        shown = [keys.marked(oid, one, foreign=(names[oid], one.name) in foreign) for one in columns[oid].values()]
        tables.append(Table(name=names[oid], columns=tuple(shown), comment=comment, partitions=partitions))
    return Diagram(tables=tuple(tables), references=tuple(references.values()))


class _Keys:
    """The columns that hold no two equal rows."""

    def __init__(self, connection: Connection, tables: list[int]):
        self.primary: dict[int, frozenset[str]] = {}
        self.unique: defaultdict[int, list[frozenset[str]]] = defaultdict(list)
        for table, primary, names in connection.execute(_KEYS, [tables]).fetchall():
            self.unique[table].append(frozenset(names))
            if primary:
                self.primary[table] = frozenset(names)

    def single(self, table: int, columns: list[str]) -> bool:
        """Whether no two rows have the same in these columns."""
        return any(key <= frozenset(columns) for key in self.unique[table])

    def marked(self, table: int, column: Column, *, foreign: bool) -> Column:
        """The column with its marks; that the only column of a primary key is unique goes without saying."""
        primary = column.name in self.primary.get(table, ())
        alone = frozenset((column.name,))
        unique = alone in self.unique[table] and self.primary.get(table) != alone
        return dataclasses.replace(column, primary=primary, foreign=foreign, unique=unique)


def short(kind: str) -> str:
    """A type's name as people write it: `varchar(20)`, `timestamptz(3)[]`; one in quotes stays as it is."""
    if '"' in kind:
        return kind
    base, bracket, rest = kind.partition("(")
    inner, bracket_end, tail = rest.partition(")")
    words = base + tail
    name = words.rstrip("[]")
    return _SHORT.get(name, name) + bracket + inner + bracket_end + words[len(name) :]

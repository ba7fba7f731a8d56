"""What writing and comparing rows needs to know of the tables of a database."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import psycopg

from dbsync import sql
from dbsync.model.objects import Id

Connection = psycopg.Connection[Any]
Path = tuple[str, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """A column: `written` says how its values stand in SQL (number, boolean, composite, text), `compared` how two of
    them are told apart (native, json, text), `equal` is the operator of its keys. `base` is the type without a length
    or a domain's rules."""

    name: str
    type: str
    base: str
    written: str
    compared: str
    equal: str
    enum: bool
    nullable: bool
    generated: bool
    identity: str
    default: bool
    sequence: str | None
    """The sequence that its values come from, as SQL."""
    counts: bool
    """Whether these values are whole numbers, and not texts that hold one."""

    @property
    def counted(self) -> str | None:
        """The sequence that has to be past its values."""
        return self.sequence if self.counts else None


THE_ROW = ""
"""What stands for the row itself, where columns are named."""


@dataclasses.dataclass(frozen=True)
class ForeignKey:
    """Columns of a table that name a row of another. `on_delete` is what becomes of a row when the one that it names
    goes, `on_update` when that gets another key: "c" (it goes too, takes the key over), "n" and "d" (columns become
    NULL, or their default; when the other goes only those in `unset`), or that may not be."""

    name: str
    table: Path
    columns: tuple[str, ...]
    parent: Path
    targets: tuple[str, ...]
    on_delete: str
    unset: tuple[str, ...]
    on_update: str
    holder: Path
    """The table, or that partition of it whose rows alone are held to it."""
    referred: Path
    """The table, or that partition of it whose rows alone can be named."""

    def action(self, changed: str) -> tuple[str, tuple[str, ...]]:
        """What becomes of a row, and of which of its columns (or THE_ROW), when a column of the one that it names gets
        another value, or that goes: THE_ROW."""
        gone = changed == THE_ROW
        action = self.on_delete if gone else self.on_update if changed in self.targets else ""
        if action == "c":
            return action, (THE_ROW if gone else self.columns[self.targets.index(changed)],)
        if action in ("n", "d"):
            return action, self.unset if gone else self.columns
        return action, ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """A table with its columns, its unique keys (the primary one first) and its foreign keys.

    `alone` tells that what inherits from it (`inherited`: if anything does) are other tables' rows; the foreign keys of
    its partitions are among its own.
    """

    path: Path
    alone: bool
    inherited: bool
    columns: Mapping[str, Column]
    uniques: tuple[tuple[str, ...], ...]
    nulls_equal: frozenset[tuple[str, ...]]
    """The unique keys in which one NULL is like another."""
    within: tuple[tuple[str, ...], ...]
    """What is unique in a partition alone."""
    parents: tuple[ForeignKey, ...]
    triggers: bool
    """Whether triggers fire for its rows."""

    @property
    def name(self) -> str:
        """As SQL."""
        return sql.qualified(*self.path)

    @property
    def id(self) -> Id:
        """The table."""
        return Id("table", self.path)

    def column_id(self, column: str) -> Id:
        """A column of it."""
        return Id("column", (*self.path, column))

    @property
    def rows(self) -> str:
        """As SQL behind FROM: its own rows."""
        return f"ONLY {self.name}" if self.alone else self.name

    def rows_in(self, path: Path) -> str:
        """As SQL behind FROM: its rows that stand in a partition of it, or all."""
        return self.rows if path == self.path else sql.qualified(*path)

    @property
    def own(self) -> tuple[Column, ...]:
        """The columns that rows are given, all but the computed ones."""
        return tuple(column for column in self.columns.values() if not column.generated)


_TABLES = """
    select c.oid::bigint, array[n.nspname, c.relname]::text[], c.relkind = 'r',
           c.relkind = 'r' and exists (select from pg_catalog.pg_inherits h where h.inhparent = c.oid),
           exists (select from pg_catalog.pg_trigger t where not t.tgisinternal and (t.tgrelid = c.oid
                   or c.relkind = 'p' and t.tgrelid in (select relid from pg_catalog.pg_partition_tree(c.oid))))
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
      and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'dbsync', 'dbsync_seeds')
"""
_MEMBERS = """
    select c.oid::bigint, pg_catalog.pg_partition_root(c.oid)::oid::bigint, array[n.nspname, c.relname]::text[]
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relispartition
"""
_COLUMNS = """
    with recursive base (oid, type) as (
        select oid, oid from pg_catalog.pg_type where typtype <> 'd'
        union all
        select d.oid, base.type from pg_catalog.pg_type d join base on d.typbasetype = base.oid where d.typtype = 'd'
    )
    select a.attrelid::bigint, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod),
           pg_catalog.format_type(t.oid, -1),
           case when t.typname in ('int2', 'int4', 'int8', 'numeric', 'float4', 'float8')
                     and t.typnamespace = 'pg_catalog'::regnamespace then 'number'
                when t.oid = 'bool'::regtype then 'boolean' when t.typtype = 'c' then 'composite' else 'text' end,
           case when t.oid = 'json'::regtype then 'json'
                when t.typcategory in ('S', 'A', 'C') or t.oid = 'interval'::regtype or t.typtype <> 'b'
                     or t.typnamespace <> 'pg_catalog'::regnamespace or o.oprname is null then 'text'
                else 'native' end,
           case when o.oprname is null or o.oprnamespace = 'pg_catalog'::regnamespace then '='
                else format('OPERATOR(%%I.%%s)', n.nspname, o.oprname) end,
           t.typtype = 'e', not a.attnotnull, a.attgenerated <> '', a.attidentity::text, ad.oid is not null,
           (select pg_catalog.format('%%I.%%I', sn.nspname, s.relname)
            from pg_catalog.pg_depend d join pg_catalog.pg_class s
              on s.oid = case when d.refobjid = a.attrelid then d.objid else d.refobjid end and s.relkind = 'S'
            join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
            where (d.classid, d.refclassid) = ('pg_class'::regclass, 'pg_class'::regclass)
                  and (d.refobjid, d.refobjsubid) = (a.attrelid, a.attnum) and d.deptype in ('a', 'i')
               or (d.classid, d.objid, d.refclassid) = ('pg_attrdef'::regclass, ad.oid, 'pg_class'::regclass)
            order by d.deptype limit 1),
           t.oid = any (array['int2', 'int4', 'int8', 'numeric']::regtype[])
    from pg_catalog.pg_attribute a
    join base b on b.oid = a.atttypid join pg_catalog.pg_type t on t.oid = b.type
    left join pg_catalog.pg_attrdef ad on (ad.adrelid, ad.adnum) = (a.attrelid, a.attnum)
    left join pg_catalog.pg_opclass oc on oc.opcintype = t.oid and oc.opcdefault
        and oc.opcmethod = (select oid from pg_catalog.pg_am where amname = 'btree')
    left join pg_catalog.pg_amop ao on ao.amopfamily = oc.opcfamily and ao.amoplefttype = t.oid
        and ao.amoprighttype = t.oid and ao.amopstrategy = 3
    left join pg_catalog.pg_operator o on o.oid = ao.amopopr
    left join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
    where a.attrelid = any (%s::oid[]) and a.attnum > 0 and not a.attisdropped
    order by a.attrelid, a.attnum
"""
_UNIQUES = """
    select i.indrelid::bigint,
           array(select a.attname::text from unnest(i.indkey[:i.indnkeyatts - 1]) with ordinality k (number, position)
                 join pg_catalog.pg_attribute a on (a.attrelid, a.attnum) = (i.indrelid, k.number) order by k.position),
           i.indnullsnotdistinct
    from pg_catalog.pg_index i
    where i.indrelid = any (%s::oid[]) and i.indisunique and i.indisvalid and i.indpred is null
      and i.indexprs is null
    order by not i.indisprimary, i.indnkeyatts, i.indexrelid
"""
_FOREIGN = """
    select c.conrelid::bigint, c.confrelid::bigint, c.conname::text,
           array(select a.attname::text from unnest(c.conkey) with ordinality k (number, position)
                 join pg_catalog.pg_attribute a on (a.attrelid, a.attnum) = (c.conrelid, k.number) order by position),
           array(select a.attname::text from unnest(c.confkey) with ordinality k (number, position)
                 join pg_catalog.pg_attribute a on (a.attrelid, a.attnum) = (c.confrelid, k.number) order by position),
           c.confdeltype::text,
           array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.conrelid
                 and a.attnum = any (coalesce(c.confdelsetcols, c.conkey)) order by a.attnum),
           c.confupdtype::text
    from pg_catalog.pg_constraint c where c.contype = 'f' and c.conparentid = 0 and c.conrelid = any (%s::oid[])
    order by c.conname
"""


def tables(connection: Connection) -> dict[Path, Table]:
    """The tables of a database by schema and name; partitions belong to their root."""
    found = {oid: (tuple(path), *more) for oid, path, *more in connection.execute(_TABLES).fetchall()}
    oids = list(found)
    places = {oid: (oid, path) for oid, (path, *_) in found.items()}
    for oid, root, path in connection.execute(_MEMBERS).fetchall():
        if root in found:
            places[oid] = (root, tuple(path))
    columns: dict[int, dict[str, Column]] = {}
    names = [field.name for field in dataclasses.fields(Column)]
    for oid, *row in connection.execute(_COLUMNS, [oids]).fetchall():
        columns.setdefault(oid, {})[row[0]] = Column(**dict(zip(names, row, strict=True)))
    uniques: dict[int, list[tuple[str, ...]]] = {}
    nulls_equal: dict[int, set[tuple[str, ...]]] = {}
    within: dict[int, dict[tuple[str, ...], None]] = {}
    for oid, key, equal in connection.execute(_UNIQUES, [list(places)]).fetchall():
        if oid in found:
            uniques.setdefault(oid, []).append(tuple(key))
            if equal:
                nulls_equal.setdefault(oid, set()).add(tuple(key))
        else:
            within.setdefault(places[oid][0], {})[tuple(key)] = None
    parents: dict[int, list[ForeignKey]] = {}
    for oid, other, name, own, targets, *actions in connection.execute(_FOREIGN, [list(places)]).fetchall():
        if other in places:
            (root, holder), (parent, referred) = places[oid], places[other]
            on_delete, unset, on_update = actions
            key = ForeignKey(
                name=name,
                table=found[root][0],
                columns=tuple(own),
                parent=found[parent][0],
                targets=tuple(targets),
                on_delete=on_delete,
                unset=tuple(unset),
                on_update=on_update,
                holder=holder,
                referred=referred,
            )
            parents.setdefault(root, []).append(key)
    return {
        path: Table(
            path=path,
            alone=alone,
            inherited=inherited,
            columns=columns.get(oid, {}),
            uniques=tuple(uniques.get(oid, ())),
            nulls_equal=frozenset(nulls_equal.get(oid, ())),
            within=tuple(key for key in within.get(oid, ()) if key not in uniques.get(oid, ())),
            parents=tuple(parents.get(oid, ())),
            triggers=fires,
        )
        for oid, (path, alone, inherited, fires) in found.items()
    }

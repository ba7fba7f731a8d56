"""Which code a query on the live database would run that is neither PostgreSQL's own nor harmless.

Reading a table runs more than the query says: the planner computes immutable functions in the expressions of indexes,
statistics and partition keys, and estimates with the functions of types. None of it is fenced by SET ROLE, which a
function can take back. So code runs only where whoever wrote it can act as the session's role anyway.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.pg.harmless import DEPENDS, HARMLESS, IN_TREE

Connection = psycopg.Connection[Any]

_TREE = """
with recursive tree (oid) as (
    select pg_catalog.to_regclass(t)::oid from pg_catalog.unnest(%(tables)s::text[]) t
    union select i.inhrelid from tree join pg_catalog.pg_inherits i on i.inhparent = tree.oid
)
"""
_PLAIN = f"""{_TREE}
select not exists (select from tree join pg_catalog.pg_class c on c.oid = tree.oid and c.relkind = 'f')
   and not exists (select from tree join pg_catalog.pg_index i on i.indrelid = tree.oid
                   where i.indexprs is not null or i.indpred is not null
                      or 16384 <= any (i.indclass::oid[]))
   and not exists (select from tree join pg_catalog.pg_statistic_ext s on s.stxrelid = tree.oid
                   where s.stxexprs is not null)
   and not exists (select from tree join pg_catalog.pg_partitioned_table p on p.partrelid = tree.oid
                   where p.partexprs is not null or 16384 <= any (p.partclass::oid[]))
   and not exists (select from tree join pg_catalog.pg_attribute a on a.attrelid = tree.oid and a.attnum > 0
                   where not a.attisdropped and (a.atttypid >= 16384 or a.attgenerated not in ('', 's')))
"""
"""Whether the tables have nothing that could run code: mostly so, and much sooner known than what code it is."""

_REACHED = f"""{_TREE}
, relation as materialized (
    select c.oid, c.relkind, c.relowner, pg_catalog.format('%%I.%%I', n.nspname, c.relname) as name
    from tree join pg_catalog.pg_class c on c.oid = tree.oid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
), expression (what, author, class, oid, tree) as materialized (
    select pg_catalog.format('index %%s of %%s', i.indexrelid::pg_catalog.regclass, r.name), r.relowner,
           'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, pg_catalog.concat(i.indexprs, i.indpred)
    from relation r join pg_catalog.pg_index i on i.indrelid = r.oid
    where i.indexprs is not null or i.indpred is not null
    union all
    select pg_catalog.format('statistics %%I of %%s', s.stxname, r.name), s.stxowner,
           'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, s.stxexprs::text
    from relation r join pg_catalog.pg_statistic_ext s on s.stxrelid = r.oid where s.stxexprs is not null
    union all
    select pg_catalog.format('the partition key of %%s', r.name), r.relowner,
           'pg_catalog.pg_class'::pg_catalog.regclass, r.oid, p.partexprs::text
    from relation r join pg_catalog.pg_partitioned_table p on p.partrelid = r.oid where p.partexprs is not null
    union all
    select pg_catalog.format('column %%I of %%s', a.attname, r.name), r.relowner,
           'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid, d.adbin::text
    from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attgenerated not in ('', 's')
    join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    union all
    select pg_catalog.format('constraint %%I of %%s', c.conname, r.name), r.relowner,
           'pg_catalog.pg_constraint'::pg_catalog.regclass, c.oid, c.conbin::text
    from relation r join pg_catalog.pg_constraint c on c.conrelid = r.oid and c.contype = 'c' where %(checks)s
), type (oid) as (
    select oid from (
        select a.atttypid from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid
        where a.attnum > 0 and not a.attisdropped
        union
        select pg_catalog.to_regtype(t)::oid from pg_catalog.unnest(%(types)s::text[]) t
        union
        select d.refobjid from expression e join pg_catalog.pg_depend d on d.classid = e.class and d.objid = e.oid
        where d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
    ) first (oid) where oid >= 16384
    union
    select next.oid from type join pg_catalog.pg_type t on t.oid = type.oid cross join lateral (
        select t.typelem union all select t.typbasetype
        union all select a.atttypid from pg_catalog.pg_attribute a
            where a.attrelid = t.typrelid and t.typrelid <> 0 and a.attnum > 0 and not a.attisdropped
        union all select case when r.rngtypid = t.oid then r.rngsubtype else r.rngtypid end
            from pg_catalog.pg_range r
            where t.oid in (r.rngtypid, (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid)
    ) next (oid) where next.oid >= 16384
), known as materialized (
    select pg_catalog.format('type %%s', pg_catalog.format_type(t.oid, null)) as name, t.*
    from type join pg_catalog.pg_type t on t.oid = type.oid
), more (what, author, class, oid, tree) as (
    select * from expression
    union all
    select pg_catalog.format('constraint %%I of %%s', c.conname, t.name), t.typowner,
           'pg_catalog.pg_constraint'::pg_catalog.regclass, c.oid, c.conbin::text
    from known t join pg_catalog.pg_constraint c on c.contypid = t.oid and c.contype = 'c'
), class (what, author, family, type) as (
    select pg_catalog.format('index %%s of %%s', i.indexrelid::pg_catalog.regclass, r.name), r.relowner,
           o.opcfamily, o.opcintype
    from relation r join pg_catalog.pg_index i on i.indrelid = r.oid
    cross join lateral pg_catalog.unnest(i.indclass::oid[]) u (oid)
    join pg_catalog.pg_opclass o on o.oid = u.oid where o.oid >= 16384
    union
    select pg_catalog.format('the partition key of %%s', r.name), r.relowner, o.opcfamily, o.opcintype
    from relation r join pg_catalog.pg_partitioned_table p on p.partrelid = r.oid
    cross join lateral pg_catalog.unnest(p.partclass::oid[]) u (oid)
    join pg_catalog.pg_opclass o on o.oid = u.oid where o.oid >= 16384
    union
    select t.name, t.typowner, o.opcfamily, o.opcintype from known t join pg_catalog.pg_opclass o on o.opcintype = t.oid
), called (what, author, oid, named) as (
    select m.what, m.author, f.oid, true from more m cross join lateral ({IN_TREE.format("m.tree")}) f (oid)
    union
    select m.what, m.author, f.oid, true from more m cross join lateral ({DEPENDS.format("m.class", "m.oid")}) f (oid)
    union
    select k.name, k.typowner, f.oid, false from known k cross join lateral (
        select pg_catalog.unnest(array[k.typinput, k.typoutput, k.typreceive, k.typsend, k.typmodin, k.typmodout,
                                       k.typanalyze]::oid[])
        union all select (pg_catalog.to_jsonb(k) ->> 'typsubscript')::pg_catalog.regproc::oid
        union all select pg_catalog.unnest(array[r.rngcanonical, r.rngsubdiff]::oid[])
            from pg_catalog.pg_range r where r.rngtypid = k.oid
        union all select c.castfunc from pg_catalog.pg_cast c where k.oid in (c.castsource, c.casttarget)
    ) f (oid)
    union
    select c.what, c.author, a.amproc::oid, false from class c
    join pg_catalog.pg_amproc a on a.amprocfamily = c.family and c.type in (a.amproclefttype, a.amprocrighttype)
)
"""


_KINDS = {"v": "view", "f": "foreign table", "S": "sequence"}
_OWNERS = """
    select t.name, c.relkind::text,
           case when r.rolname <> current_user and not r.rolsuper
                     and pg_catalog.pg_has_role(session_user, c.relowner, '{mode}') then r.rolname::text end,
           pg_catalog.current_setting('role')
    from pg_catalog.unnest(%s::text[]) with ordinality t (name, place)
    join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(t.name)
    join pg_catalog.pg_roles r on r.oid = c.relowner order by t.place
"""


@contextlib.contextmanager
def as_owner(connection: Connection, tables: Sequence[str], *, lock: bool = True) -> Iterator[str]:
    """In a transaction that is open, act as the owner of the first of these tables, whose names are SQL, and (`lock`)
    keep others from altering them. Gives what is strange about one of them, so that it must not be read; mostly "".

    The session stays who it is where that owner is a superuser, or a role that it may not become. A lock is held until
    the transaction ends.
    """
    rows = (
        connection.execute(_OWNERS.format(mode=_mode(connection)).encode(), [list(tables)]).fetchall() if tables else []
    )
    role, before = next(((owner, before) for _, _, owner, before in rows[:1] if owner), ("", ""))
    texts = [f"SET LOCAL ROLE {sql.name(role)}"] if role else []
    if lock and (named := [name for name, kind, *_ in rows if kind in "rp"]):
        texts.append(f"LOCK TABLE {', '.join(named)} IN ACCESS SHARE MODE")
    if texts:
        connection.execute("; ".join(texts).encode())
    yield next((f"{name} is a {_KINDS.get(kind, 'relation')} now" for name, kind, *_ in rows if kind not in "rpm"), "")
    if role:
        connection.execute("select pg_catalog.set_config('role', %s, true)", [before])


def forbidden(
    connection: Connection, tables: Sequence[str], types: Sequence[str] = (), *, checks: bool = False
) -> str | None:
    """Why these tables are not to be read, nor values converted to these types: somebody's code would run with rights
    that they have not. None where it would not. psycopg.Error if the catalogs may not be read.

    With `checks` the CHECK constraints of the tables are evaluated, too.

    The writer of an expression is the owner of its table or type. Both the writer and the owner of a function must be
    able to act as the session's own role, which a superuser always can: then the code gains nothing by running.
    """
    given = {"tables": list(tables), "types": list(types), "checks": checks}
    if not types and not checks:
        plain = connection.execute(_PLAIN.encode(), given).fetchone()
        if plain and plain[0]:
            return None
    mode = _mode(connection)
    query = f"""{_REACHED}
        select found.text from (
            select 1, pg_catalog.format('%%s is a foreign table', r.name) from relation r where r.relkind = 'f'
            union all
            select 2, pg_catalog.format('%%s calls %%s, which would run with the rights of %%I',
                                        c.what, p.oid::pg_catalog.regprocedure, session_user)
            from called c join pg_catalog.pg_proc p on p.oid = c.oid
            where (c.named or p.oid >= 16384) and not ({HARMLESS})
              and not (pg_catalog.pg_has_role(p.proowner, session_user, '{mode}')
                       and pg_catalog.pg_has_role(c.author, session_user, '{mode}'))
        ) found (rank, text) order by rank, text collate "C" limit 1"""
    row = connection.execute(query.encode(), given).fetchone()
    return str(row[0]) if row else None


def _mode(connection: Connection) -> str:
    """The privilege that lets a member become a role: from 16 on memberships may lack it."""
    return "SET" if connection.info.server_version >= 160000 else "MEMBER"

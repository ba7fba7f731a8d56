"""Which rows of live keep declared ones out by more than equal columns: unique indexes over expressions or over some
rows only, and exclusion constraints."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from dbsync.pg.harmless import DEPENDS, HARMLESS, IN_TREE
from dbsync.seeds.wanted import Wanted
from dbsync.seeds.watch import PARAMETER

Connection = psycopg.Connection[Any]

_RULES = f"""
    select array(select pg_catalog.pg_get_indexdef(i.indexrelid, k, true)
                 from generate_series(1, i.indnkeyatts) k order by k),
           array(select format('OPERATOR(%%I.%%s)', n.nspname, o.oprname)
                 from unnest(coalesce(c.conexclop, array(
                     select m.amopopr from unnest(i.indclass::oid[]) with ordinality u (class, position)
                     join pg_catalog.pg_opclass p on p.oid = u.class
                     join pg_catalog.pg_amop m on m.amopfamily = p.opcfamily and m.amopstrategy = 3
                         and m.amoplefttype = p.opcintype and m.amoprighttype = p.opcintype
                     order by position))) with ordinality x (operator, position)
                 join pg_catalog.pg_operator o on o.oid = x.operator
                 join pg_catalog.pg_namespace n on n.oid = o.oprnamespace order by position),
           coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid, true), 'true'),
           array(select distinct a.attname::text
                 from pg_catalog.pg_depend d
                 join pg_catalog.pg_attribute a on (a.attrelid, a.attnum) = (d.refobjid, d.refobjsubid)
                 where d.refclassid = 'pg_class'::regclass and d.refobjid = i.indrelid
                   and (d.classid, d.objid) in (('pg_class'::regclass, i.indexrelid),
                                                ('pg_constraint'::regclass, coalesce(c.oid, 0))))
    from pg_catalog.pg_index i
    left join pg_catalog.pg_constraint c on c.conindid = i.indexrelid and c.conrelid = i.indrelid
        and c.conexclop is not null
    where i.indrelid = pg_catalog.to_regclass(%s) and i.indisvalid
      -- Other functions than those that only compute do not run on the live database before the apply.
      and not exists (
          select from ({IN_TREE.format("pg_catalog.concat(i.indexprs, i.indpred)")}
                 union {DEPENDS.format("'pg_catalog.pg_class'::pg_catalog.regclass", "i.indexrelid")}
                 union select o.oprcode::oid from unnest(c.conexclop) e (oid)
                       join pg_catalog.pg_operator o on o.oid = e.oid) f (oid)
          join pg_catalog.pg_proc p on p.oid = f.oid where not ({HARMLESS}))
      and (c.oid is not null or i.indisunique and (i.indpred is not null or i.indexprs is not null))
    order by i.indexrelid
"""


@dataclasses.dataclass(frozen=True)
class Rule:
    """Two rows for which all of these expressions are, by their operators, what they must not be; only rows count that
    meet `condition`. `columns` are those that all of this speaks of."""

    expressions: tuple[str, ...]
    operators: tuple[str, ...]
    types: tuple[str, ...]
    condition: str
    columns: frozenset[str]

    def values(self, one: Wanted) -> str:
        """The query of what declared rows have, as texts behind a number that is no row's."""
        texts = ", ".join(f"({expression})::text" for expression in self.expressions)
        return f"select distinct null::bigint, {texts} from {one.store} x where {self.condition}"

    def joined(self, rows: str, batch: Sequence[str]) -> tuple[str, Sequence[str]]:
        """What stands behind FROM for rows `t` that keep out those with one of these values `k`, and its parameters:
        arrays of numbers and of texts."""
        given = ", ".join([f"{PARAMETER}::bigint[]", *(f"{PARAMETER}::text[]" for _ in self.expressions)])
        names = ", ".join(f"({expression}) as e{number}" for number, expression in enumerate(self.expressions))
        columns = ", ".join(["n", *(f"c{number}" for number, _ in enumerate(self.expressions))])
        tests = " and ".join(
            f"e.e{number} {operator} k.c{number}::{kind}"
            for number, (operator, kind) in enumerate(zip(self.operators, self.types, strict=True))
        )
        # There no name of an expression can be anything but a column of t.
        own = f"cross join lateral (select {names} where {self.condition}) e"
        return f"{rows} t {own} join unnest({given}) as k ({columns}) on {tests}", batch


def rules(seeded: Connection, one: Wanted) -> Iterator[Rule]:
    """The rules of a table as it will be; `seeded` is a session in the database of its store."""
    for expressions, operators, condition, columns in seeded.execute(_RULES, [one.table.name]).fetchall():
        if {*columns} <= {column.name for column in one.table.own} and len(operators) == len(expressions):
            kinds = ", ".join(f"pg_typeof({expression})::text" for expression in expressions)
            row = seeded.execute(f"select array[{kinds}] from {one.store} limit 1".encode()).fetchone()
            if row is not None:
                yield Rule(tuple(expressions), tuple(operators), tuple(row[0]), condition, frozenset(columns))

"""What a query would run, as PostgreSQL reads it: it becomes a view of a scratch database, for a moment."""

import dataclasses
from typing import Any

import psycopg

from dbsync.pg.harmless import DEPENDS, HARMLESS, IN_TREE

Connection = psycopg.Connection[Any]


@dataclasses.dataclass(frozen=True)
class Examined:
    """The tables and types that a query speaks of, as SQL names them, and the functions that it calls although they are
    not harmless: those that are `volatile`, and others."""

    tables: tuple[str, ...]
    types: tuple[str, ...]
    volatile: tuple[str, ...]
    others: tuple[str, ...]


_VIEW = "dbsync_question"
_EXAMINED = f"""
with rule as (
    select r.oid, r.ev_action::text as tree, r.ev_class
    from pg_catalog.pg_rewrite r where r.ev_class = 'pg_temp.{_VIEW}'::pg_catalog.regclass
), other as (
    select d.refclassid, d.refobjid
    from rule join pg_catalog.pg_depend d
        on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = rule.oid
    where d.refobjid <> rule.ev_class
), called as (
    select distinct p.oid::pg_catalog.regprocedure::text as name, p.provolatile
    from rule cross join lateral (
        {IN_TREE.format("rule.tree")} union {DEPENDS.format("'pg_catalog.pg_rewrite'::pg_catalog.regclass", "rule.oid")}
    ) f (oid) join pg_catalog.pg_proc p on p.oid = f.oid where not ({HARMLESS})
)
select array(select distinct pg_catalog.format('%I.%I', n.nspname, c.relname)
             from other o join pg_catalog.pg_class c on c.oid = o.refobjid
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass order by 1),
       array(select distinct pg_catalog.format_type(o.refobjid, null)
             from other o where o.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass order by 1),
       array(select name from called where provolatile = 'v' order by 1),
       array(select name from called where provolatile <> 'v' order by 1)
"""


def examine(connection: Connection, query: str) -> Examined:
    """What a query speaks of; psycopg.Error where PostgreSQL cannot read it.

    The connection must not be in a transaction. The query must have a name of its own for each of its columns.
    """
    with connection.transaction(force_rollback=True):
        connection.execute(f"CREATE TEMPORARY VIEW {_VIEW} AS {query}".encode())
        row = connection.execute(_EXAMINED.encode()).fetchone()
    assert row is not None
    return Examined(*(tuple(names) for names in row))

"""Asks PostgreSQL whether a change of a column's type can alter values without an error."""

from typing import Any

import psycopg

_QUERY = """
with pair as (
    select o.oid as old, n.oid as new, o.typcategory as old_category, n.typcategory as new_category
    from pg_catalog.pg_type o, pg_catalog.pg_type n where o.oid = %(old)s and n.oid = %(new)s
)
select case
    -- The same type: fewer digits behind the point, or a shorter fraction of a second.
    when old = new and old = 'numeric'::regtype then %(new_mod)s <> -1 and (
        %(old_mod)s = -1 or ((%(new_mod)s - 4) & 2047) < ((%(old_mod)s - 4) & 2047))
    when old = new and old_category in ('D', 'T') then %(new_mod)s <> -1 and (
        %(old_mod)s = -1 or (%(new_mod)s & 65535) < (%(old_mod)s & 65535))
    when old = new then false
    -- A cast that PostgreSQL makes anywhere by itself keeps what it means.
    when c.castcontext = 'i' then new = 'numeric'::regtype and %(new_mod)s <> -1 and old_category = 'N'
        and old not in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    -- Integers that do not fit are refused; other numbers and times are rounded or cut without a word.
    when old in ('int4'::regtype, 'int8'::regtype) and new in ('int2'::regtype, 'int4'::regtype) then false
    when old_category in ('N', 'D', 'T') and new_category = old_category then true
    when old = 'timestamptz'::regtype and new in ('date'::regtype, 'time'::regtype) then true
    else false
end
from pair left join pg_catalog.pg_cast c on c.castsource = old and c.casttarget = new
"""

# An array is converted element by element; a domain is what its base type is.
_PLAIN = """
select b.oid::bigint, case when e.typtype = 'd' then e.typtypmod else %(modifier)s end
from pg_catalog.pg_type t
join pg_catalog.pg_type e on e.oid = case when t.typcategory = 'A' and t.typelem <> 0 then t.typelem else t.oid end
join pg_catalog.pg_type b on b.oid = coalesce(nullif(e.typbasetype, 0), e.oid)
where t.oid = %(type)s
"""
_STRINGS = "select typcategory in ('S', 'V') from pg_catalog.pg_type where oid = %s"


def may_alter_values(
    connection: "psycopg.Connection[Any]", old: tuple[int, int], new: tuple[int, int], *, explicit: bool
) -> bool:
    """Whether values may come out other than they went in; types are (oid, typmod).

    An assignment refuses a string that is too long, an `explicit` cast cuts it (section 8.3 of the manual).
    """
    old, new = _plain(connection, *old), _plain(connection, *new)
    if explicit and new[1] != -1 and (old[0] != new[0] or old[1] == -1 or new[1] < old[1]):
        row = connection.execute(_STRINGS, [new[0]]).fetchone()
        if row and row[0]:
            return True
    names = {"old": old[0], "new": new[0], "old_mod": old[1], "new_mod": new[1]}
    row = connection.execute(_QUERY, names).fetchone()
    return bool(row and row[0])


def _plain(connection: "psycopg.Connection[Any]", type_: int, modifier: int) -> tuple[int, int]:
    row = connection.execute(_PLAIN, {"type": type_, "modifier": modifier}).fetchone()
    return (row[0], row[1]) if row else (type_, modifier)

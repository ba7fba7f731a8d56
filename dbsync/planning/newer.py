"""What the schema file uses and live's older server lacks: refused by name, since the newer scratch server took it."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.pq import DiagnosticField
from psycopg.pq.abc import PGconn

from dbsync.errors import SchemaError
from dbsync.load import tree
from dbsync.load.secrets import masked
from dbsync.load.words import explicit
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id
from dbsync.model.plan import Batch
from dbsync.model.text import Place, Script
from dbsync.pg.connect import Target, connect
from dbsync.pg.version import major
from dbsync.planning.annotate import place_of

Connection = psycopg.Connection[Any]
Use = tuple[str, str]
"""What is used of the server's own, as its kind and its name: ("function", "uuidv7()")."""

_MOST = 40
_AT_ONCE = 50
"""How many statements are on their way to live at the same time."""
_SYNTAX_ERROR = b"42601"
_ANALYZED = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
"""What more than the syntax is looked at of when it is parsed, as the tables that it names."""

# pg_depend is silent about the server's own, but an expression holds the oid of all that it uses.
_USED = """
    with tree (catalog, oid, subid, text) as (
        select 'pg_class', ev_class, 0, concat(ev_action, ev_qual) from pg_catalog.pg_rewrite where oid >= 16384
        union all select 'pg_class', adrelid, adnum::int, adbin::text from pg_catalog.pg_attrdef where oid >= 16384
        union all select 'pg_constraint', oid, 0, conbin::text from pg_catalog.pg_constraint where oid >= 16384
        union all select 'pg_class', indexrelid, 0, concat(indexprs, indpred)
                  from pg_catalog.pg_index where indexrelid >= 16384
        union all select 'pg_policy', oid, 0, concat(polqual, polwithcheck) from pg_catalog.pg_policy
        union all select 'pg_trigger', oid, 0, tgqual::text from pg_catalog.pg_trigger
        union all select 'pg_proc', oid, 0, concat(prosqlbody, proargdefaults)
                  from pg_catalog.pg_proc where oid >= 16384
        union all select 'pg_class', partrelid, 0, partexprs::text from pg_catalog.pg_partitioned_table
        union all select 'pg_type', oid, 0, typdefaultbin::text from pg_catalog.pg_type where oid >= 16384
        union all select 'pg_statistic_ext', oid, 0, stxexprs::text from pg_catalog.pg_statistic_ext
        union all select 'pg_publication_rel', oid, 0, prqual::text from pg_catalog.pg_publication_rel
        union all select 'pg_class', attrelid, attnum::int, ':collid ' || attcollation
                  from pg_catalog.pg_attribute where attrelid >= 16384 and attcollation <> 0
    ),
    used (catalog, oid, subid, kind, used) as (
        select t.catalog, t.oid, t.subid,
               case when m[1] in ('funcid', 'aggfnoid', 'winfnoid') then 'function'
                    when m[1] = 'opno' then 'operator' else 'collation' end,
               m[2]::oid
        from tree t,
             pg_catalog.regexp_matches(t.text, ':(funcid|aggfnoid|winfnoid|opno|\\w*coll(?:id|Oid)) (\\d+)', 'g') m
    )
    select catalog, oid::bigint, subid, kind,
           case kind when 'function' then used::regprocedure::text
                     when 'operator' then used::regoperator::text else used::regcollation::text end
    from used where used < 16384 and used <> 0
    union
    select t.catalog, t.oid::bigint, t.subid, n.since::text, n.words
    from tree t
    join (values ('{JSONISPREDICATE ', 16, 'IS JSON'),
                 ('{JSONCONSTRUCTOREXPR ', 16, 'an SQL/JSON constructor'),
                 ('{JSONCONSTRUCTOREXPR :type 5 ', 17, 'JSON()'),
                 ('{JSONCONSTRUCTOREXPR :type 6 ', 17, 'JSON_SCALAR()'),
                 ('{JSONCONSTRUCTOREXPR :type 7 ', 17, 'JSON_SERIALIZE()'),
                 ('{JSONEXPR ', 17, 'an SQL/JSON query function'),
                 ('{MERGESUPPORTFUNC ', 17, 'merge_action()'),
                 ('{RETURNINGEXPR ', 18, 'OLD or NEW in RETURNING')
         ) n (node, since, words) on pg_catalog.strpos(t.text, n.node) > 0
"""

_LACKED = """
    select kind, name from (select unnest(%s::text[]) as kind, unnest(%s::text[]) as name) u
    where case kind when 'function' then pg_catalog.to_regprocedure(name) is null
                    when 'operator' then pg_catalog.to_regoperator(name) is null
                    else pg_catalog.to_regcollation(name) is null end
"""


def refuse_newer(
    desired: Connection, read: Catalog, goal: Catalog, places: Mapping[Id, Place], script: Script, live: Target, to: int
) -> None:
    """SchemaError if the goal holds what a server of live's version (`to`) has not; `read` is of `desired`, whole."""
    found = [
        (place_of(thing.id, places, goal), f"{thing.id}: {what} (PostgreSQL {since} on)")
        for thing in goal.objects.values()
        for since, what in thing.newer()
        if since > major(to)
    ]
    named = [(place, f"{word} (PostgreSQL {since} on)") for place, word, since in explicit(script) if since > major(to)]
    used = [(place_of(one, places, goal), f"{one}: {what}") for one, what in _uses(desired, read, goal, live, to)]
    if found := [*found, *named, *used]:
        raise _refused(found, to)


def refuse_unread(batches: Iterable[Batch], live: Target, to: int) -> None:
    """SchemaError for steps that live's server, which parses them and runs none, cannot read.

    What a newer server prints may say what every server does in words that an older one does not know.
    """
    texts = [
        (one.step, text)
        for batch in batches
        for one in batch.steps
        for _, text, node in tree.statements(one.step.sql)
        if node not in _ANALYZED
    ]
    with contextlib.closing(connect(live, read_only=True)) as connection:
        unread = list(_unread(connection.pgconn, [text for _, text in texts]))
    found = [
        (step.place, f"{step.about}: {why} in {' '.join(masked(text).split())[:200]}")
        for (step, text), why in zip(texts, unread, strict=True)
        if why
    ]
    if found:
        raise _refused(found, to)


def _unread(session: PGconn, texts: Sequence[str]) -> Iterator[str | None]:
    """What the server says of the syntax of each text, where that is wrong."""
    session.enter_pipeline_mode()
    for start in range(0, len(texts), _AT_ONCE):
        part = texts[start : start + _AT_ONCE]
        for text in part:
            session.send_prepare(b"", text.encode())
            session.pipeline_sync()
        for _ in part:
            # The answer, its end, and that of what a failure would skip.
            answer, _, _ = session.get_result(), session.get_result(), session.get_result()
            if answer and answer.error_field(DiagnosticField.SQLSTATE) == _SYNTAX_ERROR:
                yield (answer.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"").decode()
            else:
                yield None


def _refused(found: Sequence[tuple[Place | None, str]], to: int) -> SchemaError:
    lines = [f"  {place}: {text}" if place else f"  {text}" for place, text in sorted(found, key=_in_order)]
    more = [f"  … and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
    return SchemaError(
        f"The schema file uses what PostgreSQL {major(to)}, which live runs, does not have",
        detail="\n".join([*lines[:_MOST], *more]),
        hint="write these in a way that live's server knows, or upgrade it",
    )


def _in_order(one: tuple[Place | None, str]) -> tuple[str, int, str]:
    place, text = one
    return (place.file, place.line, text) if place else ("", 0, text)


def _uses(desired: Connection, read: Catalog, goal: Catalog, live: Target, to: int) -> Iterator[tuple[Id, str]]:
    """The objects that use something of the server's own that live lacks, and what that is."""
    with desired.transaction():
        desired.execute("set local search_path to ''")
        rows = desired.execute(_USED.encode()).fetchall()
    found = ((_object(read, *address), (kind, name)) for *address, kind, name in rows)
    uses = [(one, use) for one, use in found if one and one in goal.objects]
    lacked = _lacked(live, sorted({use for _, use in uses if not use[0].isdecimal()}))
    for one, use in sorted(set(uses)):
        kind, name = use
        if kind.isdecimal() and int(kind) > major(to):
            yield one, f"{name} (PostgreSQL {kind} on)"
        elif use in lacked:
            yield one, f"{kind} {name} (not in PostgreSQL {major(to)})"


def _object(read: Catalog, catalog: str, oid: int, subid: int) -> Id | None:
    """What stands at an address, or what it is a part of."""
    return read.addresses.get((catalog, oid, subid)) or read.addresses.get((catalog, oid, 0))


def _lacked(live: Target, uses: Sequence[Use]) -> frozenset[Use]:
    """Those that live has not."""
    if not uses:
        return frozenset()
    with contextlib.closing(connect(live, read_only=True)) as connection, connection.transaction():
        connection.execute("set local search_path to ''")
        kinds, names = zip(*uses, strict=True)
        return frozenset(connection.execute(_LACKED.encode(), [list(kinds), list(names)]).fetchall())

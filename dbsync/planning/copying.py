"""The copy of live made out of the desired database, which is quicker than loading live's dump where little differs.

It is taken only if it cannot be told from what the dump would give: its catalog is live's, and pg_dump says the same.
"""

from concurrent.futures import ThreadPoolExecutor

import psycopg

from dbsync.authors.draft import run_all
from dbsync.authors.order import write
from dbsync.compare import compare
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id
from dbsync.planning.proof import words
from dbsync.planning.witness import difference, entries
from dbsync.planning.workspace import COPY, DESIRED, Workspace
from dbsync.replay import Replay

_FEW = 100
_PART = 0.05
"""At most so many objects differ, or this part of all: with more the way back is long, and may end elsewhere."""

_HOLDS_MORE = """
    select from pg_catalog.pg_class c
    where c.relkind = 'r' and c.oid >= 16384 and pg_catalog.pg_relation_size(c.oid) > 0
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    union all
    select from pg_catalog.pg_sequence where pg_catalog.pg_sequence_last_value(seqrelid) is not null
    union all
    select from pg_catalog.pg_subscription
    where subdbid = (select oid from pg_catalog.pg_database where datname = current_database())
    limit 1"""
"""Rows, sequences that were used, and subscriptions, which are the server's: no TEMPLATE takes those along."""

_NOW = "select pg_catalog.pg_current_xact_id()::text::bigint % 4294967296"
_RESTARTED = """
    select pg_catalog.string_agg(pg_catalog.format('alter sequence %%s restart', seqrelid::regclass), ';')
    from pg_catalog.pg_sequence where xmin::text::bigint > %s"""
"""What has sequences begin again that changed since: a dump gives them as new, and ALTER leaves them where they are."""


def copied_from_desired(workspace: Workspace, dump: str, live: Catalog, desired: Catalog) -> Catalog | None:
    """The catalog of the copy, made so that it is live as its dump has it; None where it was not made."""
    changes = len(compare(desired, live))
    if workspace.older or changes > max(_FEW, _PART * len(live.objects)) or _holds_more(workspace, DESIRED):
        return None
    workspace.another(COPY, DESIRED)
    if _brought_to(live, workspace, desired) and not _holds_more(workspace, COPY):
        with ThreadPoolExecutor(1) as beside:
            said = beside.submit(workspace.dump, COPY, words(privileges=True))
            copy = workspace.read(COPY)
        same = not compare(copy, live) and _order(copy) == _order(live)
        if same and not difference(entries(said.result()), entries(dump, owners=False)):
            workspace.copied = (dump, live)
            return copy
    workspace.scratch.drop(COPY)
    return None


def _brought_to(live: Catalog, workspace: Workspace, desired: Catalog) -> bool:
    """Whether PostgreSQL takes all steps on the copy that make what is desired into live."""
    with workspace.scratch.owning(), workspace.running(COPY) as connection:
        before = connection.execute(_NOW.encode()).fetchone()
        _, refused = run_all(Replay(connection, workspace.elevate), write(desired, live))
        try:
            restarted = connection.execute(_RESTARTED.encode(), before).fetchone()
            if restarted and restarted[0]:
                connection.execute(restarted[0].encode())
        except psycopg.Error:  # An event trigger of live's may not have it.
            return False
    return not refused


def _holds_more(workspace: Workspace, database: str) -> bool:
    with workspace.scratch.connect(database) as admin:
        return admin.execute(_HOLDS_MORE).fetchone() is not None


def _order(catalog: Catalog) -> dict[Id, list[Id]]:
    """For each object those within it that have a place among others, as the columns of a table: in order.

    Nobody speaks of the order of columns, and what the witness says leaves it out too.
    """
    found = {
        one: sorted((part for part in parts if part.position() != (0, 0)), key=lambda part: (part.position(), part.id))
        for one, parts in catalog.children.items()
    }
    return {one: [part.id for part in parts] for one, parts in found.items() if parts}

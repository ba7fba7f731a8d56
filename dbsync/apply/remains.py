"""What a statement that runs outside of any transaction leaves behind when it does not end, and how that is removed.

PostgreSQL's manual, CREATE INDEX (Building Indexes Concurrently), REINDEX (Rebuilding Indexes Concurrently), DROP INDEX
and ALTER TABLE (DETACH PARTITION): an index that is not valid is written to and never read; a partition whose
detachment is pending takes no part in queries and is finished with FINALIZE.
"""

import contextlib
import dataclasses

import psycopg
from postgast import pg_query_pb2 as pb

from dbsync.apply.preflight import Connection, milliseconds
from dbsync.load import tree

_INDEXES = """
    select i.indexrelid::bigint, format('%I.%I', n.nspname, c.relname)
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where not i.indisvalid and c.relkind = 'i'
"""
_DETACHED = """
    select i.inhrelid::bigint, format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', i.inhparent::regclass,
                                      i.inhrelid::regclass)
    from pg_catalog.pg_inherits i where i.inhdetachpending
"""
_THERE = """
    select c.oid::bigint, i.indisvalid
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_index i on i.indexrelid = c.oid
    where n.nspname = %s and c.relname = %s
"""
# Which index another role builds in this database may not be told to ours.
_BUILDING = """
    select index_relid::bigint from pg_catalog.pg_stat_progress_create_index where datname = current_database()
"""
# Which index another role builds may not be told to ours.
_HIDDEN = "another role builds an index just now, which may be this one"


@dataclasses.dataclass(frozen=True)
class Remains:
    """Of a database at one moment: the indexes that are not valid, by oid, the statements that finish what is pending,
    and the index that a statement makes or drops, by its oid and whether it is valid."""

    indexes: dict[int, str]
    pending: dict[int, str]
    there: tuple[int, bool] | None
    makes: bool = False
    drops: bool = False

    @classmethod
    def of(cls, connection: Connection, text: str) -> "Remains":
        """As it is now; `text` is the statement."""
        name, makes, drops = _index(text)
        return cls(
            _pairs(connection, _INDEXES),
            _pairs(connection, _DETACHED),
            connection.execute(_THERE, name).fetchone() if name else None,
            makes,
            drops,
        )


@dataclasses.dataclass(frozen=True)
class Looked:
    """What a look at the database shows of a statement that did not end.

    `effect` is whether it took effect all the same, None where that cannot be seen; `said` is what it left behind, in
    sentences, and `clean` whether nothing of that is there now.
    """

    effect: bool | None
    said: tuple[str, ...] = ()
    clean: bool = True


def look(connection: Connection, text: str, before: Remains, *, patience: float) -> Looked:
    """See what became of a statement, and remove an index that it made and that is not valid.

    `before` is the database before the statement; waiting for locks may take so many seconds.
    """
    now = Remains.of(connection, text)
    new = before.there is None or (now.there is not None and now.there[0] != before.there[0])
    if before.makes and new and now.there and now.there[1]:
        return Looked(effect=True)
    if before.drops and before.there and now.there is None:
        return Looked(effect=True)
    said, clean = list[str](), True
    own = now.there[0] if now.makes and new and now.there else None
    building = {oid for (oid,) in connection.execute(_BUILDING)}
    still = _pairs(connection, _INDEXES)
    for oid, index in sorted(now.indexes.items()):
        if oid in before.indexes or oid in building or oid not in still:
            # It was so before, or somebody else builds it just now and makes it valid.
            continue
        if oid == own:
            failed = _HIDDEN if None in building else _removed(connection, index, patience)
            said.append(_words(index, failed))
            clean = clean and failed is None
        elif None not in building:
            said.append(f"index {index} is not valid now; this removes it: {_drop(index)}")
            clean = False
    for oid, statement in now.pending.items():
        if oid not in before.pending:
            said.append(f"a partition is detached in part: {statement} does the rest")
            clean = False
    known = before.makes or before.drops
    return Looked(effect=False if known else None, said=tuple(said), clean=clean)


def _words(index: str, failed: str | None) -> str:
    left = f"PostgreSQL left index {index} behind, which"
    if failed is None:
        return f"{left} was not valid: it was dropped"
    return f"{left} is not valid; {failed}. This does it: {_drop(index)}"


def _removed(connection: Connection, index: str, patience: float) -> str | None:
    """Drop the index; why it was not possible."""
    try:
        for name in ("lock_timeout", "statement_timeout"):
            connection.execute("select set_config(%s, %s, false)", [name, milliseconds(patience)])
        connection.execute(_drop(index).encode())
    except psycopg.Error as error:
        failed = f"it could not be dropped ({(error.diag.message_primary or str(error)).strip()})"
    except KeyboardInterrupt:
        failed = "it was not dropped, for this was interrupted, too"
    else:
        return None
    with contextlib.suppress(psycopg.Error):
        # A DROP that was stopped late may have done its work.
        if index not in _pairs(connection, _INDEXES).values():
            return None
    return failed


def _drop(index: str) -> str:
    return f"DROP INDEX CONCURRENTLY {index}"


def _pairs(connection: Connection, query: str) -> dict[int, str]:
    return dict(connection.execute(query.encode()).fetchall())


def _index(text: str) -> tuple[tuple[str, str] | None, bool, bool]:
    """The schema and the name of the index that a statement makes or drops, and which of the two it does."""
    node = tree.node(text)
    if node is not None and node.HasField("index_stmt") and node.index_stmt.idxname:
        return (node.index_stmt.relation.schemaname, node.index_stmt.idxname), True, False
    drop = node.drop_stmt if node is not None and node.HasField("drop_stmt") else None
    if drop and drop.remove_type == pb.OBJECT_INDEX and len(drop.objects) == 1:
        names = [part.string.sval for part in drop.objects[0].list.items]
        if len(names) == 2:
            return (names[0], names[1]), False, True
    return None, False, False

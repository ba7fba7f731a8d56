"""A connection → a digest of the system catalogs as they stand, for a fraction of what a snapshot costs.

As long as the digest is the same, a snapshot by the same role would be the same: every column of every system catalog
is in it, but for what a snapshot never reads. The reverse does not hold: oids are in it, too.
"""

import hashlib
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

Connection = psycopg.Connection[Any]

UNREAD = (
    # Statistics, rows, and what is of other databases or of the whole server.
    *("pg_statistic", "pg_statistic_ext_data", "pg_largeobject", "pg_largeobject_metadata", "pg_subscription_rel"),
    *("pg_shdepend", "pg_database", "pg_db_role_setting", "pg_replication_origin", "pg_parameter_acl"),
    # Not for everyone; the views that are stand for them.
    *("pg_authid", "pg_user_mapping"),
)
"""The system catalogs that no snapshot reads, or reads only as the key of another."""

VOLATILE = (
    *("relpages", "reltuples", "relallvisible", "relallfrozen", "relfrozenxid", "relminmxid", "relfilenode"),
    *("spcacl", "subskiplsn"),
)
"""The columns that change without a change of the schema, and that no snapshot reads."""

_COLUMNS = """
    select c.relname::text, array_agg(pg_catalog.quote_ident(a.attname) order by a.attnum)
    from pg_catalog.pg_class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'pg_catalog'::regnamespace and c.oid < 16384
      and (c.relkind = 'r' and c.relname <> all (%s) or c.relname in ('pg_roles', 'pg_user_mappings'))
      and a.attname <> all (%s) and pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')
    group by c.relname order by c.relname
"""
# The system's own views are long, and the same as long as the server's version is.
_FEWER = {"pg_rewrite": "where oid >= 16384"}

_AVAILABLE = """
    select pg_catalog.string_agg(row(e.extname, a.default_version, a.comment)::text, '' order by e.extname)
    from pg_catalog.pg_extension e join pg_catalog.pg_available_extensions() a on a.name = e.extname
"""


def state(connection: Connection) -> str:
    """The digest; psycopg.Error if it may not be read. The connection may be in a transaction."""
    idle = connection.info.transaction_status is TransactionStatus.IDLE
    with connection.transaction(), connection.cursor() as cursor:
        if idle:
            cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("set local synchronize_seqscans = off")
        # Workers would each read a part of a large catalog, in an order that is another one each time.
        cursor.execute("set local max_parallel_workers_per_gather = 0")
        found = cursor.execute(_COLUMNS, [list(UNREAD), list(VOLATILE)]).fetchall()
        texts = [_text(name, columns) for name, columns in found]
        row = cursor.execute(f"select {', '.join(texts)}, ({_AVAILABLE})".encode(), binary=True).fetchone()
    digest = hashlib.sha256(repr((connection.info.server_version, connection.info.user, found)).encode())
    for value in row or ():
        data = (value or "").encode()
        digest.update(b"%d\0" % len(data))
        digest.update(data)
    return digest.hexdigest()


def _text(name: str, columns: list[str]) -> str:
    """A query for a whole catalog as one text, in the order in which it is stored."""
    row = f"row({', '.join(columns)})::text"
    return f"(select pg_catalog.string_agg({row}, '') from pg_catalog.{name} {_FEWER.get(name, '')})"

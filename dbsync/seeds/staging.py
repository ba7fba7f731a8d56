"""Temporary tables on a copy of live for rows of live's tables, until all are there and are put into the copy's own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbsync import sql
from dbsync.model.rows import KeyColumn
from dbsync.seeds import watch
from dbsync.seeds.complaints import no_rows, unruly
from dbsync.seeds.guarded import guarded
from dbsync.seeds.pipe import pipe
from dbsync.seeds.tables import Path, Table

Connection = psycopg.Connection[Any]

_BATCH = 50_000
NUMBER, PLACE = '"dbsync number"', '"dbsync place"'


class Staging:
    """What was brought so far, by live's own names. A row may have been brought several times: PLACE says where it
    stands on live, and NUMBER on which account it came."""

    def __init__(self, live: Connection, copy: Connection, known: Mapping[Path, Table]):
        """`known` are live's tables."""
        self.live = live
        self.copy = copy
        self.known = known
        self.staged: dict[Path, str] = {}
        self.reading: Path | None = None
        """The table of live's that is read at this moment."""

    def everything(self, table: Table) -> None:
        """Bring all rows of a table."""
        columns = ", ".join(f"t.{sql.name(column.name)}" for column in table.own)
        self._pipe(table, f"select null, t.tableoid::text || t.ctid::text, {columns} from {table.rows} t", [])

    def fetch(self, table: Table, key: Sequence[KeyColumn], batch: Sequence[str]) -> int:
        """Bring the rows of live that have one of these keys, each with the number of its key: how many there are."""
        numbers, *arrays = batch
        return self.bring(table, *watch.joined(table.rows, key, arrays, numbers))

    def bring(self, table: Table, source: str, values: Sequence[str]) -> int:
        """Bring what stands behind FROM as rows `t` of live, and `k` with the numbers of their keys."""
        columns = ", ".join(f"t.{sql.name(column.name)}" for column in table.own)
        return self._pipe(table, f"select k.n, t.tableoid::text || t.ctid::text, {columns} from {source}", values)

    def stage(self, table: Table) -> str:
        """The temporary table for rows of a table of live's."""
        if table.path not in self.staged:
            name = self.staged[table.path] = f"staged_{len(self.staged)}"
            columns = ", ".join(f"t.{sql.name(column.name)}" for column in table.own)
            self.copy.execute(
                f"""create temp table {name} as select null::bigint as {NUMBER}, null::text as {PLACE}, {columns}
                    from {table.name} t where false""".encode()
            )
        return self.staged[table.path]

    def total(self) -> int:
        """How many rows were brought."""
        counts = " + ".join(f"(select count(distinct {PLACE}) from {stage})" for stage in self.staged.values())
        row = self.copy.execute(f"select {counts or 0}".encode()).fetchone()
        return int(row[0]) if row else 0

    def fill(self) -> None:
        """Put what was staged into the copy's own tables: no trigger fires, and no foreign key is checked."""
        with self.copy.transaction():
            try:
                self.copy.execute("set local session_replication_role = replica")
            except psycopg.errors.InsufficientPrivilege:
                raise no_rows(self.copy.info.user) from None
            # A check may call a function that names others without a schema.
            self.copy.execute("select set_config('search_path', %s, true)", [own_path(self.live)])
            for path, stage in self.staged.items():
                columns = sql.names(column.name for column in self.known[path].own)
                try:
                    self.copy.execute(
                        f"""insert into {sql.qualified(*path)} ({columns}) overriding system value
                            select {columns} from (select distinct on ({PLACE}) * from {stage} order by {PLACE}) rows;
                            drop table {stage}; analyze {sql.qualified(*path)}""".encode()
                    )
                except psycopg.Error as error:
                    if self.copy.closed:
                        raise
                    raise unruly(path, error) from error

    def _pipe(self, table: Table, query: str, values: Sequence[Any]) -> int:
        self.reading = table.path
        text, given = watch.parametrized(query, values)
        stage = self.stage(table).encode()
        with guarded(self.live, table.path):
            number = pipe(self.live, text, self.copy, stage, given)
        self.reading = None
        return number


def own_path(connection: Connection) -> str:
    """The search_path that sessions of the connection's role have in its database, whatever was set in this one."""
    row = connection.execute("select reset_val from pg_catalog.pg_settings where name = 'search_path'").fetchone()
    return str(row[0]) if row else ""


def batches(connection: Connection, query: str, width: int) -> Iterator[tuple[str, ...]]:
    """What a query finds, a number and texts, in parts, each of them as PostgreSQL writes an array."""
    names = ["n", *(f"c{position}" for position in range(width))]
    arrays = ", ".join(f"array_agg({name} order by place)::text" for name in names)
    with connection.transaction(), connection.cursor(name="dbsync_keys") as cursor:
        cursor.itersize = 1
        cursor.execute(
            f"""select {arrays} from (select *, row_number() over () - 1 as place
                    from ({query}) found ({", ".join(names)})) numbered
                group by place / {_BATCH} order by place / {_BATCH}""".encode()
        )
        yield from cursor

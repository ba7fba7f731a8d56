"""Templates, a database for each text of schema and seeds, and the copies of them that tests get.

A template's name holds a digest of its texts; it is made by the first process that needs it and dropped by the last.
Who uses one holds a shared advisory lock on its digest, and an exclusive one on the token in the names of its own
copies: what no lock speaks of was left by a run that was killed, and the next one drops it.
"""

import contextlib
import hashlib
import itertools
import secrets
import time
from collections.abc import Iterator

import psycopg

import dbsync
from dbsync import sql
from dbsync.errors import ScratchError
from dbsync.load.roles import named
from dbsync.load.run import LOADING, load
from dbsync.model.text import Script
from dbsync.pg.connect import connect
from dbsync.pg.target import Target
from dbsync.pg.time_limit import TimeLimit
from dbsync.seeds import load as rows
from dbsync.testing.role_settings import put_back, role_settings
from dbsync.testing.site import Site

PREFIX = "dbsync_pytest_"
_SPACE = 0x64627379
"""The first key of our advisory locks; the second is that of a digest or a token."""

_ABANDONED = r"""
    select datname::text from pg_database d
    where datname ~ %(pattern)s and pg_has_role(datdba, 'usage')
      and not exists (select from pg_stat_activity a where a.datid = d.oid)
      and not exists (
          select from pg_locks l
          where l.locktype = 'advisory' and l.classid::bigint = %(space)s
            and l.objid::bigint = ('x0' || substr((regexp_match(datname, %(pattern)s))[1], 1, 7))::varbit::bit(32)::int)
"""


class Templates:
    """The templates of one site that this process uses."""

    def __init__(self, site: Site, *, load_timeout: float):
        """`load_timeout`: seconds that the schema's statements have in all, and the seeds'."""
        self._site = site
        self._limit = TimeLimit(load_timeout, lambda: connect(site.target))
        self._token = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._used: set[str] = set()
        self._settings = role_settings(site.admin, site.role)
        self._lock("pg_advisory_lock", self._token)
        self._sweep()

    def template(self, schema: Script, seeds: Script | None) -> str:
        """The name of the template that holds these, made if it is not there. SchemaError if they cannot be loaded."""
        digest = self._digest(schema, seeds)
        name = f"{PREFIX}{digest}"
        if digest not in self._used:
            self._lock("pg_advisory_lock", digest)
            try:
                if not self._exists(name):
                    self._make(name, schema, seeds)
                self._lock("pg_advisory_lock_shared", digest)
                self._used.add(digest)
            finally:
                self._lock("pg_advisory_unlock", digest)
        return name

    @contextlib.contextmanager
    def copy(self, template: str) -> Iterator[Target]:
        """A database like the template, dropped at the end with the sessions that it still has."""
        name = f"{template}_{self._token}_{next(self._numbers)}"
        self._site.databases.create(name, template, self._site.owner)
        try:
            yield self._site.at(name)
        finally:
            self._drop(name)
            put_back(self._site.admin, self._site.role, self._settings)

    def close(self) -> None:
        """Drop the templates that nobody else uses."""
        self._limit.close()
        for digest in sorted(self._used):
            self._lock("pg_advisory_unlock_shared", digest)
            if self._lock("pg_try_advisory_lock", digest):
                self._drop(f"{PREFIX}{digest}")
                self._lock("pg_advisory_unlock", digest)

    def _digest(self, schema: Script, seeds: Script | None) -> str:
        """Locks are known in one database alone, so that runs which start from two have a template each."""
        info = self._site.admin.info
        texts = [text for script in (schema, seeds) if script for text in (*script.files, ("", ""))]
        parts = (dbsync.__version__, info.server_version, info.dbname, info.user, texts)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]

    def _make(self, name: str, schema: Script, seeds: Script | None) -> None:
        """Under another name until it is whole; closed to connections, which would be in the way of copies."""
        draft = f"{name}_new"
        self._drop(draft)
        self._site.databases.create(draft, None, self._site.owner)
        try:
            self._load(draft, schema, seeds)
        except BaseException:
            self._drop(draft)
            raise
        self._site.admin.execute(f"ALTER DATABASE {sql.name(draft)} ALLOW_CONNECTIONS false".encode())
        self._site.admin.execute(f"ALTER DATABASE {sql.name(draft)} RENAME TO {sql.name(name)}".encode())

    def _load(self, name: str, schema: Script, seeds: Script | None) -> None:
        target = self._site.at(name)
        if names := named(schema):
            self._site.stand_ins(names)
        with contextlib.closing(connect(target, settings=LOADING, limit=self._limit)) as connection:
            if connection.info.dbname != name:
                raise ScratchError(
                    f"{self._site.target.label} led to the database {connection.info.dbname}, not to the one asked for",
                    hint="a pooler in between may decide by itself: give the URL of the server",
                )
            with self._site.loading():
                load(connection, schema, elevate=self._site.elevated)
        if seeds:
            with contextlib.closing(connect(target, settings=LOADING, limit=self._limit)) as connection:
                rows.run(connection, seeds)

    def _exists(self, name: str) -> bool:
        return bool(self._site.admin.execute("select from pg_database where datname = %s", [name]).fetchall())

    def _drop(self, name: str) -> None:
        # PostgreSQL looks for sessions ten times a second; one that has just been closed would cost that long.
        query = "select from pg_stat_activity where datname = %s"
        deadline = time.monotonic() + 0.05
        while self._site.admin.execute(query, [name]).fetchall() and time.monotonic() < deadline:
            time.sleep(0.0005)
        self._site.databases.drop(name, lambda: connect(self._site.at(name)))

    def _sweep(self) -> None:
        pattern = f"^{PREFIX}(?:[0-9a-f]{{12}}_(?=[0-9a-f]{{8}}_))?([0-9a-f]{{8,12}})(_new|_[0-9]+)?$"
        found = self._site.admin.execute(_ABANDONED, {"pattern": pattern, "space": _SPACE}).fetchall()
        for (name,) in found:
            with contextlib.suppress(psycopg.Error):
                self._site.admin.execute(f"DROP DATABASE IF EXISTS {sql.name(name)}".encode())

    def _lock(self, function: str, digits: str) -> bool:
        row = self._site.admin.execute(f"select {function}(%s, %s)".encode(), [_SPACE, int(digits[:7], 16)]).fetchone()
        return bool(row and row[0])

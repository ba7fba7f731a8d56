"""The scratch databases of one plan: the desired one, a copy of live, and fresh copies of that for each replay."""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id
from dbsync.model.text import Script
from dbsync.load.run import Loaded, load
from dbsync.pg.connect import PINNED
from dbsync.replay import Elevate
from dbsync.scratch.provider import Scratch
from dbsync.snapshot import snapshot

Connection = psycopg.Connection[Any]

DESIRED = "desired"
COPY = "copy"

# As psql has them: the file may rely on the default path, and its functions are checked as it is loaded.
LOADING = {**PINNED, "search_path": '"$user", public'}
# As apply has them: bodies may speak of objects that a later step makes.
RUNNING = {**PINNED, "check_function_bodies": "off"}


class Workspace:
    """Databases on one scratch server, all made and read as live's own session role."""

    def __init__(self, scratch: Scratch, role: str, *, superuser: bool):
        self.scratch = scratch
        self.role = role
        self.superuser = superuser
        self._numbers = itertools.count(1)

    def load(self, script: Script) -> Loaded:
        """The desired database, made from the schema file. SchemaError where the file cannot be loaded."""
        self.scratch.create(DESIRED)
        with self.scratch.connect(DESIRED) as admin, self.scratch.connect(
            DESIRED, role=self.role, settings=LOADING
        ) as connection:
            return load(connection, script, elevate=self.elevate, admin=admin)

    def copy(self, dump: str, live: Catalog) -> None:
        """The copy of live, from its dump, with what a dump leaves out."""
        self.scratch.create(COPY)
        if Id("schema", ("public",)) not in live.objects:
            with self.scratch.connect(COPY) as admin:
                admin.execute("drop schema public")
        self.scratch.restore(COPY, dump)
        with self.scratch.connect(COPY) as admin:
            for name, slot in admin.execute(
                "select quote_ident(subname), subslotname from pg_catalog.pg_subscription"
                " where subdbid = (select oid from pg_catalog.pg_database where datname = current_database())"
            ).fetchall():
                if slot is not None:
                    admin.execute(f"alter subscription {name} set (slot_name = none)".encode())

    @contextlib.contextmanager
    def fresh(self) -> Iterator[str]:
        """Another copy of live, gone at the end."""
        name = f"{COPY}_{next(self._numbers)}"
        self.scratch.create(name, template=COPY)
        try:
            yield name
        finally:
            self.scratch.drop(name)

    def running(self, database: str) -> Connection:
        """A session that runs steps as apply does."""
        return self.scratch.connect(database, role=self.role, settings=RUNNING)

    def read(self, database: str) -> Catalog:
        """The catalog of a scratch database."""
        with self.scratch.connect(database) as connection:
            return snapshot(connection)

    def reload(self, database: str) -> Catalog:
        """The catalog of what a scratch database becomes when its dump is loaded."""
        name = f"reload_{next(self._numbers)}"
        self.scratch.create(name)
        try:
            self.scratch.restore(name, self.scratch.dump(database))
            return self.read(name)
        finally:
            self.scratch.drop(name)

    def reloaded(self, dump: str, extra: Sequence[str]) -> str:
        """What pg_dump says of a database made from a dump, until it says the same twice; at most three times."""
        for _ in range(3):
            name = f"reload_{next(self._numbers)}"
            self.scratch.create(name)
            try:
                self.scratch.restore(name, dump)
                before, dump = dump, self.scratch.dump(name, extra=extra)
            finally:
                self.scratch.drop(name)
            if dump == before:
                break
        return dump

    def elevate(self) -> contextlib.AbstractContextManager[None]:
        """Makes live's role a superuser of the scratch server for one statement."""
        return self.scratch.elevated(self.role)

    @property
    def may_elevate(self) -> Elevate | None:
        """`elevate` where live's role could do on live what needs a superuser."""
        return self.elevate if self.superuser else None

    def dump(self, database: str, extra: Sequence[str] = ()) -> str:
        """pg_dump's text of a scratch database."""
        return self.scratch.dump(database, extra=extra)

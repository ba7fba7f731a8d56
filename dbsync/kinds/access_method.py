"""Access methods of tables and indexes."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.model.objects import Object
from dbsync.model.steps import Step

_TYPES = {"i": "INDEX", "t": "TABLE"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class AccessMethod(Object):
    """An access method: nothing of it can change in place."""

    kind = "access method"
    catalog = "pg_am"
    among = "pg_am where oid >= 16384"
    in_schema = False
    rank = 5
    query = """
        select a.oid::bigint as oid,
               array[a.amname]::text[] as path,
               a.amtype::text as type,
               a.amhandler::text as handler
        from pg_catalog.pg_am a
        where a.oid >= 16384
    """

    type: str
    handler: str

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE ACCESS METHOD."""
        del clauses
        name = sql.qualified(*self.path)
        yield self.step(f"CREATE ACCESS METHOD {name} TYPE {_TYPES[self.type]} HANDLER {self.handler}")

    def drop(self) -> Iterator[Step]:
        """DROP ACCESS METHOD."""
        yield self.step(f"DROP ACCESS METHOD {sql.qualified(*self.path)}")

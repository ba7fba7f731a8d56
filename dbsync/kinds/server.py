"""Foreign servers."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._options import changed, written
from dbsync.model.objects import Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server(Object):
    """A foreign server. Options may hold secrets, so no repr shows them."""

    kind = "server"
    catalog = "pg_foreign_server"
    in_schema = False
    rank = 61
    query = """
        select array[s.srvname]::text[] as path, s.oid::bigint as oid, w.fdwname::text as wrapper,
               s.srvtype as type, s.srvversion as version,
               array(select pg_catalog.unnest(s.srvoptions) order by 1) as options
        from pg_catalog.pg_foreign_server s
        join pg_catalog.pg_foreign_data_wrapper w on w.oid = s.srvfdw
    """

    wrapper: str
    type: str | None
    version: str | None
    options: tuple[str, ...] = dataclasses.field(repr=False)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE SERVER."""
        del clauses
        kind = f" TYPE {sql.literal(self.type)}" if self.type is not None else ""
        version = f" VERSION {sql.literal(self.version)}" if self.version is not None else ""
        wrapper = f" FOREIGN DATA WRAPPER {sql.name(self.wrapper)}"
        yield self.step(f"CREATE SERVER {self._name}{kind}{version}{wrapper}{written(self.options)}")

    def drop(self) -> Iterator[Step]:
        """DROP SERVER."""
        yield self.step(f"DROP SERVER {self._name}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """ALTER SERVER, which changes neither the type nor the wrapper."""
        if (self.type, self.wrapper) != (before.type, before.wrapper):
            return None
        version = ""
        if self.version != before.version:
            version = f" VERSION {'NULL' if self.version is None else sql.literal(self.version)}"
        return [self.step(f"ALTER SERVER {self._name}{version}{changed(before.options, self.options)}")]

    @property
    def _name(self) -> str:
        return sql.name(self.path[0])

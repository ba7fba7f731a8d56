"""Foreign servers."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._foreign_options import changed, listed
from dbsync.kinds._naming import Renamable
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server(Renamable):
    """A foreign server. Options may hold secrets, so no repr shows them."""

    kind = "server"
    catalog = "pg_foreign_server"
    among = "pg_foreign_server"
    in_schema = False
    rank = 61
    query = """
        select array[s.srvname]::text[] as path, s.oid::bigint as oid, w.fdwname::text as wrapper,
               s.srvtype as type, s.srvversion as version,
               array(select pg_catalog.unnest(s.srvoptions) order by 1) as options
        from pg_catalog.pg_foreign_server s
        join pg_catalog.pg_foreign_data_wrapper w on w.oid = s.srvfdw
    """
    fixed = frozenset({"type", "wrapper"})

    wrapper: str
    type: str | None
    version: str | None
    options: tuple[str, ...] = dataclasses.field(repr=False)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE SERVER."""
        del clauses
        parts = [f"CREATE SERVER {self._name}"]
        parts += [f"TYPE {sql.literal(self.type)}"] if self.type is not None else []
        parts += [f"VERSION {sql.literal(self.version)}"] if self.version is not None else []
        parts += [f"FOREIGN DATA WRAPPER {sql.name(self.wrapper)}"]
        parts += [listed(self.options)] if self.options else []
        yield self.step(" ".join(parts))

    def drop(self) -> Iterator[Step]:
        """DROP SERVER."""
        yield self.step(f"DROP SERVER {self._name}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """ALTER SERVER, which changes neither the type nor the wrapper."""
        parts = [f"ALTER SERVER {self._name}"]
        if self.version != before.version:
            parts.append(f"VERSION {'NULL' if self.version is None else sql.literal(self.version)}")
        if self.options != before.options:
            parts.append(changed(before.options, self.options))
        return [self.step(" ".join(parts))]

    @property
    def _name(self) -> str:
        return sql.name(self.path[0])

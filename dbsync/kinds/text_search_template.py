"""Text search templates."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._writing import listed, options
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextSearchTemplate(Movable):
    """A text search template: nothing of it can change in place."""

    kind = "text search template"
    catalog = "pg_ts_template"
    among = "pg_ts_template where oid >= 16384"
    query = """
        select t.oid::bigint as oid,
               array[n.nspname, t.tmplname]::text[] as path,
               nullif(t.tmplinit::text, '-') as init,
               t.tmpllexize::text as lexize
        from pg_catalog.pg_ts_template t
        join pg_catalog.pg_namespace n on n.oid = t.tmplnamespace
        where t.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """

    init: str | None
    lexize: str

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TEXT SEARCH TEMPLATE."""
        del clauses
        parts = options(init=self.init, lexize=self.lexize)
        yield self.step(listed(f"CREATE TEXT SEARCH TEMPLATE {sql.qualified(*self.path)}", parts))

    def drop(self) -> Iterator[Step]:
        """DROP TEXT SEARCH TEMPLATE."""
        yield self.step(f"DROP TEXT SEARCH TEMPLATE {sql.qualified(*self.path)}")

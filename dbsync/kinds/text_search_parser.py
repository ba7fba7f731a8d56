"""Text search parsers."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._writing import listed, options
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextSearchParser(Movable):
    """A text search parser: nothing of it can change in place."""

    kind = "text search parser"
    catalog = "pg_ts_parser"
    among = "pg_ts_parser where oid >= 16384"
    query = """
        select p.oid::bigint as oid,
               array[n.nspname, p.prsname]::text[] as path,
               p.prsstart::text as start,
               p.prstoken::text as gettoken,
               p.prsend::text as "end",
               p.prslextype::text as lextypes,
               nullif(p.prsheadline::text, '-') as headline
        from pg_catalog.pg_ts_parser p
        join pg_catalog.pg_namespace n on n.oid = p.prsnamespace
        where p.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """

    start: str
    gettoken: str
    end: str
    lextypes: str
    headline: str | None

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TEXT SEARCH PARSER."""
        del clauses
        parts = options(
            start=self.start, gettoken=self.gettoken, end=self.end, lextypes=self.lextypes, headline=self.headline
        )
        yield self.step(listed(f"CREATE TEXT SEARCH PARSER {sql.qualified(*self.path)}", parts))

    def drop(self) -> Iterator[Step]:
        """DROP TEXT SEARCH PARSER."""
        yield self.step(f"DROP TEXT SEARCH PARSER {sql.qualified(*self.path)}")

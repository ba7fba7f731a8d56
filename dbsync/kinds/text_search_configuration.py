"""Text search configurations."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextSearchConfiguration(Movable):
    """A configuration: its parser, and for each type of token the dictionaries that it goes through."""

    kind = "text search configuration"
    catalog = "pg_ts_config"
    among = "pg_ts_config where oid >= 16384"
    query = """
        select c.oid::bigint as oid,
               array[n.nspname, c.cfgname]::text[] as path,
               quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) as parser,
               coalesce(m.tokens, '{}') as tokens,
               coalesce(m.dictionaries, '{}') as dictionaries
        from pg_catalog.pg_ts_config c
        join pg_catalog.pg_namespace n on n.oid = c.cfgnamespace
        join pg_catalog.pg_ts_parser p on p.oid = c.cfgparser
        join pg_catalog.pg_namespace pn on pn.oid = p.prsnamespace
        left join (
            select token.mapcfg,
                   array_agg(t.alias order by t.tokid) as tokens,
                   array_agg(token.dictionaries order by t.tokid) as dictionaries
            from (
                select mapcfg, maptokentype,
                       string_agg(mapdict::regdictionary::text, ', ' order by mapseqno) as dictionaries
                from pg_catalog.pg_ts_config_map
                where mapcfg >= 16384
                group by mapcfg, maptokentype
            ) token
            join pg_catalog.pg_ts_config k on k.oid = token.mapcfg
            join lateral pg_catalog.ts_token_type(k.cfgparser) t on t.tokid = token.maptokentype
            group by token.mapcfg
        ) m on m.mapcfg = c.oid
        where c.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """
    fixed = frozenset({"parser"})

    parser: str
    tokens: tuple[str, ...]
    dictionaries: tuple[str, ...]

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TEXT SEARCH CONFIGURATION, then its mappings."""
        del clauses
        yield self.step(f"CREATE TEXT SEARCH CONFIGURATION {sql.qualified(*self.path)} (PARSER = {self.parser})")
        yield from self._mappings("ADD", self._mapping())

    def drop(self) -> Iterator[Step]:
        """DROP TEXT SEARCH CONFIGURATION."""
        yield self.step(f"DROP TEXT SEARCH CONFIGURATION {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Mappings change in place, the parser never does."""
        old, new = before._mapping(), self._mapping()
        gone = [token for token in old if token not in new]
        steps = [self._alter(f"DROP MAPPING FOR {sql.names(gone)}")] if gone else []
        steps += self._mappings("ALTER", {t: d for t, d in new.items() if t in old and old[t] != d})
        steps += self._mappings("ADD", {t: d for t, d in new.items() if t not in old})
        return steps

    def _mapping(self) -> dict[str, str]:
        return dict(zip(self.tokens, self.dictionaries, strict=True))

    def _mappings(self, action: str, mapping: dict[str, str]) -> Iterator[Step]:
        """A step for each list of dictionaries, with all the tokens that go through it."""
        for dictionaries in dict.fromkeys(mapping.values()):
            tokens = sql.names(token for token, one in mapping.items() if one == dictionaries)
            yield self._alter(f"{action} MAPPING FOR {tokens} WITH {dictionaries}")

    def _alter(self, action: str) -> Step:
        return self.step(f"ALTER TEXT SEARCH CONFIGURATION {sql.qualified(*self.path)} {action}")

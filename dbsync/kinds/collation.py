"""Collations."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._writing import listed, options
from dbsync.model.steps import Step

_PROVIDERS = {"b": "builtin", "c": "libc", "i": "icu"}


def _query(locale: str, rules: str) -> str:
    return f"""
        select c.oid::bigint as oid,
               array[n.nspname, c.collname]::text[] as path,
               c.collprovider::text as provider,
               {locale}::text as locale,
               c.collcollate::text as lc_collate,
               c.collctype::text as lc_ctype,
               c.collisdeterministic as deterministic,
               {rules}::text as rules
        from pg_catalog.pg_collation c
        join pg_catalog.pg_namespace n on n.oid = c.collnamespace
        where c.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
          and c.collencoding in
              (-1, (select encoding from pg_catalog.pg_database where datname = current_database()))
    """


@dataclasses.dataclass(frozen=True, kw_only=True)
class Collation(Movable):
    """A collation: nothing of it can change in place. The version of its library does not count."""

    kind = "collation"
    catalog = "pg_collation"
    among = "pg_collation where oid >= 16384"
    renewable = True
    rank = 5
    query = _query("colllocale", "collicurules")

    provider: str
    locale: str | None
    lc_collate: str | None
    lc_ctype: str | None
    deterministic: bool
    rules: str | None

    @classmethod
    def read(cls, version: int) -> str:
        """The locale's column has had its name since 17; rules came in 16."""
        if version >= 170000:
            return cls.query
        return _query("colliculocale", "collicurules" if version >= 160000 else "null")

    def newer(self) -> Iterator[tuple[int, str]]:
        """The provider of PostgreSQL itself, and rules."""
        if self.provider == "b":
            yield 17, "PROVIDER = builtin"
        if self.rules is not None:
            yield 16, "RULES"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE COLLATION."""
        del clauses
        same = self.lc_collate == self.lc_ctype
        parts = options(
            provider=_PROVIDERS[self.provider],
            locale=_text(self.locale or (self.lc_collate if same else None)),
            lc_collate=None if same else _text(self.lc_collate),
            lc_ctype=None if same else _text(self.lc_ctype),
            deterministic=None if self.deterministic else "false",
            rules=_text(self.rules),
        )
        yield self.step(listed(f"CREATE COLLATION {sql.qualified(*self.path)}", parts))

    def drop(self) -> Iterator[Step]:
        """DROP COLLATION."""
        yield self.step(f"DROP COLLATION {sql.qualified(*self.path)}")


def _text(value: str | None) -> str | None:
    return None if value is None else sql.literal(value)

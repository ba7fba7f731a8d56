"""Foreign data wrappers."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._foreign_options import changed, listed
from dbsync.kinds._naming import Renamable
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForeignDataWrapper(Renamable):
    """A foreign data wrapper. Options may hold secrets, so no repr shows them."""

    kind = "foreign data wrapper"
    catalog = "pg_foreign_data_wrapper"
    among = "pg_foreign_data_wrapper"
    in_schema = False
    rank = 60
    query = """
        select array[w.fdwname]::text[] as path, w.oid::bigint as oid,
               quote_ident(hn.nspname) || '.' || quote_ident(h.proname) as handler,
               quote_ident(vn.nspname) || '.' || quote_ident(v.proname) as validator,
               array(select pg_catalog.unnest(w.fdwoptions) order by 1) as options
        from pg_catalog.pg_foreign_data_wrapper w
        left join (pg_catalog.pg_proc h join pg_catalog.pg_namespace hn on hn.oid = h.pronamespace)
            on h.oid = w.fdwhandler
        left join (pg_catalog.pg_proc v join pg_catalog.pg_namespace vn on vn.oid = v.pronamespace)
            on v.oid = w.fdwvalidator
    """

    handler: str | None
    validator: str | None
    options: tuple[str, ...] = dataclasses.field(repr=False)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE FOREIGN DATA WRAPPER."""
        del clauses
        parts = [self._function("HANDLER", self.handler)] if self.handler else []
        parts += [self._function("VALIDATOR", self.validator)] if self.validator else []
        parts += [listed(self.options)] if self.options else []
        yield self.step(" ".join(("CREATE", *self._name, *parts)))

    def drop(self) -> Iterator[Step]:
        """DROP FOREIGN DATA WRAPPER."""
        yield self.step(" ".join(("DROP", *self._name)))

    def alter(self, before: Self) -> Sequence[Step] | None:
        """ALTER FOREIGN DATA WRAPPER."""
        parts = [] if self.handler == before.handler else [self._function("HANDLER", self.handler)]
        parts += [] if self.validator == before.validator else [self._function("VALIDATOR", self.validator)]
        parts += [] if self.options == before.options else [changed(before.options, self.options)]
        return [self.step(" ".join(("ALTER", *self._name, *parts)))]

    @staticmethod
    def _function(word: str, function: str | None) -> str:
        return f"{word} {function}" if function else f"NO {word}"

    @property
    def _name(self) -> tuple[str, str]:
        return "FOREIGN DATA WRAPPER", sql.name(self.path[0])

"""Casts."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync.model.objects import Object
from dbsync.model.steps import Step

_CONTEXTS = {"e": "", "a": " AS ASSIGNMENT", "i": " AS IMPLICIT"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cast(Object):
    """A cast; its path is the two types. Nothing of it can change in place. A range comes with one of its own."""

    kind = "cast"
    catalog = "pg_cast"
    among = "pg_cast where oid >= 16384"
    in_schema = False
    query = """
        select c.oid::bigint as oid,
               array[pg_catalog.format_type(c.castsource, null),
                     pg_catalog.format_type(c.casttarget, null)]::text[] as path,
               c.castmethod::text as method,
               nullif(c.castfunc, 0)::regprocedure::text as function,
               c.castcontext::text as context
        from pg_catalog.pg_cast c
        where c.oid >= 16384
          and not exists (select from pg_catalog.pg_depend d
                          where d.classid = 'pg_catalog.pg_cast'::regclass and d.objid = c.oid and d.deptype = 'i')
    """

    method: str
    function: str | None
    context: str

    def _how(self) -> str:
        if self.function is not None:
            return f"WITH FUNCTION {self.function}"
        return "WITH INOUT" if self.method == "i" else "WITHOUT FUNCTION"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE CAST."""
        del clauses
        yield self.step(f"CREATE CAST ({' AS '.join(self.path)}) {self._how()}{_CONTEXTS[self.context]}")

    def drop(self) -> Iterator[Step]:
        """DROP CAST."""
        yield self.step(f"DROP CAST ({' AS '.join(self.path)})")

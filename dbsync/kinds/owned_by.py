"""Which column owns a sequence."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class OwnedBy(Object):
    """OWNED BY of a sequence: it is dropped with that column."""

    kind = "owned by"
    catalog = "owned by"
    among = "pg_class where relkind = 'S'"
    rank = 75
    query = """
        select array[n.nspname, c.relname]::text[] as path, c.oid::bigint as oid,
               array[tn.nspname, t.relname, a.attname]::text[] as owner
        from pg_catalog.pg_depend d
        join pg_catalog.pg_class c on c.oid = d.objid and c.relkind = 'S'
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_class t on t.oid = d.refobjid
        join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.deptype = 'a' and d.objsubid = 0 and d.refobjsubid > 0 and c.oid >= 16384 and n.nspname !~ '^pg_'
    """

    owner: tuple[str, ...]

    def needs(self) -> Iterator[Id]:
        """The sequence and the column."""
        yield Id("sequence", self.path)
        yield Id("column", self.owner)

    def within(self) -> Id:
        """The sequence."""
        return Id("sequence", self.path)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """ALTER SEQUENCE … OWNED BY."""
        del clauses
        yield self.step(f"ALTER SEQUENCE {sql.qualified(*self.path)} OWNED BY {sql.qualified(*self.owner)}")

    def drop(self) -> Iterator[Step]:
        """OWNED BY NONE: first of all, so that the sequence outlives its column."""
        yield self.step(f"ALTER SEQUENCE {sql.qualified(*self.path)} OWNED BY NONE")

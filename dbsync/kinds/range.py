"""Range types, each with its multirange type."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._writing import listed, options
from dbsync.model.objects import Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Range(Object):
    """A range type: nothing of it can change in place."""

    kind = "range"
    catalog = "pg_type"
    renewable = True
    rank = 10
    query = """
        select t.oid::bigint as oid,
               array[n.nspname, t.typname]::text[] as path,
               pg_catalog.format_type(r.rngsubtype, null) as subtype,
               case when not o.opcdefault
                    then quote_ident(opn.nspname) || '.' || quote_ident(o.opcname) end as operator_class,
               case when r.rngcollation <> s.typcollation then r.rngcollation::regcollation::text end as "collation",
               nullif(r.rngcanonical::text, '-') as canonical,
               nullif(r.rngsubdiff::text, '-') as difference,
               mn.nspname::text as multirange_schema,
               m.typname::text as multirange
        from pg_catalog.pg_range r
        join pg_catalog.pg_type t on t.oid = r.rngtypid
        join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        join pg_catalog.pg_type s on s.oid = r.rngsubtype
        join pg_catalog.pg_type m on m.oid = r.rngmultitypid
        join pg_catalog.pg_namespace mn on mn.oid = m.typnamespace
        join pg_catalog.pg_opclass o on o.oid = r.rngsubopc
        join pg_catalog.pg_namespace opn on opn.oid = o.opcnamespace
        where t.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """

    subtype: str
    operator_class: str | None
    collation: str | None
    canonical: str | None
    difference: str | None
    multirange_schema: str
    multirange: str

    def declare(self) -> Iterator[Step]:
        """The shell type which its canonical function takes and returns, to be made before that function."""
        if self.canonical is not None:
            yield self.step(f"CREATE TYPE {sql.qualified(*self.path)}")

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TYPE … AS RANGE."""
        del clauses
        parts = options(
            subtype=self.subtype,
            subtype_opclass=self.operator_class,
            collation=self.collation,
            canonical=self.canonical,
            subtype_diff=self.difference,
            multirange_type_name=self._multirange_option(),
        )
        yield self.step(listed(f"CREATE TYPE {sql.qualified(*self.path)} AS RANGE", parts))

    def _multirange_option(self) -> str | None:
        schema, name = self.path
        usual = name.replace("range", "multirange", 1) if "range" in name else f"{name}_multirange"
        # A long name is cut by PostgreSQL, which then is not what it would choose.
        if self.multirange_schema == schema and self.multirange == usual:
            return None
        return sql.qualified(self.multirange_schema, self.multirange)

    def drop(self) -> Iterator[Step]:
        """DROP TYPE; a canonical function is bound to its range and goes with it."""
        cascade = "" if self.canonical is None else " CASCADE"
        yield self.step(f"DROP TYPE {sql.qualified(*self.path)}{cascade}")

    def put_aside(self, name: str) -> tuple[Sequence[Step], Self]:
        """Renames it, its multirange type and the constructors of both, which keep their names otherwise."""
        schema, old = self.path
        span, many = sql.qualified(schema, name), f"{name}_mr"
        spans = sql.qualified(self.multirange_schema, self.multirange)
        constructors = f"ALTER FUNCTION {sql.qualified(schema, old)}({self.subtype}, {self.subtype}"
        texts = [
            f"ALTER TYPE {sql.qualified(schema, old)} RENAME TO {sql.name(name)}",
            f"{constructors}) RENAME TO {sql.name(name)}",
            f"{constructors}, text) RENAME TO {sql.name(name)}",
            f"ALTER TYPE {spans} RENAME TO {sql.name(many)}",
            f"ALTER FUNCTION {spans}() RENAME TO {sql.name(many)}",
            f"ALTER FUNCTION {spans}({span}) RENAME TO {sql.name(many)}",
            f"ALTER FUNCTION {spans}(VARIADIC {span}[]) RENAME TO {sql.name(many)}",
        ]
        return [self.step(text) for text in texts], dataclasses.replace(self, path=(schema, name), multirange=many)

"""Range types, each with its multirange type."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._writing import listed, options
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Range(Movable):
    """A range type: nothing of it can change in place but names."""

    kind = "range"
    catalog = "pg_type"
    among = "pg_type where typtype = 'r' and oid >= 16384"
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

    fixed = frozenset({"subtype", "operator_class", "collation", "canonical", "difference", "multirange_schema"})

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
        # A long name is cut by PostgreSQL, which then is not what it would choose.
        if self.multirange_schema == schema and self.multirange == _multirange(name):
            return None
        return sql.qualified(self.multirange_schema, self.multirange)

    def drop(self) -> Iterator[Step]:
        """DROP TYPE; a canonical function is bound to its range and goes with it."""
        cascade = "" if self.canonical is None else " CASCADE"
        yield self.step(f"DROP TYPE {sql.qualified(*self.path)}{cascade}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Only the multirange type's name changes in place."""
        return [self.step(text) for text in before._multirange_renamed(self.path[1], self.multirange)]

    def rename(self, name: str) -> Sequence[Step]:
        """Renames it, its multirange type and the constructors of both, which keep their names otherwise."""
        constructors = f"ALTER FUNCTION {sql.qualified(*self.path)}({self.subtype}, {self.subtype}"
        texts = [
            f"ALTER TYPE {sql.qualified(*self.path)} RENAME TO {sql.name(name)}",
            f"{constructors}) RENAME TO {sql.name(name)}",
            f"{constructors}, text) RENAME TO {sql.name(name)}",
            *self._multirange_renamed(name, self.called(name).multirange),
        ]
        return [self.step(text) for text in texts]

    def _multirange_renamed(self, name: str, multirange: str) -> Iterator[str]:
        """Gives another name to the multirange type of the range type, which goes by `name` by now."""
        span, spans = sql.qualified(self.path[0], name), sql.qualified(self.multirange_schema, self.multirange)
        for what in (f"TYPE {spans}", *(f"FUNCTION {spans}({given})" for given in ("", span, f"VARIADIC {span}[]"))):
            yield f"ALTER {what} RENAME TO {sql.name(multirange)}"

    def move(self, schema: str) -> Sequence[Step]:
        """Moves it and its constructors, and its multirange type with its own where that stood beside it."""
        here, name = self.path
        moved = sql.qualified(schema, name)
        bounds = f"{self.subtype}, {self.subtype}"
        found = {sql.qualified(here, name): [bounds, f"{bounds}, text"]}
        if self.multirange_schema == here:
            found[sql.qualified(here, self.multirange)] = ["", moved, f"VARIADIC {moved}[]"]
        texts = [
            f"ALTER {what} SET SCHEMA {sql.name(schema)}"
            for of, constructors in found.items()
            for what in (f"TYPE {of}", *(f"FUNCTION {of}({given})" for given in constructors))
        ]
        return [self.step(text) for text in texts]

    def called(self, name: str) -> Self:
        """The range type by another name, and its multirange type by the usual one."""
        return dataclasses.replace(self, path=(self.path[0], name), multirange=_multirange(name))


def _multirange(name: str) -> str:
    """The name that PostgreSQL gives to the multirange type of a range type."""
    return name.replace("range", "multirange", 1) if "range" in name else f"{name}_multirange"

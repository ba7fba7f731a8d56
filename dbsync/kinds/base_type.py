"""Base types, made of functions that read and write them."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._writing import listed, options
from dbsync.model.steps import Step

_ALIGNMENTS = {"c": "char", "s": "int2", "i": "int4", "d": "double"}
_STORAGES = {"p": "plain", "e": "external", "x": "extended", "m": "main"}
_CHANGEABLE = ("receive", "send", "typmod_in", "typmod_out", "analyze", "subscript", "storage")


@dataclasses.dataclass(frozen=True, kw_only=True)
class BaseType(Movable):
    """A base type. It needs its functions and they need it: a shell type is declared first."""

    kind = "base type"
    catalog = "pg_type"
    rank = 10
    query = """
        select t.oid::bigint as oid,
               array[n.nspname, t.typname]::text[] as path,
               t.typinput::text as input,
               t.typoutput::text as output,
               nullif(t.typreceive::text, '-') as receive,
               nullif(t.typsend::text, '-') as send,
               nullif(t.typmodin::text, '-') as typmod_in,
               nullif(t.typmodout::text, '-') as typmod_out,
               nullif(t.typanalyze::text, '-') as analyze,
               nullif(t.typsubscript::text, '-') as subscript,
               t.typlen::int as length,
               t.typbyval as by_value,
               t.typalign::text as alignment,
               t.typstorage::text as storage,
               t.typcategory::text as category,
               t.typispreferred as preferred,
               t.typdefault as "default",
               case when t.typelem <> 0 then pg_catalog.format_type(t.typelem, null) end as element,
               t.typdelim::text as delimiter,
               t.typcollation <> 0 as collatable
        from pg_catalog.pg_type t
        join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        where t.typtype = 'b' and t.typisdefined and t.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
          and not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)
    """
    fixed = frozenset(
        {
            "input",
            "output",
            "length",
            "by_value",
            "alignment",
            "category",
            "preferred",
            "default",
            "element",
            "delimiter",
            "collatable",
        }
    )
    limits: ClassVar[Mapping[str, str]] = {"storage": "it is or becomes plain"}

    input: str
    output: str
    receive: str | None
    send: str | None
    typmod_in: str | None
    typmod_out: str | None
    analyze: str | None
    subscript: str | None
    length: int
    by_value: bool
    alignment: str
    storage: str
    category: str
    preferred: bool
    default: str | None
    element: str | None
    delimiter: str
    collatable: bool

    def declare(self) -> Iterator[Step]:
        """The shell type which its functions take and return, to be made before them."""
        yield self.step(f"CREATE TYPE {sql.qualified(*self.path)}")

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TYPE with all that is not PostgreSQL's default; needs `declare()` and the functions before it."""
        del clauses
        parts = options(
            input=self.input,
            output=self.output,
            receive=self.receive,
            send=self.send,
            typmod_in=self.typmod_in,
            typmod_out=self.typmod_out,
            analyze=self.analyze,
            subscript=self.subscript,
            internallength=None if self.length == -1 else str(self.length),
            passedbyvalue=self.by_value,
            alignment=None if self.alignment == "i" else _ALIGNMENTS[self.alignment],
            storage=None if self.storage == "p" else _STORAGES[self.storage],
            category=None if self.category == "U" else sql.literal(self.category),
            preferred="true" if self.preferred else None,
            default=None if self.default is None else sql.literal(self.default),
            element=self.element,
            delimiter=None if self.delimiter == "," else sql.literal(self.delimiter),
            collatable="true" if self.collatable else None,
        )
        yield self.step(listed(f"CREATE TYPE {sql.qualified(*self.path)}", parts))

    def drop(self) -> Iterator[Step]:
        """DROP TYPE, which takes the functions that read and write it along: neither could go alone."""
        yield self.step(f"DROP TYPE {sql.qualified(*self.path)} CASCADE")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Optional functions and the storage change in place, save from and to plain storage."""
        after = {key: getattr(self, key) for key in _CHANGEABLE}
        if self.storage != before.storage and "p" in {self.storage, before.storage}:
            return None
        changed = [
            f"{key.upper()} = {_STORAGES[value] if key == 'storage' else value or 'NONE'}"
            for key, value in after.items()
            if value != getattr(before, key)
        ]
        return [self.step(listed(f"ALTER TYPE {sql.qualified(*self.path)} SET", changed))]

"""What a column's type is, as far as it decides which values it can hold."""

import dataclasses
from typing import Any

import psycopg

from dbsync import sql
from dbsync.hazards._lineage import Path

Connection = psycopg.Connection[Any]

_READ = """
    select t.typname::text, b.typname::text, b.typcategory::text, t.typtype::text,
           case when t.typtype = 'd' then t.typtypmod else a.atttypmod end,
           pg_catalog.format_type(b.oid, case when t.typtype = 'd' then t.typtypmod else a.atttypmod end),
           n.nspname = 'pg_catalog', f.array
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_type w on w.oid = a.atttypid
    cross join lateral (select w.typcategory = 'A' and w.typelem <> 0 as array) f
    join pg_catalog.pg_type t on t.oid = case when f.array then w.typelem else w.oid end
    join pg_catalog.pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
    join pg_catalog.pg_namespace n on n.oid = b.typnamespace
    where a.attrelid = pg_catalog.to_regclass(%s) and a.attname = %s
"""
_INTEGERS = {"int2": 15, "int4": 31, "int8": 63}


@dataclasses.dataclass(frozen=True)
class Type:
    """`base` is what a domain is over (else the type itself), `text` that with its modifier; of an array all but
    `array` is about its elements. `kind` is as pg_type.typtype."""

    name: str
    base: str
    category: str
    kind: str
    modifier: int
    text: str
    builtin: bool
    array: bool

    @property
    def bits(self) -> int | None:
        """How many bits the values of an integer type have beside their sign; None for other types."""
        return _INTEGERS.get(self.base) if self.builtin else None

    @property
    def length(self) -> int | None:
        """How many characters, or bits, a value may have; None where that is not said."""
        if not self.builtin or self.modifier == -1:
            return None
        if self.base in ("varchar", "bpchar"):
            return self.modifier - 4
        return self.modifier if self.base in ("bit", "varbit") else None

    @property
    def digits(self) -> tuple[int, int] | None:
        """(precision, scale) of a numeric that has them."""
        if not self.builtin or self.base != "numeric" or self.modifier == -1:
            return None
        packed = self.modifier - 4
        return packed >> 16 & 0xFFFF, ((packed & 0x7FF) ^ 1024) - 1024


def type_of(connection: Connection, table: Path, column: str) -> Type:
    """The type of a column of a scratch database."""
    row = connection.execute(_READ, [sql.qualified(*table), column]).fetchone()
    assert row is not None
    return Type(*row)

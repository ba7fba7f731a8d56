"""What models are written of: relations with their columns, and the types of these."""

import dataclasses
from collections.abc import Iterator
from typing import Literal

Name = tuple[str, str]
"""A schema, and a name in it."""
TypeKind = Literal["base", "array", "enum", "domain", "composite", "range", "multirange"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Type:
    """A type as a column has it; `length` is that of a varchar or char."""

    kind: TypeKind
    name: Name
    of: "Type | None" = None
    """The element of an array, what a domain or a range is made of."""
    length: int | None = None
    dimensions: int = 1
    """Those that an array was declared with; PostgreSQL keeps arrays of any in its place."""

    @property
    def builtin(self) -> str:
        """The name of one of PostgreSQL's own types; of others nothing is known."""
        return self.name[1] if self.name[0] == "pg_catalog" else ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """A column, or an attribute of a composite type."""

    name: str
    type: Type
    nullable: bool
    default: str = ""
    """What a row gets that does not say; empty where that is NULL."""
    given: bool = False
    """Whether no row may say it: a generated column, an identity that is ALWAYS generated."""
    comment: str = ""

    @property
    def optional(self) -> bool:
        """Whether a new row may leave it out."""
        return self.nullable or bool(self.default)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """A foreign key, and the columns that its own refer to, in the same order."""

    name: str
    columns: tuple[str, ...]
    target: Name
    target_columns: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Relation:
    """A table, a view or a foreign table."""

    name: Name
    kind: str
    columns: tuple[Column, ...]
    insertable: bool
    comment: str = ""
    keys: tuple[tuple[str, ...], ...] = ()
    """The columns of its unique constraints; those of the primary key are `primary_key` and stand here too."""
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()

    @property
    def settable(self) -> Iterator[Column]:
        """The columns that a new row may say."""
        return (column for column in self.columns if not column.given)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Enum:
    """An enumerated type."""

    name: Name
    labels: tuple[str, ...]
    comment: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Domain:
    """A domain."""

    name: Name
    type: Type
    comment: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Composite:
    """A composite type."""

    name: Name
    columns: tuple[Column, ...]
    comment: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schema:
    """Everything; each type stands behind those that it is made of."""

    enums: tuple[Enum, ...]
    types: tuple[Domain | Composite, ...]
    relations: tuple[Relation, ...]
    fingerprint: str

    def row_types(self) -> Iterator[Name]:
        """The relations whose rows are values of a column."""
        relations = {one.name for one in self.relations}
        wholes: tuple[Relation | Composite, ...] = (
            *self.relations,
            *(t for t in self.types if isinstance(t, Composite)),
        )
        used = {name for one in wholes for column in one.columns for name in composites(column.type)}
        used |= {name for one in self.types if isinstance(one, Domain) for name in composites(one.type)}
        yield from sorted(used & relations)


def composites(one: Type) -> Iterator[Name]:
    """The composite types that a type is made of."""
    if one.kind == "composite":
        yield one.name
    if one.of is not None:
        yield from composites(one.of)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """What a writer has: the schema, and the name of the file that it came from."""

    schema: Schema
    file: str

"""What a catalog is made of: an object, known by its kind and its path of names."""

import dataclasses
import functools
import hashlib
import operator
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

from dbsync import sql
from dbsync.model.steps import Step


class Id(NamedTuple):
    """The identity of an object: never an oid, so that it means the same in two databases.

    The path of a satellite (comment, privilege, owner) is the kind and then the path of its target. A last element
    that opens with a parenthesis is a signature: `Id("function", ("public", "f", "(integer, text)"))`.
    """

    kind: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        if self.kind in _HANGING and len(self.path) > 1:
            end = len(self.path) - _HANGING[self.kind]
            suffix = "".join(f" ({part or 'PUBLIC'})" for part in self.path[end:])
            return f"{self.kind} on {Id(self.path[0], self.path[1:end])}{suffix}"
        return f"{self.kind} {self.name}"

    @property
    def name(self) -> str:
        """The path as a person writes it."""
        if self.path and self.path[-1].startswith("("):
            return sql.qualified(*self.path[:-1]) + self.path[-1]
        return sql.qualified(*self.path)


_HANGING: dict[str, int] = {}
"""For each kind of satellite, how many elements its path has behind the target's."""


def aside(name: str) -> str:
    """What something is called while its successor has the name: at most 63 bytes (section 4.1.1 of the manual)."""
    return name.encode()[:50].decode(errors="ignore") + "__before"


@functools.cache
def _counted(kind: Any) -> Callable[["Object"], tuple[Any, ...]]:
    """What takes the fields that count."""
    names = [field.name for field in dataclasses.fields(kind) if field.compare]
    return operator.attrgetter("kind", *names)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Object:
    """One object of a database. Two are equal when every field that is compared is equal.

    A subclass is one kind, in one file of `dbsync.kinds`. Its query selects, for every object of the kind, a column
    of each field's name, and `oid` (with `subid` where pg_depend has one), which tell pg_depend's rows about it from
    others. Fields that must not count are declared `dataclasses.field(compare=False)`.
    """

    kind: ClassVar[str]
    catalog: ClassVar[str]
    """The system catalog that `oid` is of, such as pg_class."""
    query: ClassVar[str]
    among: ClassVar[str] = ""
    """The rows of a system catalog that each of the kind has one among, as FROM and WHERE name them: where there are
    none, its query, which PostgreSQL takes longer to plan than to run, need not be asked. Empty: it is always asked."""
    in_schema: ClassVar[bool] = True
    """Whether the first name of the path is a schema."""
    name_at: ClassVar[int] = -1
    """Where in the path its own name stands."""
    part: ClassVar[str] = ""
    """The word for its parts that have names and are no objects, where it has any: labels, attributes."""
    derived_names: ClassVar[frozenset[str]] = frozenset()
    """Fields that are names which PostgreSQL makes of the one that the object, or the one it is within, had once."""
    renewable: ClassVar[bool] = False
    """Whether a new one is made beside the old (which is renamed meanwhile) when it has to be replaced, so that
    what `follow()`s can go over to it: types that columns have."""
    independent_of: ClassVar[frozenset[str]] = frozenset()
    """Kinds whose objects it does not need, whatever pg_depend says."""
    fixed: ClassVar[frozenset[str]] = frozenset()
    """Fields that no statement changes: an object that differs in one is made again, and `alter` is not asked."""
    limits: ClassVar[Mapping[str, str]] = {}
    """Fields that change in place only in part: each with when the object is made again instead, for people."""
    rank: ClassVar[int] = 50
    """Where among equals its steps stand; low first when made, last when dropped."""

    path: tuple[str, ...]

    @classmethod
    def read(cls, version: int) -> str:
        """The query for a server of this version (as server_version_num)."""
        del version
        return cls.query

    @property
    def id(self) -> Id:
        """The identity."""
        return Id(self.kind, self.path)

    @functools.cached_property
    def digest(self) -> str:
        """Equal for equal objects; oids and fields that do not count are left out."""
        kind: Any = type(self)
        values = (tuple(sorted(one)) if isinstance(one, frozenset) else one for one in _counted(kind)(self))
        return hashlib.sha256(repr(tuple(values)).encode()).hexdigest()[:16]

    @property
    def schema(self) -> str | None:
        """The schema that it stands in, if it stands in one."""
        return self.path[0] if self.in_schema else None

    def claim(self) -> tuple[str, ...]:
        """The name that no other object may have at the same time, of whatever kind."""
        return self.path

    def needs(self) -> Iterator[Id]:
        """What it needs that pg_depend does not hold."""
        yield from ()

    def within(self) -> Id | None:
        """The object whose DROP takes this one along, and in whose CREATE its clause may stand."""
        return None

    def implied_by(self) -> Iterator[Id]:
        """Objects which PostgreSQL does not make, change or drop without doing the same to this one."""
        yield from ()

    def relies_on(self) -> Iterator[Id]:
        """Tables whose rows it speaks of, so that none may go while it is there, nor come after it is made."""
        yield from ()

    def gives_rows_to(self) -> Id | None:
        """The table that has the rows of what this one is within among its own."""
        return None

    def clause(self, clauses: Sequence[str] = ()) -> str | None:
        """Its text inside the CREATE of the object that it is within; None where it needs a statement of its own.

        `clauses` are the clauses of what is within this one.
        """
        del clauses
        return None

    def position(self) -> tuple[int, int]:
        """Where its clause stands among its siblings' clauses."""
        return (0, 0)

    def declare(self) -> Iterator[Step]:
        """The steps that make its name known before what it needs is made, where that in turn needs the name."""
        yield from ()

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """The steps that make it, with the clauses of what is within it."""
        raise NotImplementedError

    def drop(self) -> Iterator[Step]:
        """The steps that drop it."""
        raise NotImplementedError

    def drop_alone(self) -> Iterator[Step]:
        """The steps that drop it and leave what comes from it by inheritance, which has to stay."""
        return self.drop()

    def freed(self, gone: Container[Id]) -> Self:
        """The object as it is once those are gone, where that changes how it is dropped."""
        del gone
        return self

    def alteration(self, before: Self) -> Sequence[Step] | None:
        """The steps that make `before` this one in place; None where it must be dropped and made again."""
        if any(getattr(self, field) != getattr(before, field) for field in self.fixed):
            return None
        return self.alter(before)

    def alter(self, before: Self) -> Sequence[Step] | None:
        """The same, where no fixed field differs."""
        del before
        return None

    def renews_whole(self, before: Self | None, made: Container[Id]) -> str | None:
        """Why what it is within must be made again for it to become this one; None if it need not.

        `made` is what the same plan makes; `before` is None where this one is among it.
        """
        del before, made
        return None

    def disturbs(self, before: Self) -> frozenset[str]:
        """The kinds of dependents that stand in the way of `alter(before)`: dropped before it and made again after."""
        del before
        return frozenset()

    def takes(self, member: "Object") -> bool:
        """Whether what is within it can be made or changed while it stays as it is."""
        del member
        return True

    def uproots(self) -> Iterator[Id]:
        """What has to be made again for it to go, since no statement drops it alone."""
        yield from ()

    def rename(self, name: str) -> Sequence[Step] | None:
        """The steps that give it another name; None where PostgreSQL has none."""
        del name
        return None

    def move(self, schema: str) -> Sequence[Step] | None:
        """The steps that take it to another schema; None where PostgreSQL has none."""
        del schema
        return None

    def called(self, name: str) -> Self:
        """The object by another name."""
        path = list(self.path)
        path[self.name_at] = name
        return dataclasses.replace(self, path=tuple(path))

    def aside_name(self) -> str:
        """A name to have meanwhile."""
        return aside(self.path[self.name_at])

    def space(self) -> str:
        """The name space in which it claims its name: relations and types share one."""
        return "relation" if self.catalog in ("pg_class", "pg_type") else self.catalog

    def part_names(self) -> tuple[str, ...]:
        """The names of its parts that are no objects and can be renamed."""
        return ()

    def rename_part(self, old: str, new: str) -> Sequence[Step]:
        """The steps that give such a part another name."""
        raise NotImplementedError

    def follow(self) -> Sequence[Step] | None:
        """The steps that take it over to a dependency that was made anew under the same name; None: make it again."""
        return None

    def loses(self) -> str | None:
        """What is lost with it, in words that follow "drops": "table plans and its rows"; None if nothing is."""
        return None

    def keeping(self, before: Self) -> Self:
        """This object with the state of `before` that is not the schema file's to say, such as whether rows are in."""
        del before
        return self

    def on(self, version: int) -> Self:
        """What a server of this older version (as server_version_num) holds of it, and takes for it."""
        del version
        return self

    def newer(self) -> Iterator[tuple[int, str]]:
        """What of it not every supported server has: the first major version that does, and what it is, for people."""
        yield from ()

    def undumped(self) -> Iterator[str]:
        """Statements that give a copy restored by pg_dump what a dump leaves out of it; a superuser runs them."""
        yield from ()

    def step(self, text: str, *, otherwise: Sequence[str] = (), **more: Any) -> Step:
        """One statement about this object."""
        return Step(sql=text, about=self.id, otherwise=tuple(otherwise), **more)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Satellite(Object):
    """What hangs on an object of any kind: a comment, a privilege, an owner.

    Its query selects `target_catalog`, `target_oid` and `target_subid` instead of `path`, and `suffix` (a text array)
    where the target alone does not identify it; the snapshot makes the path of them: the target's kind, the target's
    path, the suffix. `target` is the object that it falls with: for the column of a view, the view.
    """

    in_schema: ClassVar[bool] = False
    rank: ClassVar[int] = 90

    suffixes: ClassVar[int] = 0
    """How many elements the suffix has."""
    beyond: ClassVar[bool] = False
    """Whether it is also read of what is no object of the catalog: system objects, and members of extensions, with
    which it falls. A target that is in no catalog is its own."""

    target: Id = dataclasses.field(compare=False)

    def __init_subclass__(cls) -> None:
        _HANGING[cls.kind] = cls.suffixes

    @property
    def of(self) -> Id:
        """What it is about: the path without the target's kind and the suffix."""
        return Id(self.path[0], self.path[1 : len(self.path) - self.suffixes])

    def needs(self) -> Iterator[Id]:
        """Its target."""
        yield self.target

    def within(self) -> Id | None:
        """Its target."""
        return self.target

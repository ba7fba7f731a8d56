"""What the directives of the schema file are about: objects of the desired catalog, and the names they had before."""

import dataclasses
from collections.abc import Iterator, Sequence

from dbsync import sql
from dbsync.kinds import KINDS
from dbsync.load import tree
from dbsync.load.directives import MAKES, Directive
from dbsync.load.places import Places
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step
from dbsync.model.text import Place

_WHOLES = {kind.part: kind.kind for kind in KINDS.values() if kind.part}
"""The kinds that have parts which are no objects, by the words for these."""


@dataclasses.dataclass(frozen=True)
class Member:
    """A label or an attribute of a type, which is no object of its own."""

    whole: Object
    name: str

    @property
    def path(self) -> tuple[str, ...]:
        """The type's path, then the name."""
        return (*self.whole.path, self.name)

    @property
    def id(self) -> Id:
        """The identity."""
        return Id(self.whole.part, self.path)

    def space(self) -> str:
        """Members share no names with objects."""
        return self.whole.part

    def claim(self) -> tuple[str, ...]:
        """The name that no other member may have at the same time."""
        return self.path

    def aside_name(self) -> str:
        """A name to have meanwhile."""
        return self.name.encode()[:50].decode(errors="ignore") + "__before"

    def rename(self, name: str) -> Sequence[Step]:
        """The type's steps."""
        return self.whole.rename_part(self.name, name)

    def called(self, name: str) -> "Member":
        """The member by another name."""
        return dataclasses.replace(self, name=name)


Thing = Object | Member


@dataclasses.dataclass(frozen=True)
class Wish:
    """That an object shall be called so, and is called `before` once what it is within has its new name.

    `place` is that of the directive which says so, `qualified` whether that gives the schema, too, by its old name.
    With `known` there is no doubt which of two things is meant: what is called so now is another one, and goes.
    """

    before: Id
    after: Id
    place: Place | None = None
    qualified: bool = False
    known: bool = False

    @property
    def where(self) -> str:
        """The place, to begin a sentence with."""
        return f"{self.place}: " if self.place else ""


def found(catalog: Catalog, one: Id) -> Thing | None:
    """The object of a catalog, or the member of one, by its identity."""
    if one in catalog.objects:
        return catalog.objects[one]
    whole = catalog.objects.get(Id(_WHOLES.get(one.kind, ""), one.path[:-1]))
    return Member(whole, one.path[-1]) if whole and one.path[-1] in whole.part_names() else None


def whole(catalog: Catalog, one: Id) -> Id | None:
    """What an object or a member is within."""
    thing = found(catalog, one)
    return thing.whole.id if isinstance(thing, Member) else thing.within() if thing else None


def wishes(directives: Sequence[Directive], places: Places, desired: Catalog) -> tuple[Wish, ...]:
    """The directives, each with the object that it is about. SchemaError for one that contradicts itself or another."""
    made: list[Wish] = []
    for directive in directives:
        wish = _wish(directive, places, desired)
        for other in made:
            _agree(directive, wish, other)
        made.append(wish)
    return tuple(made)


def _wish(directive: Directive, places: Places, desired: Catalog) -> Wish:
    if places.blind:
        raise directive.error(
            "what it is about cannot be seen: on this scratch server the role may not make event triggers",
            hint="use another --scratch, or a role there that may",
        )
    thing = _about(directive, places, desired)
    if thing is None:
        raise directive.error(
            "what is made here is not there any more when the whole file has run",
            hint="write the directive where the object that stays is made",
        )
    one = thing.id
    if thing.rename(one.path[-1]) is None:
        raise directive.error(f"PostgreSQL cannot rename a {one.kind}", hint="leave the directive out")
    before = _before(thing, directive)
    if before == one:
        raise directive.error(f"{one} has this name already", hint="write the name that it had before")
    return Wish(before, one, directive.place, len(directive.old) > 1)


def _before(thing: Thing, directive: Directive) -> Id:
    """The identity that it had: its own, with the name and the schema that the directive gives."""
    path, name_at = list(thing.path), thing.name_at if isinstance(thing, Object) else -1
    path[name_at] = directive.old[-1]
    if len(directive.old) > 1:
        if isinstance(thing, Member) or not thing.in_schema or name_at % len(path) != 1:
            raise directive.error(
                f"a {thing.id.kind} has no schema of its own",
                hint=f"write -- dbsync: renamed from {sql.name(directive.old[-1])}",
            )
        path[0] = directive.old[0]
        if path[0] != thing.path[0] and thing.within() is None and thing.move(path[0]) is None:
            raise directive.error(f"PostgreSQL cannot take a {thing.id.kind} to another schema")
    return Id(thing.id.kind, tuple(path))


def _about(directive: Directive, places: Places, desired: Catalog) -> Thing | None:
    made = [one for address in places.made_by(directive.statement) if (one := desired.addresses.get(address))]
    part = directive.part
    if part is None:
        kinds = MAKES[directive.statement.node]
        made += _unreported(directive)
        return next((desired.objects[one] for one in made if one.kind in kinds and one in desired.objects), None)
    things = (found(desired, Id(part.kind, (*one.path, part.name))) for one in made)
    return next((thing for thing in things if thing), None)


def _unreported(directive: Directive) -> Iterator[Id]:
    """What event triggers are silent about: event triggers."""
    node = tree.node(directive.statement.sql)
    if node and node.HasField("create_event_trig_stmt"):
        yield from (Id(kind, (node.create_event_trig_stmt.trigname,)) for kind in MAKES[directive.statement.node])


def _agree(directive: Directive, wish: Wish, other: Wish) -> None:
    """Two directives cannot be about the same object, nor give two objects the same past."""
    if wish.after == other.after:
        what = f"{wish.after} has a directive already"
    elif wish.before == other.before:
        what = f"{wish.before} cannot have become both {other.after.name} and {wish.after.name}"
    else:
        return
    where = f"{other.place}:{other.place.column}" if other.place else ""
    raise directive.error(what, detail=f"The other directive is at {where}.", hint="remove one")

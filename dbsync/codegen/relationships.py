"""The two ends of each foreign key as attributes of classes: their names, and how SQLAlchemy is to join them."""

import dataclasses
from collections import Counter
from collections.abc import Container, Iterator, Mapping

from dbsync.codegen.names import Classes, distinct, field
from dbsync.codegen.python import literal
from dbsync.codegen.schema import ForeignKey, Name, Relation

Fields = Mapping[Name, Mapping[str, str]]
"""For each mapped relation, the attribute that holds each column."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class End:
    """One end: an attribute of a class that leads to the rows at the other end."""

    name: str
    annotation: str
    arguments: tuple[str, ...]
    """Those of `relationship(...)`."""


def ends(
    relations: Mapping[Name, Relation], fields: Fields, classes: Classes, reserved: Container[str]
) -> dict[Name, list[End]]:
    """Both ends of every foreign key between these relations, by the relation that gets the attribute."""

    def free(owner: Name, wish: str) -> str:
        (name,) = distinct([field(wish, reserved, classes)], taken[owner])
        taken[owner].add(name)
        return name

    keys = [(one, key) for one in relations.values() for key in one.foreign_keys if key.target in relations]
    pairs = Counter(frozenset({one.name, key.target}) for one, key in keys)
    taken = {name: {*names.values()} for name, names in fields.items()}
    named: list[tuple[Relation, ForeignKey, str, str]] = []
    for one, key in keys:
        several = pairs[frozenset({one.name, key.target})] > 1
        forward = free(one.name, _forward(one, key, several))
        back = free(key.target, _back(one, key, several))
        named.append((one, key, forward, back))
    found: dict[Name, list[End]] = {name: [] for name in relations}
    for one, key, forward, back in named:
        joined = pairs[frozenset({one.name, key.target})] > 1 or key.target == one.name
        # SQLAlchemy warns of two that write one column, unless each knows the other.
        others = {
            name
            for source, other, *pair in named
            if source is one and other is not key and {*other.columns} & {*key.columns}
            for name in pair
        }
        overlaps = (f"overlaps={literal(','.join(sorted(others)))}",) if others else ()
        target, source = classes[key.target], classes[one.name]
        nullable = any(column.nullable for column in one.columns if column.name in key.columns)
        found[one.name].append(
            End(
                name=forward,
                annotation=literal(f"{target} | None" if nullable else target),
                arguments=(
                    *_join(one, key, fields, classes, joined, forward=True),
                    f'back_populates="{back}"',
                    *overlaps,
                ),
            )
        )
        single = any(set(unique) <= set(key.columns) for unique in one.keys)
        found[key.target].append(
            End(
                name=back,
                annotation=literal(f"{source} | None") if single else f"list[{literal(source)}]",
                arguments=(
                    *_join(one, key, fields, classes, joined, forward=False),
                    f'back_populates="{forward}"',
                    # What becomes of rows that refer to a deleted one, its foreign key says.
                    'passive_deletes="all"',
                    *overlaps,
                ),
            )
        )
    return found


def _forward(one: Relation, key: ForeignKey, several: bool) -> str:
    """`owner` for owner_id; else the table that it refers to."""
    own = _own(one, key)
    if len(own) == 1 and own[0].lower().endswith("_id"):
        return own[0][: -len("_id")]
    return "_".join([key.target[1], *own]) if several or key.target == one.name else key.target[1]


def _back(one: Relation, key: ForeignKey, several: bool) -> str:
    """The table that refers to it, with the columns where there is more than one foreign key."""
    parts = [column.removesuffix("_id") for column in _own(one, key)]
    return "_".join([one.name[1], *parts]) if several or key.target == one.name else one.name[1]


def _own(one: Relation, key: ForeignKey) -> list[str]:
    """The columns that tell it from the table's other foreign keys."""
    others = {column for other in one.foreign_keys if other is not key for column in other.columns}
    return [column for column in key.columns if column not in others] or [*key.columns]


def _join(
    one: Relation, key: ForeignKey, fields: Fields, classes: Classes, joined: bool, *, forward: bool
) -> Iterator[str]:
    """How rows are matched, where SQLAlchemy could not tell: more than one foreign key, or one within a table."""
    if not joined:
        return
    parts = []
    for own, other in zip(key.columns, key.target_columns, strict=True):
        left = f"foreign({classes[one.name]}.{fields[one.name][own]})"
        right = f"{classes[key.target]}.{fields[key.target][other]}"
        parts.append(f"{left} == remote({right})" if forward else f"remote({left}) == {right}")
    text = parts[0] if len(parts) == 1 else f"and_({', '.join(parts)})"
    yield f"primaryjoin={literal(text)}"

"""What a plan changes, grouped by the object that a person thinks of: a table with its columns and indexes."""

import dataclasses
import difflib
from collections.abc import Iterator, Mapping, Set
from typing import Any

from dbsync import sql
from dbsync.model.changes import Change, Rename
from dbsync.model.objects import Id, Object, Satellite
from dbsync.model.plan import Plan
from dbsync.render.manners import SIGNS
from dbsync.render.page import Page, count, visible

_SPEAKING = frozenset({"definition", "printed", "text"})
"""Fields whose value says by itself what it is."""
_OF = {"label": "enum", "attribute": "composite type"}
"""The kinds of what is renamed and is no object, and what it is a part of."""
_DIFF_LINES = 12


@dataclasses.dataclass
class Group:
    """A top object and the changes of it and of what is within it; `parts`: labels and attributes with other names."""

    root: Id
    own: Change | None = None
    inner: list[Change] = dataclasses.field(default_factory=list)
    parts: list[Rename] = dataclasses.field(default_factory=list)

    @property
    def manner(self) -> str:
        """Whether the top object is added, changed, removed or renamed."""
        return manner(self.own) if self.own else "changed"


def manner(change: Change) -> str:
    """Whether the object is added, changed, removed or renamed (and, it may be, changed as well)."""
    if change.before is None:
        return "added"
    return "removed" if change.after is None else "renamed" if change.renamed else "changed"


def groups(plan: Plan) -> list[Group]:
    """The changes by their top object, in the order of their names."""
    known = {change.id: thing for change in plan.changes if (thing := change.after or change.before)}
    found: dict[tuple[str, ...], Group] = {}
    for change in plan.changes:
        root = _root(change.id, known)
        group = found.setdefault(root.path, Group(root))
        if change.id == root:
            group.own, group.root = change, root
        else:
            group.inner.append(change)
    for rename in parts(plan):
        root = Id(_OF[rename.after.kind], rename.after.path[:-1])
        found.setdefault(root.path, Group(root)).parts.append(rename)
    return sorted(found.values(), key=lambda group: (group.root.path, group.root.kind))


def totals(plan: Plan) -> dict[str, int]:
    """How much is added, changed and removed; what comes and goes with its table is not counted again."""
    sums = dict.fromkeys(SIGNS, 0)
    for change in by_themselves(plan):
        sums[manner(change)] += 1
    sums["renamed"] += len(parts(plan))
    return sums


def by_themselves(plan: Plan) -> Iterator[Change]:
    """The changes, but for what comes and goes with its table."""
    moved = {change.id: manner(change) for change in plan.changes if None in (change.before, change.after)}
    for change in plan.changes:
        thing = change.after or change.before
        parent = thing.within() if thing else None
        if parent is None or moved.get(parent) != manner(change):
            yield change


def parts(plan: Plan) -> list[Rename]:
    """The renames of what is no object: labels of enums, attributes of composite types."""
    return [one for one in plan.renamed if one.after.kind in _OF]


def _root(one: Id, known: Mapping[Id, Object]) -> Id:
    seen = set()
    while one not in seen:
        seen.add(one)
        thing = known.get(one)
        if thing is None:
            # What did not change is not at hand: a third name is of something within the second.
            inner = len(one.path) == 3 and not one.path[-1].startswith("(")
            return Id("table", one.path[:2]) if inner else one
        one = thing.within() or one
    return one


def lines(plan: Plan, page: Page) -> Iterator[str]:
    """All groups."""
    for group in groups(plan):
        yield _title(group, page)
        if group.manner in ("changed", "renamed"):
            if group.own:
                yield from _fields(group.own, page, "    ")
            for rename in group.parts:
                name = _renamed(rename.after.kind, rename.before, rename.after)
                yield f"    {page.paint('~', 'renamed')} {visible(name)}"
            new = {change.id for change in group.inner if change.before is None}
            for change in sorted(group.inner, key=lambda change: (change.id.kind, change.id.path)):
                if not _in_its_column(change, new):
                    yield from _inner(change, group, page)
        else:
            yield from _summary(group, page)


def _title(group: Group, page: Page) -> str:
    sign = page.paint(SIGNS[group.manner], group.manner)
    whole = group.manner in ("added", "removed")
    comments = sum(change.id.kind == "comment" for change in group.inner) if whole else 0
    aside = page.paint(f" ({count(comments, 'comment')})", "faint") if comments else ""
    name, root = group.root.name, group.root
    if group.own and group.own.before and group.manner == "renamed":
        here = len(root.path) > 1 and group.own.before.path[0] == root.path[0]
        name = f"{group.own.before.id.name} → {Id(root.kind, root.path[1:]).name if here else name}"
    suffix = page.paint(" renamed", "faint") if group.manner == "renamed" else ""
    return f"{sign} {group.root.kind} {page.paint(visible(name), 'title')}{suffix}{aside}"


def _in_its_column(change: Change, new: Set[Id]) -> bool:
    """Whether it is a default that comes with its column, which tells it."""
    return change.id.kind == "default" and change.before is None and Id("column", change.id.path) in new


def _shape(change: Change, group: Group) -> str:
    """What a new column is like."""
    kind = getattr(change.after, "type", None) if change.id.kind == "column" and change.before is None else None
    if not isinstance(kind, str):
        return ""
    default = next((one.after for one in group.inner if one.id == Id("default", change.id.path)), None)
    expression = getattr(default, "expression", None)
    return f": {kind}" + (f", default {expression}" if isinstance(expression, str) else "")


def _inner(change: Change, group: Group, page: Page) -> Iterator[str]:
    style = manner(change)
    name = label(change, group.root)
    if change.before and change.renamed:
        name = _renamed(change.id.kind, change.before.id, change.id)
    head = f"    {page.paint(SIGNS[style], style)} {visible(name)}"
    if style not in ("changed", "renamed"):
        yield head + page.paint(visible(_shape(change, group)), "faint")
        return
    fields = list(_fields(change, page, "        "))
    if not fields or style == "renamed":
        yield head
        yield from fields
    elif len(fields) == 1 and len(head) + len(fields[0]) < page.width + 10:
        yield f"{head}: {fields[0].strip()}"
    else:
        yield head
        yield from fields


def _renamed(kind: str, before: Id, after: Id) -> str:
    return f"{kind} {sql.name(before.path[-1])} → {sql.name(after.path[-1])}"


def label(change: Change, root: Id) -> str:
    """The name of an object within a group, without what the group's title says."""
    thing, one = change.after or change.before, change.id
    if not isinstance(thing, Satellite):
        return f"{one.kind} {sql.qualified(*_beyond(one.path, root.path))}"
    kind, path = one.path[0], one.path[1:]
    suffix = path[len(thing.target.path) :] if path[: len(thing.target.path)] == thing.target.path else ()
    if kind == thing.target.kind:
        words = f"{one.kind} {' '.join(suffix)}".strip()
        on = Id(kind, thing.target.path)
        return words if on == root else f"{words} on {kind} {sql.qualified(*_beyond(on.path, root.path))}"
    return f"{one.kind} on {kind} {sql.qualified(*_beyond(path, root.path))}"


def _beyond(path: tuple[str, ...], root: tuple[str, ...]) -> tuple[str, ...]:
    if path[: len(root)] == root and len(path) > len(root):
        return path[len(root) :]
    return path[1:] if len(path) > 1 and path[:1] == root[:1] else path


def _summary(group: Group, page: Page) -> Iterator[str]:
    """What comes or goes with an object that is itself new or gone: a line for each kind."""
    kinds: dict[tuple[str, str], list[str]] = {}
    known = {change.id for change in group.inner}
    for change in sorted(group.inner, key=_position):
        if change.id.kind == "comment" or (change.id.kind == "default" and Id("column", change.id.path) in known):
            continue
        name = label(change, group.root).removeprefix(change.id.kind).strip()
        of_part = " on" if name.startswith("on ") else ""
        if name:
            kinds.setdefault((change.id.kind, of_part), []).append(name.removeprefix("on "))
    for (kind, of_part), names in kinds.items():
        first = f"    {kind if len(names) == 1 else plural(kind)}{of_part or ':'} "
        yield from page.wrapped(", ".join(names), first, " " * 8)


def _position(change: Change) -> tuple[str, tuple[int, int], Id]:
    thing = change.after or change.before
    return (change.id.kind, thing.position() if thing else (0, 0), change.id)


def plural(kind: str) -> str:
    """ "tables", "policies", "foreign keys", "indexes"."""
    if kind.endswith("y") and not kind.endswith("ey"):
        return kind[:-1] + "ies"
    return kind + ("es" if kind.endswith(("x", "s", "ch")) else "s")


def _fields(change: Change, page: Page, indent: str) -> Iterator[str]:
    for name in change.fields():
        if name in _hidden(change.after):
            yield f"{indent}{name.replace('_', ' ')}: changed; not shown, as it may hold a password"
            continue
        before, after = (getattr(side, name) for side in (change.before, change.after))
        words = "" if name in _SPEAKING else name.replace("_", " ") + " "
        if isinstance(before, tuple) and isinstance(after, tuple):
            if elements := _elements(before, after, page):
                yield f"{indent}{words}{elements}"
            continue
        old, new = _written(before), _written(after)
        if "\n" not in old + new and len(indent) + len(words) + len(old) + len(new) + 3 <= page.width:
            yield f"{indent}{words}{page.paint(visible(old), 'removed')} → {page.paint(visible(new), 'added')}"
            continue
        if words:
            yield f"{indent}{words.strip()}:"
        yield from _difference(old, new, page, indent + "    " if words else indent)


def _hidden(thing: Object | None) -> set[str]:
    """The fields that hold what nobody is to read."""
    return {field.name for field in dataclasses.fields(thing) if not field.repr} if thing else set()


def _elements(before: tuple[Any, ...], after: tuple[Any, ...], page: Page) -> str:
    """What left a list and what came into it; the whole list where only its order is another."""
    gone = [text for text in map(_written, before) if text not in set(map(_written, after))]
    come = [text for text in map(_written, after) if text not in set(map(_written, before))]
    if not gone and not come:
        if sorted(map(_written, before)) != sorted(map(_written, after)):
            return ""
        gone, come = list(map(_written, before)), list(map(_written, after))
    parts = [page.paint("- " + visible(", ".join(gone)), "removed")] if gone else []
    parts += [page.paint("+ " + visible(", ".join(come)), "added")] if come else []
    return "  ".join(parts)


def _difference(before: str, after: str, page: Page, indent: str) -> Iterator[str]:
    found = [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
        if not line.startswith(("---", "+++", "@@"))
    ]
    for line in found[:_DIFF_LINES]:
        style = {"+": "added", "-": "removed"}.get(line[:1], "faint")
        yield indent + page.paint(visible(line, keep="\t"), style)
    if len(found) > _DIFF_LINES:
        yield f"{indent}… {count(len(found) - _DIFF_LINES, 'more line')}"


def _written(value: Any) -> str:
    match value:
        case None | "" | ():
            return "none"
        case bool():
            return "yes" if value else "no"
        case frozenset():
            return ", ".join(sorted(map(_written, value)))
        case tuple():
            return ", ".join(map(_written, value))
        case _:
            return str(value)

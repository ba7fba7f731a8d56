"""The kinds' own draft: what happens to each object, put in order, written as steps."""

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

from dbsync.authors.counting import Counting, counts
from dbsync.authors.graph import Graph
from dbsync.authors.keeping import Keeping, keeping
from dbsync.authors.resolve import Resolution, resolve
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step

Verb = Literal["drop", "put aside", "declare", "alter", "create", "follow", "put back", "count on"]
Node = tuple[Verb, Id]
Kept = Mapping[Id, Keeping]
"""The tables that keep their rows though they are made again."""

_MAKING: tuple[Verb, ...] = ("create", "alter", "follow")
_UNMAKING: tuple[Verb, ...] = ("drop", "alter", "follow", "put aside")
_GOING: tuple[Verb, ...] = ("drop", "alter", "follow")
_AGAIN: tuple[Verb, ...] = ("declare", "create")
_URGENCY: dict[Verb, int] = {
    "drop": 0,
    "put aside": 1,
    "declare": 2,
    "alter": 2,
    "create": 3,
    "put back": 3,
    "count on": 3,
    "follow": 4,
}


def write(current: Catalog, desired: Catalog, again: Collection[Id] = ()) -> list[Step]:
    """The steps that make `current` into `desired`, in an order that dependencies of both catalogs allow.

    What is in `again` is not altered in place, but dropped and made again.
    """
    found = resolve(current, desired, again)
    every = counts(found)
    kept = keeping(found, every)
    # Rows that are lost with their table are nothing to go on from.
    stay = [one for one in every if one.table is None or not found.is_gone(one.table)]
    counting = Counting(tuple(stay))
    nodes, hosts = _arrange(found, kept, counting, implied=True)
    if nodes is None:
        nodes, hosts = _arrange(found, kept, counting, implied=False)
    return list(_written(found, kept, counting, nodes or [], hosts))


def _arrange(
    found: Resolution, kept: Kept, counting: Counting, *, implied: bool
) -> tuple[list[Node] | None, dict[Node, Node]]:
    """The nodes in order, and which node each absorbed one went into; None for the order if a circle is left.

    With `implied` False, what could close a circle through the DROP of the object it is within is dropped by itself.
    """
    hosts: dict[Node, Node] = {}
    first = {other for _, other in _rows_go(found)}
    for one in found.gone:
        parent = found.current.objects[one].within()
        if one in first:
            continue
        if parent in found.gone and (implied or not _crosses(found, one)):
            hosts["drop", one] = ("drop", parent)
        elif ring := _ring(found, one):
            hosts["drop", one] = ("drop", ring)
    for one, table in kept.items():
        hosts |= {("drop", part): ("drop", one) for part in table.dropped}
    graph = _graph(found, kept, counting, hosts)
    order, forced = graph.order(_urgency(found))
    if forced and implied:
        return None, {}
    _fold(found, kept, order, hosts)
    return [node for node in order if node not in hosts], hosts


def _graph(found: Resolution, kept: Kept, counting: Counting, hosts: dict[Node, Node]) -> Graph[Node]:
    nodes: list[Node] = [("drop", one) for one in sorted(found.gone)]
    nodes += [("create", one) for one in sorted(found.made)]
    nodes += [("declare", one) for one in sorted(found.made) if any(found.desired.objects[one].declare())]
    nodes += [("alter", one) for one in sorted(found.altered)]
    nodes += [("follow", one) for one in sorted(found.following)]
    nodes += [("put aside", one) for one in sorted(found.renewed)]
    nodes += [("put back", one) for one in kept]
    nodes += [("put aside", one) for one in counting.aside]
    nodes += [("count on", one) for one in counting.targets]
    graph = Graph(node for node in nodes if node not in hosts)

    def after(verb: Verb, one: Id, other_verb: Verb, other: Id, *, wish: bool = False) -> None:
        graph.after(_root((verb, one), hosts), _root((other_verb, other), hosts), wish=wish)

    for one in found.made:
        host = found.desired.objects[one].within()
        inside = host in found.made and found.desired.objects[one].clause() is not None
        for need in found.desired.needs[one]:
            made: tuple[Verb, ...] = ("declare",) if _bound(found.desired, one, need) else _MAKING
            for verb in made:
                after("create", one, verb, need)
                if not _bound(found.desired, need, one):
                    after("declare", one, verb, need)
            if host is not None and inside and need != host:
                after("create", host, "create", need, wish=True)
        after("create", one, "declare", one)
    for one in found.gone:
        for need in found.current.needs[one]:
            for verb in _UNMAKING:
                # What stands beside its successor is dropped late, whatever name that which it needs has by then.
                late = verb == "put aside" and one in found.renewed
                after(verb, need, "put aside" if late else "drop", one)
    for one in found.altered:
        for need in found.desired.needs[one]:
            for verb in _MAKING:
                after("alter", one, verb, need)
        for need in found.current.needs[one]:
            after("drop", need, "alter", one)
    for one in found.following:
        for need in found.desired.needs[one]:
            after("follow", one, "create", need)
        for need in found.current.needs[one]:
            after("drop", need, "follow", one)
    for one in found.replaced:
        for again in _AGAIN:
            after(again, one, "put aside" if one in found.renewed or one in counting.aside else "drop", one)
    for one in found.renewed:
        after("drop", one, "create", one)
    for one, table in kept.items():
        for need in table.ready:
            after("put back", one, "create", need)
        for other in table.waiting:
            after("create", other, "put back", one)
        for other in table.filled:
            after("create", other, "put back", one, wish=True)
    for (verb, one), (other_verb, other) in _counting_on(counting, hosts):
        after(verb, one, other_verb, other)
    for one, other in _rows_go(found):
        after("drop", one, "drop", other)
    for one, other in _rows_come(found):
        after("create", one, "create", other)
    taken = {found.current.objects[one].claim(): one for one in found.dropped}
    for one in found.created:
        claim = found.desired.objects[one].claim()
        if claim in taken:
            after("create", one, "drop", taken[claim], wish=True)
    return graph


def _counting_on(counting: Counting, hosts: Mapping[Node, Node]) -> Iterator[tuple[Node, Node]]:
    """What comes after what where a counter takes the place of another."""
    for one in counting.counts:
        new, old = one.new.maker, one.old
        last: Node = ("count on", new)
        yield from ((last, (made, new)) for made in _MAKING if old is None or old.maker != new or made == "create")
        if old is None or not one.leaves:
            # SET DEFAULT keeps others from adding rows.
            yield from ((last, (made, user)) for made in _MAKING for user in one.users)
            continue
        yield from (((made, new), ("put aside", old.maker)) for made in _MAKING)
        yield from (((gone, old.maker), last) for gone in _GOING if old.maker != new or gone == "drop")
        owned: Node = ("drop", old.owned)
        if owned not in hosts:
            yield ("put aside", old.maker), owned


def _rows_go(found: Resolution) -> Iterator[tuple[Id, Id]]:
    """What takes rows from a table as it goes, and what relies on these, which has to go before it."""
    relying = _relying(found.current, found.gone)
    for one in found.gone if relying else ():
        for table in _above(found.current, one):
            yield from ((one, other) for other in relying.get(table, ()))


def _rows_come(found: Resolution) -> Iterator[tuple[Id, Id]]:
    """What relies on rows of a table, and what brings some that are there, which has to be made before it."""
    relying = _relying(found.desired, found.made)
    for one in found.made if relying else ():
        if found.desired.objects[one].within() not in found.made:
            for table in _above(found.desired, one):
                yield from ((other, one) for other in relying.get(table, ()))


def _relying(catalog: Catalog, some: Collection[Id]) -> Mapping[Id, list[Id]]:
    relying: dict[Id, list[Id]] = {}
    for one in sorted(some):
        for table in catalog.objects[one].relies_on():
            relying.setdefault(table, []).append(one)
    return relying


def _above(catalog: Catalog, one: Id) -> Iterator[Id]:
    """The tables that have the rows of a partition among theirs, the nearest first."""
    while (thing := catalog.objects.get(one)) and (table := thing.gives_rows_to()):
        yield table
        one = one._replace(path=table.path)


def _bound(catalog: Catalog, one: Id, need: Id) -> bool:
    """Whether an object and a type need each other: the type is declared before it, and its DROP takes it along."""
    return one in catalog.needs.get(need, ()) and any(catalog.objects[need].declare())


def _ring(found: Resolution, one: Id) -> Id | None:
    """The type whose DROP takes an object along that is bound to it."""
    rings = (need for need in found.current.needs[one] if _bound(found.current, one, need))
    return next((ring for ring in rings if ring in found.gone), None)


def _root(node: Node, hosts: dict[Node, Node]) -> Node:
    while node in hosts:
        node = hosts[node]
    return node


def _crosses(found: Resolution, one: Id) -> bool:
    """Whether an object needs something outside of what it is within, as a foreign key does."""
    family = _family(found.current, one)
    return any(need in found.gone and _family(found.current, need) != family for need in found.current.needs[one])


def _family(catalog: Catalog, one: Id) -> Id:
    while parent := catalog.objects[one].within() if one in catalog.objects else None:
        one = parent
    return one


def _urgency(found: Resolution) -> Callable[[Node], Any]:
    def urgency(node: Node) -> Any:
        verb, one = node
        rank = (found.desired.objects.get(one) or found.current.objects[one]).rank
        last = len(one.path) > 2
        return (_URGENCY[verb], -rank if verb == "drop" else rank, _place(found, one) if last else (0, 0), one.path)

    return urgency


def _place(found: Resolution, one: Id) -> tuple[int, int]:
    return (found.desired.objects.get(one) or found.current.objects[one]).position()


def _fold(found: Resolution, kept: Kept, order: Sequence[Node], hosts: dict[Node, Node]) -> None:
    """Let what is within a created object stand in its CREATE, where all that it needs is there by then."""
    late = {one for table in kept.values() for one in table.waiting} | {one for one, _ in _rows_come(found)}
    place = {node: n for n, node in enumerate(order)}
    made = found.made
    for verb, one in order:
        thing = found.desired.objects.get(one)
        if verb != "create" or thing is None or one in late or thing.clause() is None:
            continue
        parent = thing.within()
        if parent is None or ("create", parent) not in place:
            continue
        host = _root(("create", parent), hosts)
        if all(_there(need, host, place, hosts) for need in found.desired.needs[one] if need in made):
            hosts["create", one] = ("create", parent)


def _there(need: Id, host: Node, place: dict[Node, int], hosts: dict[Node, Node]) -> bool:
    root = _root(("create", need), hosts)
    return root == host or place[root] < place[host]


def _written(
    found: Resolution, kept: Kept, counting: Counting, nodes: Sequence[Node], hosts: dict[Node, Node]
) -> Iterator[Step]:
    inside: dict[Node, list[Object]] = {}
    for node, host in hosts.items():
        if node[0] == "create":
            inside.setdefault(host, []).append(found.desired.objects[node[1]])
    for verb, one in nodes:
        reason = _reason(found, one)
        for step in _steps(found, kept, counting, verb, one, inside):
            yield dataclasses.replace(step, reason=step.reason or reason)


def _reason(found: Resolution, one: Id) -> str | None:
    if one not in found.reasons:
        return None
    cause = found.reasons[one]
    change = "is made again" if cause in found.replaced else "is removed" if cause in found.dropped else "changes"
    return f"{one} is made again because {found.causes.get(cause) or f'{cause} {change}'}"


def _steps(
    found: Resolution, kept: Kept, counting: Counting, verb: Verb, one: Id, inside: dict[Node, list[Object]]
) -> Iterator[Step]:
    if verb == "put aside" and one in counting.aside:
        yield from counting.put_aside(one)
    elif verb == "count on":
        yield from counting.go_on(one)
    elif verb == "drop" and one in kept:
        yield from kept[one].set_aside()
    elif verb == "put back":
        yield from kept[one].put_back()
    elif verb == "drop":
        thing = found.current.objects[one].freed(found.gone)
        late = one in found.renewed or one in counting.aside
        thing = thing.called(thing.aside_name()) if late else thing
        yield from thing.drop_alone() if one in found.spared else thing.drop()
    elif verb == "put aside":
        thing = found.current.objects[one]
        yield from thing.rename(thing.aside_name()) or ()
    elif verb == "declare":
        yield from found.desired.objects[one].declare()
    elif verb == "alter":
        yield from found.altered[one]
    elif verb == "follow":
        yield from found.following[one]
    else:
        yield from found.desired.objects[one].create(_clauses(("create", one), inside))


def _clauses(host: Node, inside: dict[Node, list[Object]]) -> list[str]:
    members = sorted(inside.get(host, ()), key=lambda thing: (thing.position(), thing.rank, thing.path))
    texts = (thing.clause(_clauses(("create", thing.id), inside)) for thing in members)
    return [text for text in texts if text]

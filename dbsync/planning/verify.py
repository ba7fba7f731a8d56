"""What became of live: since it was planned on, and, after an apply, beside what the replay ended with."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from typing import Any

import psycopg

from dbsync.errors import Stale
from dbsync.kinds import KINDS
from dbsync.model.objects import Id, Satellite
from dbsync.model.outcome import End
from dbsync.model.plan import Identity, Plan
from dbsync.pg.server import describe
from dbsync.seeds import watch
from dbsync.snapshot import snapshot

Connection = psycopg.Connection[Any]

ANY = ""
"""Stands for the digest of what may read in other words on live than on the copy."""

_MOST = 20
"""How many objects that changed are named."""


def remaining(connection: Connection, plan: Plan) -> End:
    """What of the live database is neither as the plan's replay left it nor, untouched, as it was before."""
    if not plan.current and not plan.replayed:
        return End()
    now = snapshot(connection).digests
    found = [one for one in strays(now, plan.current, plan.replayed) if not _of_the_server(one)]
    subjects = _subjects(plan)
    left = tuple(one for one in found if one in subjects)
    others = {one for one in found if one not in subjects}
    return End(left, tuple(drift(_only(now, others), _only(plan.current, others))))


def _subjects(plan: Plan) -> frozenset[Id]:
    """What the plan is about: what it changes, and what its steps speak of or were seen to touch."""
    changed = changed_by(plan.current, plan.replayed)
    spoken = {name for one in plan.steps for name in (one.step.about, *one.touched)}
    return changed | spoken


def changed_by(before: Mapping[Id, str], after: Mapping[Id, str]) -> frozenset[Id]:
    """The objects that a plan makes, changes or drops; where an object may read in any words, it is not known to."""
    known = before.keys() | after.keys()
    return frozenset(
        one for one in known if before.get(one) != after.get(one) and not (one in before and after.get(one) == ANY)
    )


def _only(objects: Mapping[Id, str], names: Container[Id]) -> dict[Id, str]:
    return {one: digest for one, digest in objects.items() if one in names}


def same(connection: Connection, plan: Plan) -> None:
    """Stale where this is another database than the plan's, or what the plan is about was changed by somebody else.

    In the middle of an apply an object is as it was, or as the plan leaves it; one that several steps are about may be
    in between.
    """
    check_identity(connection, plan)
    if not plan.current and not plan.replayed:
        return
    speak = Counter(name for one in plan.steps for name in {one.step.about, *one.touched})
    now = snapshot(connection).digests
    for one in sorted(_subjects(plan)):
        if speak[one] < 2 and now.get(one) not in (plan.current.get(one), plan.replayed.get(one)):
            if plan.replayed.get(one) == ANY and one in now:
                continue
            raise Stale(f"{one} was changed by somebody else while the plan ran")


def _of_the_server(one: Id) -> bool:
    """Whether it is a right to one of the server's own objects, whose owner has another name on the scratch server."""
    kind = KINDS.get(one.kind)
    return kind is not None and issubclass(kind, Satellite) and kind.beyond and one.path[1] == "pg_catalog"


def strays(now: Mapping[Id, str], before: Mapping[Id, str], after: Mapping[Id, str]) -> tuple[Id, ...]:
    """The objects that are neither as a plan was to leave them nor, untouched, as they were before."""
    return tuple(
        one for one in sorted(now.keys() | after.keys()) if not _as_left(now.get(one), before.get(one), after.get(one))
    )


def _as_left(now: str | None, before: str | None, after: str | None) -> bool:
    """Whether an object's digest is the replay's, or as it was; the replay's may be any."""
    return now == after or (now is not None and after is not None and (after == ANY or now == before))


def gate(connection: Connection, plan: Plan) -> str:
    """Live's fingerprint; Stale where it is not the database, or no longer the state, that was planned on."""
    check_identity(connection, plan)
    catalog = snapshot(connection)
    if catalog.fingerprint != plan.current_fingerprint:
        if plan.batches and catalog.digests == plan.replayed:
            raise Stale(
                "the database is already what this plan makes of it; nothing was applied",
                hint="dbsync history shows who applied it",
            )
        lines = list(drift(catalog.digests, plan.current))
        more = [f"and {len(lines) - _MOST:,} more"] if len(lines) > _MOST else []
        raise Stale(
            "the database changed after the plan was made; nothing was applied",
            detail="\n  ".join(["Since then:", *lines[:_MOST], *more]),
            hint="plan again, and look at what has become of it",
        )
    if tables := watch.changed(connection, plan.watched):
        raise Stale(
            f"rows of {', '.join(tables)} changed after the plan was made; nothing was applied",
            hint="plan again, and look at what has become of them",
        )
    return catalog.fingerprint


def drift(now: Mapping[Id, str], before: Mapping[Id, str]) -> Iterator[str]:
    """What became of each object, in words."""
    words = {"added": "was added", "changed": "was changed", "removed": "is gone"}
    return (f"{one} {words[manner]}" for one, manner in moved(before, now))


def moved(before: Mapping[Id, str], now: Mapping[Id, str]) -> Iterator[tuple[Id, str]]:
    """Which objects were added, changed or removed; what comes or goes with its table is not named."""
    changed = {one for one in now.keys() | before.keys() if now.get(one) != before.get(one)}
    whole = {one.path for one in changed if len(one.path) == 2 and (one not in now or one not in before)}
    for one in sorted(changed):
        # What came or went with its table, or hangs on it, says nothing more.
        if one.path not in whole and (one.path[:2] in whole or one.path[1:3] in whole):
            continue
        yield one, "added" if one not in before else "removed" if one not in now else "changed"


def check_identity(connection: Connection, plan: Plan) -> None:
    """Stale where the plan was made for another database than this one."""
    facts = describe(connection)
    here = Identity(facts.system_identifier, facts.database, facts.database_oid)
    planned = plan.identity
    if planned is None or here == planned:
        return
    unknown = here.system is None or planned.system is None
    if unknown and (here.database, here.oid) == (planned.database, planned.oid):
        return
    raise Stale(
        "the plan was made for another database; nothing was applied",
        detail=f"It was made for {_words(planned)}; this is {_words(here)}.",
        hint="name the database that it was made for, or plan again for this one",
    )


def _words(identity: Identity) -> str:
    system = f" on the server {identity.system}" if identity.system else ""
    return f"database {identity.database} (oid {identity.oid}){system}"

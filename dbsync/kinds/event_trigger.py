"""Event triggers."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds import _attached
from dbsync.kinds._naming import Renamable
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class EventTrigger(Renamable):
    """An event trigger; made last and dropped first, so that it does not fire on the plan's own steps."""

    kind: ClassVar[str] = "event trigger"
    catalog: ClassVar[str] = "pg_event_trigger"
    among: ClassVar[str] = "pg_event_trigger where oid >= 16384"
    in_schema: ClassVar[bool] = False
    rank: ClassVar[int] = 99
    query: ClassVar[str] = """
        select array[e.evtname]::text[] as path, e.oid::bigint as oid,
               e.evtevent::text as event, e.evtenabled::text as enabled,
               coalesce(e.evttags, '{}') as tags,
               array[n.nspname, p.proname]::text[] as function
        from pg_catalog.pg_event_trigger e
        join pg_catalog.pg_proc p on p.oid = e.evtfoid
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        where e.oid >= 16384"""
    fixed: ClassVar[frozenset[str]] = frozenset({"event", "function", "tags"})

    event: str
    function: tuple[str, ...]
    """The path of the function, which has no arguments."""
    tags: tuple[str, ...]
    """The commands that it fires on; none for all."""
    enabled: str
    """O, D, R or A, as pg_event_trigger has it."""

    def newer(self) -> Iterator[tuple[int, str]]:
        """The event that a login is."""
        if self.event == "login":
            yield 17, "ON login"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE EVENT TRIGGER, and its state if that is not the usual one."""
        del clauses
        tags = ", ".join(sql.literal(tag) for tag in self.tags)
        when = f" WHEN TAG IN ({tags})" if tags else ""
        yield self.step(
            f"CREATE EVENT TRIGGER {sql.name(self.path[0])} ON {self.event}{when}"
            f" EXECUTE FUNCTION {sql.qualified(*self.function)}()"
        )
        if self.enabled != "O":
            yield self.step(_attached.event_firing(self.path[0], self.enabled))

    def drop(self) -> Iterator[Step]:
        """DROP EVENT TRIGGER."""
        yield self.step(f"DROP EVENT TRIGGER {sql.name(self.path[0])}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Only the state changes in place."""
        del before
        return (self.step(_attached.event_firing(self.path[0], self.enabled)),)

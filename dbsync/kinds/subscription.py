"""Subscriptions."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._naming import Renamable
from dbsync.model.steps import Step

# A query that names a column it may not read is refused as a whole, so this column is read by a query within the
# query, which runs only where it may. ts_stat() is what runs one; it takes words of up to 2,046 bytes.
_CONNINFO = """
    case when pg_catalog.has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'select') then (
        select pg_catalog.string_agg(pg_catalog.substr(word, 6), '' order by word collate "C")
        from pg_catalog.ts_stat(pg_catalog.format(
            'select pg_catalog.array_to_tsvector(pg_catalog.array_agg(
                 pg_catalog.to_char(i, ''FM00000'') || pg_catalog.substr(s.subconninfo, i * 400 + 1, 400)))
             from pg_catalog.pg_subscription s
             cross join lateral pg_catalog.generate_series(0, pg_catalog.length(s.subconninfo) / 400) i
             where s.oid = %s', oid))
    ) end
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subscription(Renamable):
    """A subscription. Its connection string holds a password, so no repr shows it; None where it may not be read.

    What it makes never connects: neither the publisher's slot nor its tables are touched.
    """

    kind = "subscription"
    catalog = "pg_subscription"
    among = "pg_subscription"
    in_schema = False
    rank = 82
    query = f"""
        select array[subname]::text[] as path, oid::bigint as oid, {_CONNINFO} as conninfo,
               subenabled as enabled, subslotname::text as slot_name, subsynccommit as synchronous_commit,
               array(select pg_catalog.unnest(subpublications) order by 1) as publications,
               subbinary as binary, subdisableonerr as disable_on_error, subtwophasestate <> 'd' as two_phase,
               {{more}}
        from pg_catalog.pg_subscription
        where subdbid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
    """

    conninfo: str | None = dataclasses.field(repr=False)
    enabled: bool
    slot_name: str | None
    synchronous_commit: str
    publications: tuple[str, ...]
    binary: bool
    disable_on_error: bool
    two_phase: bool
    streaming: str
    password_required: bool
    run_as_owner: bool
    origin: str
    failover: bool

    @classmethod
    def read(cls, version: int) -> str:
        """Parallel streaming and three options came with 16, failover with 17."""
        if version >= 160000:
            more = """
               case substream when 'f' then 'off' when 't' then 'on' else 'parallel' end as streaming,
               subpasswordrequired as password_required, subrunasowner as run_as_owner, suborigin as origin"""
        else:
            more = """
               case when substream then 'on' else 'off' end as streaming,
               true as password_required, false as run_as_owner, 'any' as origin"""
        return cls.query.format(more=f"{more}, {'subfailover' if version >= 170000 else 'false'} as failover")

    def newer(self) -> Iterator[tuple[int, str]]:
        """Options."""
        if not self.password_required:
            yield 16, "password_required"
        if self.origin != "any":
            yield 16, "origin"
        if self.failover:
            yield 17, "failover"
        if self.streaming == "parallel":
            yield 16, "streaming = parallel"

    def on(self, version: int) -> Self:
        """Before 16 it always runs as its owner."""
        return self if version >= 160000 else dataclasses.replace(self, run_as_owner=False)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE SUBSCRIPTION without connecting, then ENABLE."""
        del clauses
        options = ["connect = false", *self._options(None)]
        if self.slot_name is None or self.slot_name != self.path[0]:
            options.insert(1, self._slot())
        yield self.step(
            f"CREATE SUBSCRIPTION {self._name} CONNECTION {sql.literal(self.conninfo or '')}"
            f" PUBLICATION {sql.names(self.publications)} WITH ({', '.join(options)})"
        )
        if self.enabled:
            yield self._alter("ENABLE")

    def drop(self) -> Iterator[Step]:
        """DROP SUBSCRIPTION once it has let go of the publisher's slot, which stays."""
        if self.enabled:
            yield self._alter("DISABLE")
        if self.slot_name is not None:
            yield self._alter("SET (slot_name = NONE)")
        yield self.step(f"DROP SUBSCRIPTION {self._name}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """ALTER SUBSCRIPTION. Not all servers alter two_phase and failover; those that do not refuse."""
        options = self._options(before)
        if self.slot_name != before.slot_name:
            options.insert(0, self._slot())
        steps = []
        if before.enabled and (not self.enabled or self.slot_name is None or _paused(self, before)):
            steps.append(self._alter("DISABLE"))
        if self.conninfo != before.conninfo:
            steps.append(self._alter(f"CONNECTION {sql.literal(self.conninfo or '')}"))
        if self.publications != before.publications:
            steps.append(self._alter(f"SET PUBLICATION {sql.names(self.publications)} WITH (refresh = false)"))
        if options:
            steps.append(self._alter(f"SET ({', '.join(options)})"))
        if self.enabled and (steps[:1] == [self._alter("DISABLE")] or not before.enabled):
            steps.append(self._alter("ENABLE"))
        return steps

    def _options(self, before: "Subscription | None") -> list[str]:
        """The options that differ from those before, or from what every version takes by itself."""
        plain: dict[str, bool | str | None] = {
            "binary": False,
            "streaming": None,
            "synchronous_commit": "off",
            "two_phase": False,
            "disable_on_error": False,
            "password_required": True,
            "run_as_owner": False,
            "origin": "any",
            "failover": False,
        }
        options = []
        for name, value in plain.items():
            new = getattr(self, name)
            if new != (value if before is None else getattr(before, name)):
                options.append(f"{name} = {str(new).lower() if isinstance(new, bool) else new}")
        return options

    def _slot(self) -> str:
        return f"slot_name = {'NONE' if self.slot_name is None else sql.literal(self.slot_name)}"

    def _alter(self, text: str) -> Step:
        return self.step(f"ALTER SUBSCRIPTION {self._name} {text}")

    @property
    def _name(self) -> str:
        return sql.name(self.path[0])


def _paused(one: Subscription, other: Subscription) -> bool:
    return (one.two_phase, one.failover) != (other.two_phase, other.failover)

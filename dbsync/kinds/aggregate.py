"""Aggregates."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Final, Self

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.kinds._routine import ARGUMENTS, renames_an_input
from dbsync.kinds._writing import listed, options
from dbsync.model.steps import Step

_MODIFY: Final = {"r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"}
_PARALLEL: Final = {"s": "SAFE", "r": "RESTRICTED", "u": "UNSAFE"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Aggregate(Movable):
    """An aggregate; functions are named as PostgreSQL names them, types as it prints them."""

    kind: ClassVar[str] = "aggregate"
    catalog: ClassVar[str] = "pg_proc"
    among: ClassVar[str] = "pg_proc where prokind = 'a' and oid >= 16384"
    name_at: ClassVar[int] = 1
    query: ClassVar[str] = f"""
        select array[n.nspname, p.proname, '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')']::text[] as path,
               p.oid::bigint as oid,
               pg_catalog.pg_get_function_arguments(p.oid) as arguments,
               pg_catalog.format_type(p.prorettype, null) as returns,
               coalesce(a.input_names, '{{}}') as input_names,
               g.aggkind::text as aggkind, g.aggnumdirectargs::int as direct_arguments,
               g.aggtransfn::text as sfunc, pg_catalog.format_type(g.aggtranstype, null) as stype,
               g.aggtransspace as sspace, g.agginitval as initcond,
               nullif(g.aggfinalfn::text, '-') as finalfunc, g.aggfinalextra as finalfunc_extra,
               g.aggfinalmodify::text as finalfunc_modify,
               nullif(g.aggcombinefn::text, '-') as combinefunc,
               nullif(g.aggserialfn::text, '-') as serialfunc,
               nullif(g.aggdeserialfn::text, '-') as deserialfunc,
               nullif(g.aggmtransfn::text, '-') as msfunc, nullif(g.aggminvtransfn::text, '-') as minvfunc,
               case when g.aggmtranstype <> 0 then pg_catalog.format_type(g.aggmtranstype, null) end as mstype,
               g.aggmtransspace as msspace, g.aggminitval as minitcond,
               nullif(g.aggmfinalfn::text, '-') as mfinalfunc, g.aggmfinalextra as mfinalfunc_extra,
               g.aggmfinalmodify::text as mfinalfunc_modify,
               case when o.oid is not null
                    then pg_catalog.format('OPERATOR(%I.%s)', op.nspname, o.oprname) end as sortop,
               p.proparallel::text as parallel
        from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        join pg_catalog.pg_aggregate g on g.aggfnoid = p.oid
        left join pg_catalog.pg_operator o on o.oid = g.aggsortop
        left join pg_catalog.pg_namespace op on op.oid = o.oprnamespace
        {ARGUMENTS}
        where p.prokind = 'a' and p.oid >= 16384 and n.nspname !~ '^pg_'"""
    fixed: ClassVar[frozenset[str]] = frozenset({"returns", "aggkind", "direct_arguments"})
    limits: ClassVar[Mapping[str, str]] = {"arguments": "an argument gets another name"}

    arguments: str
    returns: str
    input_names: tuple[str, ...] = dataclasses.field(compare=False)
    aggkind: str
    """n, o (ordered-set) or h (hypothetical-set)."""
    direct_arguments: int
    sfunc: str
    stype: str
    sspace: int
    initcond: str | None
    finalfunc: str | None
    finalfunc_extra: bool
    finalfunc_modify: str
    combinefunc: str | None
    serialfunc: str | None
    deserialfunc: str | None
    msfunc: str | None
    minvfunc: str | None
    mstype: str | None
    msspace: int
    minitcond: str | None
    mfinalfunc: str | None
    mfinalfunc_extra: bool
    mfinalfunc_modify: str
    sortop: str | None
    parallel: str

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE AGGREGATE."""
        del clauses
        yield self.step(f"CREATE {self._text()}")

    def drop(self) -> Iterator[Step]:
        """DROP AGGREGATE."""
        arguments = self.path[2] if self.path[2] != "()" else "(*)"
        yield self.step(f"DROP AGGREGATE {sql.qualified(*self.path[:2])}{arguments}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """CREATE OR REPLACE AGGREGATE, where PostgreSQL allows it."""
        if renames_an_input(before.input_names, self.input_names):
            return None
        return (self.step(f"CREATE OR REPLACE {self._text()}"),)

    def _text(self) -> str:
        head = f"AGGREGATE {sql.qualified(*self.path[:2])}({self.arguments or '*'})"
        usual = "r" if self.aggkind == "n" else "w"
        return listed(
            head,
            options(
                sfunc=self.sfunc,
                stype=self.stype,
                sspace=str(self.sspace) if self.sspace else None,
                finalfunc=self.finalfunc,
                finalfunc_extra=self.finalfunc_extra,
                finalfunc_modify=None if self.finalfunc_modify == usual else _MODIFY[self.finalfunc_modify],
                combinefunc=self.combinefunc,
                serialfunc=self.serialfunc,
                deserialfunc=self.deserialfunc,
                initcond=None if self.initcond is None else sql.literal(self.initcond),
                msfunc=self.msfunc,
                minvfunc=self.minvfunc,
                mstype=self.mstype,
                msspace=str(self.msspace) if self.msspace else None,
                mfinalfunc=self.mfinalfunc,
                mfinalfunc_extra=self.mfinalfunc_extra,
                mfinalfunc_modify=None if self.mfinalfunc_modify == usual else _MODIFY[self.mfinalfunc_modify],
                minitcond=None if self.minitcond is None else sql.literal(self.minitcond),
                sortop=self.sortop,
                parallel=None if self.parallel == "u" else _PARALLEL[self.parallel],
                hypothetical=self.aggkind == "h",
            ),
        )

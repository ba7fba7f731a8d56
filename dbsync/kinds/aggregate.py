"""Aggregates."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, Self

from dbsync import sql
from dbsync.kinds._routine import ARGUMENTS, renames_an_input
from dbsync.model.objects import Object
from dbsync.model.steps import Step

_MODIFY: Final = {"r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"}
_PARALLEL: Final = {"s": "SAFE", "r": "RESTRICTED", "u": "UNSAFE"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Aggregate(Object):
    """An aggregate; functions are named as PostgreSQL names them, types as it prints them."""

    kind: ClassVar[str] = "aggregate"
    catalog: ClassVar[str] = "pg_proc"
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
        stays = ("returns", "aggkind", "direct_arguments")
        if any(getattr(self, f) != getattr(before, f) for f in stays):
            return None
        if renames_an_input(before.input_names, self.input_names):
            return None
        return (self.step(f"CREATE OR REPLACE {self._text()}"),)

    def _text(self) -> str:
        options = ",\n".join(f"    {option}" for option in self._options())
        return f"AGGREGATE {sql.qualified(*self.path[:2])}({self.arguments or '*'}) (\n{options}\n)"

    def _options(self) -> Iterator[str]:
        yield f"SFUNC = {self.sfunc}"
        yield f"STYPE = {self.stype}"
        usual = "r" if self.aggkind == "n" else "w"
        moving = (self.mfinalfunc, self.mfinalfunc_extra, self.mfinalfunc_modify)
        yield from _given(SSPACE=self.sspace)
        yield from _final("", (self.finalfunc, self.finalfunc_extra, self.finalfunc_modify), usual)
        yield from _given(COMBINEFUNC=self.combinefunc, SERIALFUNC=self.serialfunc, DESERIALFUNC=self.deserialfunc)
        yield from _condition("INITCOND", self.initcond)
        yield from _given(MSFUNC=self.msfunc, MINVFUNC=self.minvfunc, MSTYPE=self.mstype, MSSPACE=self.msspace)
        yield from _final("M", moving, usual)
        yield from _condition("MINITCOND", self.minitcond)
        yield from _given(SORTOP=self.sortop)
        if self.parallel != "u":
            yield f"PARALLEL = {_PARALLEL[self.parallel]}"
        if self.aggkind == "h":
            yield "HYPOTHETICAL"


def _given(**options: str | int | None) -> Iterator[str]:
    yield from (f"{name} = {value}" for name, value in options.items() if value)


def _condition(name: str, value: str | None) -> Iterator[str]:
    if value is not None:
        yield f"{name} = {sql.literal(value)}"


def _final(prefix: str, final: tuple[str | None, bool, str], usual: str) -> Iterator[str]:
    function, extra, modify = final
    if function:
        yield f"{prefix}FINALFUNC = {function}"
    if extra:
        yield f"{prefix}FINALFUNC_EXTRA"
    if modify != usual:
        yield f"{prefix}FINALFUNC_MODIFY = {_MODIFY[modify]}"

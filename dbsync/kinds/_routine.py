"""What functions and procedures share: how they are read, and when a new one may replace the old in place."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Final, Self

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.model.steps import Step
from dbsync.pg.sealing import SEAL

ARGUMENTS: Final = """
        left join lateral (
            select array_agg(coalesce(x.name, '') order by x.number)
                       filter (where coalesce(x.mode, 'i') in ('i', 'b', 'v')) as input_names,
                   array_agg(pg_catalog.format_type(x.type, null) order by x.number)
                       filter (where coalesce(x.mode, 'i') in ('i', 'b', 'v')) as input_types,
                   array_agg(pg_catalog.concat_ws(' ', x.name, pg_catalog.format_type(x.type, null)) order by x.number)
                       filter (where x.mode in ('o', 'b', 't')) as outputs,
                   pg_catalog.string_agg(
                       case x.mode when 'o' then 'OUT ' when 'b' then 'INOUT ' when 'v' then 'VARIADIC '
                                   else 'IN ' end || pg_catalog.format_type(x.type, null), ', ' order by x.number)
                       filter (where coalesce(x.mode, 'i') <> 't') as modes_and_types
            from rows from (pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])),
                            pg_catalog.unnest(p.proargnames), pg_catalog.unnest(p.proargmodes))
                 with ordinality x (type, name, mode, number)
        ) a on true"""
"""Reads the arguments of each row `p` of pg_proc."""

QUERY: Final = f"""
        select array[n.nspname, p.proname, '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')']::text[] as path,
               p.oid::bigint as oid,
               pg_catalog.rtrim(
                   pg_catalog.substr(pg_catalog.replace(pg_catalog.pg_get_functiondef(p.oid), '{SEAL}', ''),
                                     pg_catalog.length('CREATE OR REPLACE %s ') + 1), E'\\n') as definition,
               l.lanname as language, p.prokind = 'w' as is_window, p.proretset as returns_set,
               pg_catalog.format_type(p.prorettype, null) as returns,
               coalesce(a.outputs, '{{}}') as outputs,
               coalesce(a.input_names, '{{}}') as input_names,
               coalesce(a.input_types, '{{}}') as input_types,
               coalesce(a.modes_and_types, '') as modes_and_types,
               pg_catalog.count(*) over (partition by p.pronamespace, p.proname) > 1 as is_overloaded,
               p.pronargdefaults::int as defaults,
               coalesce(pg_catalog.pg_get_expr(p.proargdefaults, 0), '') as default_values
        from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        join pg_catalog.pg_language l on l.oid = p.prolang
        {ARGUMENTS}
        where p.prokind in (%s) and p.oid >= 16384 and n.nspname !~ '^pg_'
          and not exists (select from pg_catalog.pg_depend d
                          where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
                            and d.deptype = 'i')"""
"""Every routine but those that belong to a type, such as a range's constructors; `%` takes key word and prokinds."""

_POLYMORPHIC: Final = frozenset(
    base + suffix
    for base in ("any", "anycompatible")
    for suffix in ("", "element", "array", "nonarray", "enum", "range", "multirange")
)


def renames_an_input(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether an argument that had a name gets another one or none, which PostgreSQL refuses in place."""
    return any(old not in ("", new) for old, new in zip(before, after, strict=True))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Routine(Movable):
    """A function or a procedure. What decides about replacing it is part of its definition, so it is not compared."""

    catalog: ClassVar[str] = "pg_proc"
    limits: ClassVar[Mapping[str, str]] = {
        "definition": "its result or the name of an argument changes, or a default goes",
    }
    name_at: ClassVar[int] = 1
    keyword: ClassVar[str]

    definition: str
    """What follows CREATE FUNCTION or CREATE PROCEDURE: arguments, defaults, result, language, options, body."""
    language: str = dataclasses.field(compare=False)
    is_window: bool = dataclasses.field(compare=False)
    returns: str = dataclasses.field(compare=False)
    returns_set: bool = dataclasses.field(compare=False)
    outputs: tuple[str, ...] = dataclasses.field(compare=False)
    """Name and type of each column that it returns by an OUT or INOUT argument or RETURNS TABLE."""
    input_names: tuple[str, ...] = dataclasses.field(compare=False)
    """The names of the arguments that a caller gives; empty where one has none."""
    input_types: tuple[str, ...] = dataclasses.field(compare=False)
    modes_and_types: str = dataclasses.field(compare=False)
    """The whole signature; tells procedures apart that differ only in OUT arguments."""
    is_overloaded: bool = dataclasses.field(compare=False)
    defaults: int = dataclasses.field(compare=False)
    """How many arguments, counted from the last, have a default."""
    default_values: str = dataclasses.field(compare=False)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE."""
        del clauses
        yield self.step(f"CREATE {self.keyword} {self.definition}")

    def drop(self) -> Iterator[Step]:
        """DROP."""
        yield self.step(f"DROP {self.keyword} {sql.qualified(*self.path[:2])}{self.path[2]}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """CREATE OR REPLACE, where PostgreSQL allows it."""
        if not self._may_replace(before):
            return None
        return (self.step(f"CREATE OR REPLACE {self.keyword} {self.definition}"),)

    def _may_replace(self, before: Self) -> bool:
        if (self.is_window, self.returns, self.returns_set) != (before.is_window, before.returns, before.returns_set):
            return False
        if self.returns == "record" and self.outputs != before.outputs:
            return False
        if renames_an_input(before.input_names, self.input_names) or self.defaults < before.defaults:
            return False
        # A polymorphic argument's default has a type of its own, which must stay.
        return not (
            before.defaults
            and before.default_values != self.default_values
            and _POLYMORPHIC.intersection(self.input_types)
        )

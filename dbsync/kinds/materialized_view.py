"""Materialized views."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, Self

from dbsync import sql
from dbsync.kinds import _reloptions, _views
from dbsync.kinds._naming import Movable
from dbsync.model.steps import Step

_STORAGE: Final = {"p": "PLAIN", "e": "EXTERNAL", "x": "EXTENDED", "m": "MAIN"}
_COMPRESSION: Final = {"p": "pglz", "l": "lz4", "": "DEFAULT"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class MaterializedView(Movable):
    """A materialized view; what it holds can be computed again, so nothing is lost with it."""

    kind: ClassVar[str] = "materialized view"
    catalog: ClassVar[str] = "pg_class"
    among: ClassVar[str] = "pg_class where relkind = 'm'"
    query: ClassVar[str] = f"""
        select array[n.nspname, c.relname]::text[] as path, c.oid::bigint as oid,
               pg_catalog.ltrim(pg_catalog.left(pg_catalog.pg_get_viewdef(c.oid), -1), ' ') as definition,
               coalesce(a.names, '{{}}') as names,
               coalesce(a.types, '{{}}') as types,
               coalesce(a.collations, '{{}}') as collations,
               coalesce(a.targets, '{{}}') as targets,
               coalesce(a.storages, '{{}}') as storages,
               coalesce(a.type_storages, '{{}}') as type_storages,
               coalesce(a.compressions, '{{}}') as compressions,
               coalesce(a.column_options, '{{}}') as column_options,
               {_reloptions.counted("c.reloptions", "c.relam")}
               || array(select 'toast.' || o from pg_catalog.unnest({_reloptions.counted("x.reloptions")}) o)
               as options,
               m.amname as access_method, s.spcname as tablespace, c.relispopulated as populated
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        left join pg_catalog.pg_class x on x.oid = c.reltoastrelid
        left join pg_catalog.pg_am m on m.oid = c.relam and m.amname <> 'heap'
        left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
        left join {_views.COLUMNS % "m"} a on a.attrelid = c.oid
        where c.relkind = 'm' and c.oid >= 16384 and n.nspname !~ '^pg_'"""
    fixed: ClassVar[frozenset[str]] = frozenset({"definition", "names", "types", "collations"})

    definition: str
    """The query."""
    names: tuple[str, ...]
    types: tuple[str, ...]
    collations: tuple[str, ...]
    targets: tuple[int, ...]
    """The statistics target of each column; -1 is the server's default."""
    storages: tuple[str, ...]
    """How each column is stored, as pg_attribute's letter."""
    type_storages: tuple[str, ...] = dataclasses.field(compare=False)
    """How each column is stored where nothing else is said."""
    compressions: tuple[str, ...]
    column_options: tuple[str, ...]
    """The attribute options of each column, separated by commas."""
    options: tuple[str, ...]
    access_method: str | None
    """None for heap."""
    tablespace: str | None
    populated: bool

    def keeping(self, before: Self) -> Self:
        """One that is filled stays so: a dump's WITH NO DATA says nothing of live's rows."""
        return dataclasses.replace(self, populated=self.populated or before.populated)

    def undumped(self) -> Iterator[str]:
        """A dump of the schema leaves it empty."""
        if self.populated:
            yield f"REFRESH MATERIALIZED VIEW {sql.qualified(*self.path)}"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE MATERIALIZED VIEW, and what of its columns has no place in it."""
        del clauses
        method = f" USING {sql.name(self.access_method)}" if self.access_method else ""
        options = f" WITH {_reloptions.listed(self.options)}" if self.options else ""
        tablespace = f" TABLESPACE {sql.name(self.tablespace)}" if self.tablespace else ""
        data = "" if self.populated else "\n  WITH NO DATA"
        yield self.step(
            f"CREATE MATERIALIZED VIEW {sql.qualified(*self.path)}{method}{options}{tablespace} AS\n"
            f" {self.definition}{data}",
            reason="its query runs to fill it" if self.populated else None,
        )
        none = ("",) * len(self.names)
        plain = dataclasses.replace(
            self,
            targets=(-1,) * len(self.names),
            storages=self.type_storages,
            compressions=none,
            column_options=none,
        )
        yield from (self.step(f"{self._alter()} {change}") for change in self._column_changes(plain))

    def drop(self) -> Iterator[Step]:
        """DROP MATERIALIZED VIEW."""
        yield self.step(f"DROP MATERIALIZED VIEW {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Everything in place but the query and the columns that follow from it."""
        changes = list(_reloptions.changes(before.options, self.options))
        if self.access_method != before.access_method:
            changes.append(f"SET ACCESS METHOD {sql.name(self.access_method or 'heap')}")
        if self.tablespace != before.tablespace:
            changes.append(f"SET TABLESPACE {sql.name(self.tablespace or 'pg_default')}")
        changes += self._column_changes(before)
        steps = [self.step(f"{self._alter()} {change}") for change in changes]
        if self.populated != before.populated:
            data = "" if self.populated else " WITH NO DATA"
            steps.append(self.step(f"REFRESH MATERIALIZED VIEW {sql.qualified(*self.path)}{data}"))
        return steps

    def _alter(self) -> str:
        return f"ALTER MATERIALIZED VIEW {sql.qualified(*self.path)}"

    def _column_changes(self, before: Self) -> Iterator[str]:
        for i, name in enumerate(self.names):
            column = f"ALTER COLUMN {sql.name(name)}"
            if self.targets[i] != before.targets[i]:
                yield f"{column} SET STATISTICS {self.targets[i]}"
            if self.storages[i] != before.storages[i]:
                yield f"{column} SET STORAGE {_STORAGE[self.storages[i]]}"
            if self.compressions[i] != before.compressions[i]:
                yield f"{column} SET COMPRESSION {_COMPRESSION[self.compressions[i]]}"
            old, new = (one.column_options[i].split(",") if one.column_options[i] else [] for one in (before, self))
            for change in _reloptions.changes(old, new):
                yield f"{column} {change}"

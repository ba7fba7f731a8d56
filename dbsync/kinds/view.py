"""Views."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds import _reloptions, _views
from dbsync.kinds._naming import Movable
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class View(Movable):
    """A view. Its definition names every column, so that no list of columns is needed beside it."""

    kind: ClassVar[str] = "view"
    catalog: ClassVar[str] = "pg_class"
    among: ClassVar[str] = "pg_class where relkind = 'v' and oid >= 16384"
    query: ClassVar[str] = f"""
        select array[n.nspname, c.relname]::text[] as path, c.oid::bigint as oid,
               pg_catalog.ltrim(pg_catalog.left(pg_catalog.pg_get_viewdef(c.oid), -1), ' ') as definition,
               coalesce(a.names, '{{}}') as names,
               coalesce(a.types, '{{}}') as types,
               coalesce(a.collations, '{{}}') as collations,
               array(select o from pg_catalog.unnest({_reloptions.counted("c.reloptions")}) o
                     where o not like 'check\\_option=%') as options,
               (select pg_catalog.upper(pg_catalog.split_part(o, '=', 2)) from pg_catalog.unnest(c.reloptions) o
                where o like 'check\\_option=%') as check_option
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        left join {_views.COLUMNS % "v"} a on a.attrelid = c.oid
        where c.relkind = 'v' and c.oid >= 16384 and n.nspname !~ '^pg_'"""
    limits: ClassVar[Mapping[str, str]] = {
        "names": "columns are not only added at the end",
        "types": "columns are not only added at the end",
        "collations": "columns are not only added at the end",
    }

    definition: str
    """The query."""
    names: tuple[str, ...]
    types: tuple[str, ...]
    collations: tuple[str, ...]
    """The collation of each column that has another one than its type, else an empty text."""
    options: tuple[str, ...]
    check_option: str | None
    """LOCAL, CASCADED or None."""

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE VIEW."""
        del clauses
        yield self.step(f"CREATE VIEW {self._text()}")

    def drop(self) -> Iterator[Step]:
        """DROP VIEW."""
        yield self.step(f"DROP VIEW {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """CREATE OR REPLACE VIEW, which sets all options anew, where columns are only added at the end."""
        if any(new[: len(old)] != old for old, new in zip(before._columns(), self._columns(), strict=True)):
            return None
        if self.definition != before.definition:
            return (self.step(f"CREATE OR REPLACE VIEW {self._text()}"),)
        old, new = before._all_options(), self._all_options()
        alter = f"ALTER VIEW {sql.qualified(*self.path)}"
        return tuple(self.step(f"{alter} {change}") for change in _reloptions.changes(old, new))

    def _columns(self) -> tuple[tuple[str, ...], ...]:
        return self.names, self.types, self.collations

    def _all_options(self) -> tuple[str, ...]:
        return self.options + ((f"check_option={self.check_option.lower()}",) if self.check_option else ())

    def _text(self) -> str:
        options = f" WITH {_reloptions.listed(self.options)}" if self.options else ""
        check = f"\n  WITH {self.check_option} CHECK OPTION" if self.check_option else ""
        return f"{sql.qualified(*self.path)}{options} AS\n {self.definition}{check}"

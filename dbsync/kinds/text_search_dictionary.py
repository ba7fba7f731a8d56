"""Text search dictionaries."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._naming import Movable
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextSearchDictionary(Movable):
    """A dictionary: its template, and its options as PostgreSQL keeps them, `language = 'english'`."""

    kind = "text search dictionary"
    catalog = "pg_ts_dict"
    among = "pg_ts_dict where oid >= 16384"
    query = """
        select d.oid::bigint as oid,
               array[n.nspname, d.dictname]::text[] as path,
               quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname) as template,
               d.dictinitoption as options
        from pg_catalog.pg_ts_dict d
        join pg_catalog.pg_namespace n on n.oid = d.dictnamespace
        join pg_catalog.pg_ts_template t on t.oid = d.dicttemplate
        join pg_catalog.pg_namespace tn on tn.oid = t.tmplnamespace
        where d.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """
    fixed = frozenset({"template"})

    template: str
    options: str | None

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE TEXT SEARCH DICTIONARY."""
        del clauses
        options = f", {self.options}" if self.options else ""
        name = sql.qualified(*self.path)
        yield self.step(f"CREATE TEXT SEARCH DICTIONARY {name} (TEMPLATE = {self.template}{options})")

    def drop(self) -> Iterator[Step]:
        """DROP TEXT SEARCH DICTIONARY."""
        yield self.step(f"DROP TEXT SEARCH DICTIONARY {sql.qualified(*self.path)}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Options change in place: all are named again, in their order, and a name alone takes one away."""
        kept = _option_names(self.options)
        parts = [self.options] if self.options else []
        parts += [sql.name(name) for name in _option_names(before.options) if name not in kept]
        return [self.step(f"ALTER TEXT SEARCH DICTIONARY {sql.qualified(*self.path)} ({', '.join(parts)})")]


def _option_names(options: str | None) -> list[str]:
    if not options:
        return []
    # Its generated classes take longer to import than all kinds together, and few databases have a dictionary.
    import postgast

    tree = postgast.parse(f"CREATE TEXT SEARCH DICTIONARY d ({options})")
    return [item.def_elem.defname for item in tree.stmts[0].stmt.define_stmt.definition]

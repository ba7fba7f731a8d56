"""Extensions."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.model.objects import Object
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Extension(Object):
    """An extension, with its version and the schema that it was put into; its members are no objects."""

    kind = "extension"
    catalog = "pg_extension"
    in_schema = False
    rank = 15
    query = """
        select array[e.extname]::text[] as path, e.oid::bigint as oid, e.extversion as version,
               n.nspname::text as namespace, e.extrelocatable as relocatable,
               coalesce(a.default_version, '') as default_version,
               exists (
                   select from pg_catalog.pg_depend d
                   join pg_catalog.pg_class c on c.oid = d.objid and c.relkind in ('r', 'p')
                   where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.refobjid = e.oid
                     and d.classid = 'pg_catalog.pg_class'::regclass and d.deptype = 'e'
               ) as has_tables
        from pg_catalog.pg_extension e
        join pg_catalog.pg_namespace n on n.oid = e.extnamespace
        left join pg_catalog.pg_available_extensions() a on a.name = e.extname
    """
    limits: ClassVar[Mapping[str, str]] = {"namespace": "the extension cannot be moved"}

    version: str
    namespace: str
    relocatable: bool = dataclasses.field(compare=False)
    default_version: str = dataclasses.field(compare=False)
    has_tables: bool = dataclasses.field(compare=False)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE EXTENSION, with its version where the server would install another."""
        del clauses
        version = "" if self.version == self.default_version else f" VERSION {sql.literal(self.version)}"
        yield self.step(f"CREATE EXTENSION {self._name} WITH SCHEMA {sql.name(self.namespace)}{version}")

    def drop(self) -> Iterator[Step]:
        """DROP EXTENSION."""
        yield self.step(f"DROP EXTENSION {self._name}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """SET SCHEMA, where the extension allows it, and UPDATE TO."""
        steps = []
        if self.namespace != before.namespace:
            if not before.relocatable:
                return None
            steps.append(self.step(f"ALTER EXTENSION {self._name} SET SCHEMA {sql.name(self.namespace)}"))
        if self.version != before.version:
            steps.append(self.step(f"ALTER EXTENSION {self._name} UPDATE TO {sql.literal(self.version)}"))
        return steps

    def loses(self) -> str | None:
        """The rows of the tables that it brought along."""
        return f"extension {self._name} and the rows of its tables" if self.has_tables else None

    @property
    def _name(self) -> str:
        return sql.name(self.path[0])

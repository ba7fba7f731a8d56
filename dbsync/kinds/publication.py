"""Publications."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._naming import Renamable
from dbsync.model.steps import Step

_GENERATED = {"n": "none", "s": "stored"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Publication(Renamable):
    """A publication; its tables and schemas are objects within it."""

    kind = "publication"
    catalog = "pg_publication"
    among = "pg_publication"
    in_schema = False
    rank = 80
    query = """
        select array[pubname]::text[] as path, oid::bigint as oid, puballtables as all_tables,
               array_remove(array[
                   case when pubinsert then 'insert' end, case when pubupdate then 'update' end,
                   case when pubdelete then 'delete' end, case when pubtruncate then 'truncate' end
               ], null) as publish,
               pubviaroot as via_root, {generated} as generated
        from pg_catalog.pg_publication
    """
    fixed = frozenset({"all_tables"})

    all_tables: bool
    publish: tuple[str, ...]
    via_root: bool
    generated: str
    """Whether generated columns are published: "n" none, "s" stored ones."""

    @classmethod
    def read(cls, version: int) -> str:
        """Generated columns can be published since 18."""
        return cls.query.format(generated="pubgencols::text" if version >= 180000 else "'n'")

    def newer(self) -> Iterator[tuple[int, str]]:
        """Generated columns."""
        if self.generated != "n":
            yield 18, "publish_generated_columns"

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE PUBLICATION, with those of its tables and schemas that are there by then."""
        members = "ALL TABLES" if self.all_tables else ", ".join(clauses)
        options = self._options(self._plain())
        parts = [
            f"CREATE PUBLICATION {self._name}",
            f"FOR {members}" if members else "",
            f"WITH ({options})" if options else "",
        ]
        yield self.step(" ".join(part for part in parts if part))

    def drop(self) -> Iterator[Step]:
        """DROP PUBLICATION."""
        yield self.step(f"DROP PUBLICATION {self._name}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """ALTER PUBLICATION … SET; whether it is for all tables is settled when it is made."""
        return [self.step(f"ALTER PUBLICATION {self._name} SET ({self._options(before)})")]

    def _options(self, before: "Publication") -> str:
        options = []
        if self.publish != before.publish:
            options.append(f"publish = {sql.literal(', '.join(self.publish))}")
        if self.via_root != before.via_root:
            options.append(f"publish_via_partition_root = {str(self.via_root).lower()}")
        if self.generated != before.generated:
            options.append(f"publish_generated_columns = {_GENERATED[self.generated]}")
        return ", ".join(options)

    def _plain(self) -> "Publication":
        return Publication(
            path=self.path,
            all_tables=self.all_tables,
            publish=("insert", "update", "delete", "truncate"),
            via_root=False,
            generated="n",
        )

    @property
    def _name(self) -> str:
        return sql.name(self.path[0])

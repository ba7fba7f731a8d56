"""Primary keys, unique, check, foreign key and exclusion constraints of tables and foreign tables."""

import dataclasses
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import ClassVar, Final, Self

from dbsync import sql
from dbsync.kinds import _inherited, _reloptions
from dbsync.kinds._attached import relation
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step

_ORDER: Final = {"p": 1, "u": 2, "x": 3, "c": 4, "f": 5}
_NOT_ENFORCED: Final = "NOT ENFORCED"
_NOT_VALID: Final = "NOT VALID"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Constraint(Object):
    """A constraint. What PostgreSQL makes of a foreign key for each partition is no object of its own.

    `attached`: a part of the partitioned table's constraint, dropped with it and not by itself.
    `partitioned`: the table has partitions, whose constraints are made and attached one by one.
    """

    kind = "constraint"
    catalog = "pg_constraint"
    rank = 65
    query = """
        select array[s.nspname, c.relname, k.conname]::text[] as path, k.oid::bigint as oid, k.contype::text as type,
               pg_catalog.pg_get_constraintdef(k.oid) as printed, k.condeferrable as deferrable,
               k.condeferred as deferred, {enforced} as enforced, k.convalidated or not {enforced} as validated,
               {temporal} as temporal,
               case when k.contype in ('p', 'u') then {options} else '{{}}' end as options,
               coalesce(t.spcname, '')::text as tablespace,
               k.conislocal or c.relispartition as local, c.relkind::text as relkind, k.conparentid <> 0 as attached,
               c.relkind = 'p' and c.relhassubclass as partitioned,
               case when r.oid is null then '{{}}' else array[rs.nspname, r.relname]::text[] end as refers_to,
               case when k.coninhcount > 0 and k.conparentid = 0 then coalesce(p.parents, '{{}}')
                    else '{{}}' end as parents
        from pg_catalog.pg_constraint k
        join pg_catalog.pg_class c on c.oid = k.conrelid and c.relkind in ('r', 'p', 'f')
        join pg_catalog.pg_namespace s on s.oid = c.relnamespace
        left join pg_catalog.pg_class r on r.oid = k.confrelid
        left join pg_catalog.pg_namespace rs on rs.oid = r.relnamespace
        left join pg_catalog.pg_class i on i.oid = k.conindid and k.contype in ('p', 'u', 'x')
        left join pg_catalog.pg_tablespace t on t.oid = i.reltablespace
        left join (
            select h.inhrelid, pk.conname,
                   array_agg(array[ps.nspname, p.relname]::text[] order by h.inhseqno) as parents
            from pg_catalog.pg_inherits h
            join pg_catalog.pg_class p on p.oid = h.inhparent and p.relkind in ('r', 'p', 'f')
            join pg_catalog.pg_namespace ps on ps.oid = p.relnamespace
            join pg_catalog.pg_constraint pk on pk.conrelid = p.oid and pk.contype = 'c'
            group by h.inhrelid, pk.conname
        ) p on p.inhrelid = c.oid and p.conname = k.conname
        where k.contype in ('p', 'u', 'c', 'f', 'x') and (k.conparentid = 0 or k.contype in ('p', 'u', 'x'))
          and c.oid >= 16384 and s.nspname !~ '^pg_'
    """
    fixed = frozenset({"type"})
    limits: ClassVar[Mapping[str, str]] = {
        "printed": "what it says changes",
        "deferrable": "it is no foreign key",
        "deferred": "it is no foreign key",
        "enforced": "it is no foreign key",
        "validated": "it is not to be valid any more, and not inherited",
        "local": "it is to be there by inheritance alone (with its table)",
    }

    type: str
    """As pg_constraint has it: p, u, x, c or f."""
    printed: str
    """As pg_get_constraintdef() prints it; without the options and the tablespace of the index of a key."""
    deferrable: bool
    deferred: bool
    enforced: bool
    validated: bool
    options: tuple[str, ...]
    tablespace: str
    local: bool
    """False for one that is there only by inheritance (never for a partition's)."""

    temporal: bool = dataclasses.field(default=False, compare=False)
    """WITHOUT OVERLAPS, PERIOD."""
    relkind: str = dataclasses.field(default="r", compare=False)
    attached: bool = dataclasses.field(default=False, compare=False)
    partitioned: bool = dataclasses.field(default=False, compare=False)
    refers_to: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """The table that a foreign key refers to."""
    parents: tuple[tuple[str, str], ...] = dataclasses.field(default=(), compare=False)
    """The tables whose constraint it comes from, by inheritance or as a partition."""

    @classmethod
    def read(cls, version: int) -> str:
        """Constraints that are not enforced, and those over a period, came with 18."""
        options = _reloptions.counted("i.reloptions", "i.relam")
        if version >= 180000:
            return cls.query.format(options=options, enforced="k.conenforced", temporal="k.conperiod")
        return cls.query.format(options=options, enforced="true", temporal="false")

    def newer(self) -> Iterator[tuple[int, str]]:
        """What is not enforced, what is over a period, and what partitioned tables did not have from the start."""
        if not self.enforced:
            yield 18, "NOT ENFORCED"
        if self.temporal:
            yield 18, "PERIOD" if self.type == "f" else "WITHOUT OVERLAPS"
        if self.relkind == "p" and self.type == "x":
            yield 17, "EXCLUDE on a partitioned table"
        if self.relkind == "p" and self.type == "f" and not self.validated:
            yield 18, "FOREIGN KEY … NOT VALID on a partitioned table"

    def claim(self) -> tuple[str, ...]:
        """Its index has its name among the relations of the schema."""
        return (self.path[0], self.path[2]) if self.type in "pux" else self.path

    def space(self) -> str:
        """That of its index, where it has one."""
        return "relation" if self.type in "pux" else self.catalog

    def needs(self) -> Iterator[Id]:
        """The table."""
        yield self.within()

    def within(self) -> Id:
        """The table."""
        return relation(self.relkind, self.path)

    def relies_on(self) -> Iterator[Id]:
        """The table that a foreign key refers to."""
        if self.refers_to:
            yield Id("table", self.refers_to)

    def implied_by(self) -> Iterator[Id]:
        """The parents' constraints, for one that is inherited."""
        for parent in self.parents:
            yield Id("constraint", (*parent, self.path[2]))

    def position(self) -> tuple[int, int]:
        """Constraints stand below the columns, keys first."""
        return (1, _ORDER[self.type])

    def clause(self, clauses: Sequence[str] = ()) -> str | None:
        """Its definition; one that is NOT VALID can only be added to a table that is there."""
        del clauses
        if not self.local:
            return ""
        return self._definition() if self.validated else None

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """ADD CONSTRAINT."""
        del clauses
        only = "ONLY " if self.partitioned and self.type in "pux" else ""
        yield self._alter(f"ADD {self._definition()}", only=only)

    def drop(self) -> Iterator[Step]:
        """DROP CONSTRAINT; nothing for one that goes with the partitioned table's."""
        if not self.attached:
            step = self._alter(f"DROP CONSTRAINT {sql.name(self.path[2])}")
            # A foreign key may refer to the part of it that a partition has.
            cascade = [f"{step.sql} CASCADE"] if self.relkind == "p" and self.type in "pu" else []
            yield dataclasses.replace(step, otherwise=tuple(cascade))

    def freed(self, gone: Container[Id]) -> Self:
        """A detached partition has the constraint for itself."""
        alone = self.attached and Id("partition", self.path[:2]) in gone
        return dataclasses.replace(self, attached=False) if alone else self

    def rename(self, name: str) -> Sequence[Step]:
        """RENAME CONSTRAINT; a key goes by the name of its index, which takes a weaker lock."""
        if self.type in "pux":
            index = sql.qualified(self.path[0], self.path[2])
            return [self.step(f"ALTER INDEX {index} RENAME TO {sql.name(name)}")]
        return [self._alter(f"RENAME CONSTRAINT {sql.name(self.path[2])} TO {sql.name(name)}")]

    def renews_whole(self, before: Self | None, made: Container[Id]) -> str | None:
        """Where it is the table's own, or would have to be, and is to be there by inheritance alone."""
        local = (before.local if before else None, self.local)
        return _inherited.renews_whole(self.id, local, self.implied_by(), made)

    def alter(self, before: Self) -> Sequence[Step] | None:
        """What changes in place: validity, when a foreign key is checked, and the storage of a key's index."""
        if self._core() != before._core():
            return None
        if self._loses_validity(before):
            return self._not_valid_by_inheritance() if self.parents and not self.local and not before.local else None
        if self._timing() != before._timing() and self.type != "f":
            return None
        if self.enforced != before.enforced and self.type != "f":
            return None
        return list(self._steps(before))

    def _loses_validity(self, before: Self) -> bool:
        return before.validated and not self.validated and self.enforced

    def _not_valid_by_inheritance(self) -> Sequence[Step]:
        drop, add = f"DROP CONSTRAINT {sql.name(self.path[2])}", f"ADD {self._definition()}"
        texts = _inherited.through_stand_ins(self.path[:2], self.parents, drop, add)
        return [self.step(";\n".join(texts), reason=_inherited.NOT_VALID)]

    def _steps(self, before: Self) -> Iterator[Step]:
        name = sql.name(self.path[2])
        if self._timing() != before._timing():
            timing = self._timing() or "NOT DEFERRABLE"
            yield self._alter(f"ALTER CONSTRAINT {name} {timing}")
        if self.enforced != before.enforced:
            yield self._alter(f"ALTER CONSTRAINT {name} {'' if self.enforced else 'NOT '}ENFORCED")
        elif self.validated and not before.validated:
            yield self._alter(f"VALIDATE CONSTRAINT {name}")
        index = sql.qualified(self.path[0], self.path[2])
        for action in _reloptions.changes(before.options, self.options):
            yield self.step(f"ALTER INDEX {index} {action}")
        if self.tablespace != before.tablespace:
            yield self.step(f"ALTER INDEX {index} SET TABLESPACE {sql.name(self.tablespace or 'pg_default')}")

    def _timing(self) -> str:
        if not self.deferrable:
            return ""
        return "DEFERRABLE INITIALLY DEFERRED" if self.deferred else "DEFERRABLE"

    def _state(self) -> str:
        if not self.enforced:
            return _NOT_ENFORCED
        return "" if self.validated else _NOT_VALID

    def _core(self) -> str:
        """The definition less what `_timing` and `_state` say, which PostgreSQL prints last.

        A text that was printed again after a reload may be of another state.
        """
        text = self.printed
        for ending in (_NOT_ENFORCED, _NOT_VALID, self._timing()):
            text = text.removesuffix(f" {ending}") if ending else text
        return text

    def _definition(self) -> str:
        parts = [f"CONSTRAINT {sql.name(self.path[2])}", self._core()]
        parts += [f"WITH {_reloptions.listed(self.options)}"] if self.options else []
        parts += [f"USING INDEX TABLESPACE {sql.name(self.tablespace)}"] if self.tablespace and self.type != "x" else []
        return " ".join([*parts, *filter(None, (self._timing(), self._state()))])

    def _alter(self, action: str, *, only: str = "") -> Step:
        word = "FOREIGN TABLE" if self.relkind == "f" else "TABLE"
        return self.step(f"ALTER {word} {only}{sql.qualified(*self.path[:2])} {action}")

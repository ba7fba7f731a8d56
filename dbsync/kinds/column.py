"""Columns of tables and foreign tables."""

import dataclasses
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import ClassVar, Final, Self

from dbsync import sql
from dbsync.kinds import _column_query, _foreign_options, _inherited, _kindred, _reloptions
from dbsync.kinds._attached import relation
from dbsync.kinds._counter import Counter
from dbsync.kinds._expression import enclosed
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step

_STORAGE: Final = {"p": "PLAIN", "e": "EXTERNAL", "x": "EXTENDED", "m": "MAIN"}
_COMPRESSION: Final = {"p": "pglz", "l": "lz4", "": "DEFAULT"}
_IDENTITY: Final = {"a": "ALWAYS", "d": "BY DEFAULT"}
_READ_THE_TYPE: Final = frozenset(
    {
        "view",
        "materialized view",
        "rule",
        "policy",
        "trigger",
        "function",
        "procedure",
        "publication table",
        "column",
    }
)
"""What PostgreSQL does not let depend on a column while its type changes (a column that does is a generated one)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column(Object):
    """A column.

    One that is there only by inheritance has an empty clause in the CREATE of a new child. A partition's columns all
    stand in its CREATE; later they change with the parent's (`implied_by`), but a new partition's are its own.
    """

    kind = "column"
    catalog = "pg_class"
    rank = 30
    derived_names = frozenset({"not_null_name", "sequence"})
    query = _column_query.query(180000)
    limits: ClassVar[Mapping[str, str]] = {
        "generated": "it becomes generated, or generated in another way",
        "expression": "the type changes too, or the server is older than 17",
        "local": "it is to be there by inheritance alone (with its table)",
    }

    type: str
    collation: str
    """Empty where it is the type's."""
    not_null: bool
    not_null_name: str
    """The name of its not-null constraint (18 on) where it is neither the usual one nor inherited."""
    not_null_no_inherit: bool
    not_null_valid: bool
    identity: str
    """As pg_attribute has it: `a`, `d` or empty."""
    counter: tuple[str, ...]
    """The options of its identity sequence."""
    sequence: tuple[str, ...]
    """The name of its identity sequence, with its schema."""
    sequence_persistence: str
    """Empty where it is that of the table."""
    generated: str
    """As pg_attribute has it: `s`, `v` or empty."""
    expression: str
    storage: str
    """Empty where it is the type's."""
    compression: str
    statistics: int
    options: tuple[str, ...]
    foreign_options: tuple[str, ...]
    local: bool
    """False for one that is there only by inheritance (never for a partition's)."""

    number: int = dataclasses.field(default=0, compare=False)
    version: int = dataclasses.field(default=0, compare=False)
    relkind: str = dataclasses.field(default="r", compare=False)
    typed: bool = dataclasses.field(default=False, compare=False)
    not_null_constraint: str = dataclasses.field(default="", compare=False)
    not_null_local: bool = dataclasses.field(default=False, compare=False)
    not_null_inherited: bool = dataclasses.field(default=False, compare=False)
    not_null_shared: bool = dataclasses.field(default=False, compare=False)
    """A partitioned table's, whose name its partitions use too: given, lest one that is there first keeps it away."""
    not_null_heirs: tuple[tuple[str, str], ...] = dataclasses.field(default=(), compare=False)
    """The tables that inherit it and have a not-null constraint with a name of their own: they get it first."""
    type_storage: str = dataclasses.field(default="", compare=False)
    in_foreign_key: bool = dataclasses.field(default=False, compare=False)
    parents: tuple[tuple[str, str], ...] = dataclasses.field(default=(), compare=False)
    """The tables that it comes from, by inheritance or as a partition."""
    bound: str = dataclasses.field(default="", compare=False)
    """For which rows the table is a partition; empty where it is none."""

    @classmethod
    def read(cls, version: int) -> str:
        """Not-null constraints have names and states from 18 on."""
        return _column_query.query(version)

    def on(self, version: int) -> Self:
        """Before 18 a not-null constraint has no name, also where it is given one."""
        if version >= 180000:
            return dataclasses.replace(self, version=version)
        return dataclasses.replace(
            self,
            version=version,
            not_null_name="",
            not_null_constraint="",
            not_null_local=False,
            not_null_shared=False,
            not_null_heirs=(),
        )

    def newer(self) -> Iterator[tuple[int, str]]:
        """Values that are computed when they are read, and the states of a not-null constraint."""
        if self.generated == "v":
            yield 18, "GENERATED … VIRTUAL"
        if not self.not_null_valid:
            yield 18, "NOT NULL … NOT VALID"
        if self.not_null_no_inherit:
            yield 18, "NOT NULL NO INHERIT"

    def needs(self) -> Iterator[Id]:
        """The table."""
        yield self.within()

    def within(self) -> Id:
        """The table."""
        return relation(self.relkind, self.path)

    def implied_by(self) -> Iterator[Id]:
        """The parents' columns: what happens to them happens to this one."""
        for parent in self.parents:
            yield Id("column", (*parent, self.path[2]))

    def position(self) -> tuple[int, int]:
        """Columns come first, in their order."""
        return (0, self.number)

    def clause(self, clauses: Sequence[str] = ()) -> str:
        """Its definition."""
        if not self.local:
            # What the parent does not say of its not-null constraint can stand as a constraint of the table.
            own = self.not_null_local and self.not_null_valid
            return f"{self._not_null()} {sql.name(self.path[2])}" if own else ""
        constraints = [*clauses, *self._constraints()]
        if self.typed:
            return " ".join([sql.name(self.path[2]), "WITH OPTIONS", *constraints]) if constraints else ""
        parts = [sql.name(self.path[2]), self.type]
        if self.storage and self.version >= 160000:
            parts.append(f"STORAGE {_STORAGE[self.storage]}")
        parts += [f"COMPRESSION {_COMPRESSION[self.compression]}"] if self.compression else []
        parts += [_foreign_options.listed(self.foreign_options)] if self.foreign_options else []
        parts += [f"COLLATE {self.collation}"] if self.collation else []
        return " ".join(parts + constraints)

    def _constraints(self) -> Iterator[str]:
        if self.generated:
            yield f"GENERATED ALWAYS AS {enclosed(self.expression)} {'STORED' if self.generated == 's' else 'VIRTUAL'}"
        if self.identity:
            yield self._identity()
        if self.not_null and self.not_null_valid:
            text = self._not_null() + (" NO INHERIT" if self.not_null_no_inherit else "")
            # An identity column is NOT NULL anyway.
            if text != "NOT NULL" or not self.identity:
                yield text

    def _not_null(self) -> str:
        named = self.not_null_shared or self.not_null_constraint not in {"", self._usual_name()}
        return f"CONSTRAINT {sql.name(self.not_null_constraint)} NOT NULL" if named else "NOT NULL"

    def _usual_name(self) -> str:
        return f"{self.path[1]}_{self.path[2]}_not_null"

    def _identity(self) -> str:
        options = Counter(*self.counter).written()
        if self.sequence != (self.path[0], f"{self.path[1]}_{self.path[2]}_seq"):
            options.insert(0, f"SEQUENCE NAME {sql.qualified(*self.sequence)}")
        return f"GENERATED {_IDENTITY[self.identity]} AS IDENTITY" + (f" ({' '.join(options)})" if options else "")

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """ADD COLUMN, and what cannot be said there."""
        if self.typed:
            return
        later = bool(self.not_null_heirs)
        added = dataclasses.replace(self, local=True, not_null=self.not_null and not later)
        yield self._table(f"ADD COLUMN {added.clause(clauses)}")
        bare = dataclasses.replace(
            self,
            statistics=-1,
            options=(),
            storage=self.storage if self.version >= 160000 else "",
            not_null=self.not_null and self.not_null_valid and not later,
            sequence_persistence="",
        )
        yield from self.alter(bare) or ()

    def drop(self) -> Iterator[Step]:
        """DROP COLUMN."""
        yield self._table(f"DROP COLUMN {sql.name(self.path[2])}")

    def drop_alone(self) -> Iterator[Step]:
        """DROP COLUMN … of ONLY this table: the heirs' columns become their own, with their values."""
        table, name = sql.qualified(*self.path[:2]), sql.name(self.path[2])
        yield self.step(f"ALTER TABLE ONLY {table} DROP COLUMN {name}", reason="tables that inherit it keep theirs")

    def rename(self, name: str) -> Sequence[Step]:
        """RENAME COLUMN."""
        return [self._table(f"RENAME COLUMN {sql.name(self.path[2])} TO {sql.name(name)}")]

    def loses(self) -> str | None:
        """Its values, where they are not computed."""
        return None if self.generated else f"column {sql.qualified(*self.path)} and its values"

    def renews_whole(self, before: Self | None, made: Container[Id]) -> str | None:
        """Where it is the table's own, or would have to be, and is to be there by inheritance alone."""
        local = (before.local if before else None, self.local)
        return _inherited.renews_whole(self.id, local, self.implied_by(), made)

    def disturbs(self, before: Self) -> frozenset[str]:
        """What reads the type; defaults and keys only where the types have nothing to do with each other."""
        if self.generated == "v" and self.expression != before.expression:
            return frozenset({"constraint"})
        if (self.type, self.collation) == (before.type, before.collation):
            return frozenset()
        kinds = set(_READ_THE_TYPE)
        if not _kindred.keeps_default(before.type, self.type):
            kinds.add("default")
        if before.in_foreign_key and not _kindred.keeps_foreign_key(before.type, self.type):
            kinds.add("constraint")
        return frozenset(kinds)

    def alter(self, before: Self) -> Sequence[Step] | None:
        """In place, but for what makes a column generated or computes its values in another way."""
        if not self._keeps_its_values(before):
            return None
        return list(self._steps(before))

    def follow(self) -> Sequence[Step] | None:
        """The column goes over to a new type of the same name by way of text."""
        if self.generated:
            return None
        if self.parents:
            return []
        name = sql.name(self.path[2])
        text = "text[]" if self.type.endswith("[]") else "text"
        return [self._column(f"TYPE {self._typed()} USING {name}::{text}::{self.type}")]

    def retyped(self) -> Step:
        """The column gets the type in place: its values as they are assigned, or else cast, or else read as text."""
        name, texts = sql.name(self.path[2]), [f"TYPE {self._typed()}"]
        if not self.generated and self.relkind != "f":
            texts += [f"{texts[0]} USING {name}::{self.type}", f"{texts[0]} USING {name}::text::{self.type}"]
        first, *others = (self._column(text) for text in texts)
        return dataclasses.replace(first, otherwise=tuple(step.sql for step in others))

    def _keeps_its_values(self, before: Self) -> bool:
        if (self.generated, before.generated) == ("", "s"):
            return True
        if self.generated != before.generated:
            return False
        return self.expression == before.expression or (self.version >= 170000 and self.type == before.type)

    def _steps(self, before: Self) -> Iterator[Step]:
        name = sql.name(self.path[2])
        if before.identity and not self.identity:
            yield self._column("DROP IDENTITY")
        if before.generated and not self.generated:
            yield self._column("DROP EXPRESSION")
        if (self.type, self.collation) != (before.type, before.collation):
            yield self.retyped()
            # A new type brings its own storage, and the identity sequence follows it.
            before = dataclasses.replace(before, storage="" if self.type != before.type else before.storage)
        elif self.expression != before.expression and self.generated:
            yield self._column(f"SET EXPRESSION AS {enclosed(self.expression)}")
        if self.not_null and not before.not_null:
            for heir in self.not_null_heirs:
                yield self.step(f"ALTER TABLE {sql.qualified(*heir)} ALTER COLUMN {name} SET NOT NULL")
        if self._loses_validity(before) and before.not_null_inherited and not self.bound:
            drop = f"ALTER COLUMN {name} DROP NOT NULL"
            again = _inherited.through_stand_ins(self.path[:2], self.parents, drop, f"ADD {self._constraint()}")
            yield self.step(";\n".join(again), reason=_inherited.NOT_VALID)
            before = dataclasses.replace(before, not_null_valid=False)
        if actions := ", ".join(f"ALTER COLUMN {name} {action}" for action in self._actions(before)):
            yield self._table(actions)
        yield from self._not_null_steps(before)
        yield from self._identity_steps(before)
        if self.local and not before.local and self.parents:
            for parent in self.parents:
                yield self._table(f"NO INHERIT {sql.qualified(*parent)}")
                yield self._table(f"INHERIT {sql.qualified(*parent)}")

    def _actions(self, before: Self) -> Iterator[str]:
        if before.not_null and (not self.not_null or self._loses_validity(before)):
            yield "DROP NOT NULL"
        if self.not_null and not before.not_null and self._plainly_not_null():
            yield "SET NOT NULL"
        if self.storage != before.storage:
            yield f"SET STORAGE {_STORAGE[self.storage or self.type_storage]}"
        if self.compression != before.compression:
            yield f"SET COMPRESSION {_COMPRESSION[self.compression]}"
        if self.statistics != before.statistics:
            yield f"SET STATISTICS {self.statistics}"
        yield from _reloptions.changes(before.options, self.options)
        if self.foreign_options != before.foreign_options:
            yield _foreign_options.changed(before.foreign_options, self.foreign_options)

    def _constraint(self) -> str:
        """The not-null constraint, as ADD takes it."""
        name = sql.name(self.not_null_constraint or self._usual_name())
        ending = (" NO INHERIT" if self.not_null_no_inherit else "") + ("" if self.not_null_valid else " NOT VALID")
        return f"CONSTRAINT {name} NOT NULL {sql.name(self.path[2])}{ending}"

    def _loses_validity(self, before: Self) -> bool:
        return self.not_null and before.not_null and before.not_null_valid and not self.not_null_valid

    def _plainly_not_null(self) -> bool:
        named = self.not_null_name or self.not_null_shared
        return not named and self.not_null_valid and not self.not_null_no_inherit

    def _not_null_steps(self, before: Self) -> Iterator[Step]:
        if not self.not_null:
            return
        constraint = sql.name(self.not_null_constraint or self._usual_name())
        if not before.not_null or self._loses_validity(before):
            if not self._plainly_not_null():
                yield self._table(f"ADD {self._constraint()}")
            return
        if self.not_null_name != before.not_null_name and self.not_null_constraint != before.not_null_constraint:
            rename = self._table(f"RENAME CONSTRAINT {sql.name(before.not_null_constraint)} TO {constraint}")
            yield from self._apart(rename) if before.not_null_inherited else [rename]
        if self.not_null_no_inherit != before.not_null_no_inherit:
            yield self._table(f"ALTER CONSTRAINT {constraint} {'NO ' if self.not_null_no_inherit else ''}INHERIT")
        if self.not_null_valid and not before.not_null_valid:
            yield self._table(f"VALIDATE CONSTRAINT {constraint}")

    def _apart(self, rename: Step) -> Iterator[Step]:
        """A step that PostgreSQL takes only while the not-null constraint is not inherited."""
        why = "the name of what is inherited can be changed only while it is not"
        table, column = sql.qualified(*self.path[:2]), sql.name(self.path[2])
        parents = [sql.qualified(*parent) for parent in self.parents]
        if self.bound:
            before = [f"{parent} DETACH PARTITION {table}" for parent in parents]
            after = [f"{parent} ATTACH PARTITION {table} {self.bound}" for parent in parents]
        else:
            before = [f"ONLY {parent} ALTER COLUMN {column} DROP NOT NULL" for parent in parents]
            after = [f"{parent} ALTER COLUMN {column} SET NOT NULL" for parent in parents]
        yield from (self.step(f"ALTER TABLE {text}", reason=why) for text in before)
        yield rename
        yield from (self.step(f"ALTER TABLE {text}", reason=why) for text in after)

    def _identity_steps(self, before: Self) -> Iterator[Step]:
        if not self.identity:
            return
        if not before.identity:
            yield self._column(f"ADD {self._identity()}")
        else:
            old, new = Counter(*before.counter), Counter(*self.counter)
            changes = [f"SET GENERATED {_IDENTITY[self.identity]}"] if self.identity != before.identity else []
            changes += [f"SET {option}" for option in new.changed(old)]
            if changes:
                # Where the counter stands beyond a new bound.
                texts = [" ".join(changes), " ".join([*changes, "RESTART"])]
                steps = [self._column(text) for text in texts]
                yield dataclasses.replace(steps[0], otherwise=(steps[1].sql,))
            yield from self._renamed(before)
        if self.sequence_persistence != before.sequence_persistence and self.sequence_persistence:
            state = "UNLOGGED" if self.sequence_persistence == "u" else "LOGGED"
            yield self.step(f"ALTER SEQUENCE {sql.qualified(*self.sequence)} SET {state}")

    def _renamed(self, before: Self) -> Iterator[Step]:
        if self.sequence[0] != before.sequence[0]:
            yield self.step(f"ALTER SEQUENCE {sql.qualified(*before.sequence)} SET SCHEMA {sql.name(self.sequence[0])}")
        if self.sequence[1] != before.sequence[1]:
            here = sql.qualified(self.sequence[0], before.sequence[1])
            yield self.step(f"ALTER SEQUENCE {here} RENAME TO {sql.name(self.sequence[1])}")

    def _typed(self) -> str:
        return f"{self.type} COLLATE {self.collation}" if self.collation else self.type

    def _column(self, action: str) -> Step:
        return self._table(f"ALTER COLUMN {sql.name(self.path[2])} {action}")

    def _table(self, action: str) -> Step:
        word = "FOREIGN TABLE" if self.relkind == "f" else "TABLE"
        return self.step(f"ALTER {word} {sql.qualified(*self.path[:2])} {action}")

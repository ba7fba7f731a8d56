"""Runs steps on a copy of live, each in a transaction of its own, and observes what each does.

On an empty copy PostgreSQL takes the same locks, rewrites the same tables and scans the same tables as on a full one,
so these are read off, not looked up. Only what live has is watched: a step cannot hurt a table that it has just made.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import psycopg

from dbsync import sql
from dbsync.load import tree
from dbsync.load.acts import Elevate, act, may_act
from dbsync.load.unsafe import UnsafeActError
from dbsync.model.objects import Id, aside
from dbsync.model.plan import Observed
from dbsync.model.steps import Step
from dbsync.pg.casts import may_alter_values
from dbsync.pg.failures import Failure

Connection = psycopg.Connection[Any]
Touched = Callable[[], tuple[Id, ...]]

# privilege_not_revoked, privilege_not_granted
_GRANTED_NOTHING = ("01006", "01007")
_INSUFFICIENT_PRIVILEGE = "42501"

_STRENGTH = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)

_WATCHED = """
    select c.oid::bigint, c.relfilenode::bigint, format('%I.%I', n.nspname, c.relname),
           c.relkind = 'r'
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and c.oid >= 16384 and n.nspname !~ '^pg_'
"""
_PLACE = "select oid::bigint, relfilenode::bigint from pg_catalog.pg_class where oid = to_regclass(%s)"
_COLUMNS = """
    select attrelid::bigint, attnum::int, quote_ident(attname), atttypid::bigint, atttypmod,
           pg_catalog.format_type(atttypid, atttypmod)
    from pg_catalog.pg_attribute
    where attrelid = any (%s::oid[]) and attnum > 0 and not attisdropped and attgenerated = ''
"""
_LOCKS = """
    select relation::bigint, mode from pg_catalog.pg_locks
    where pid = pg_catalog.pg_backend_pid() and relation >= 16384
"""
_TOUCHED = """
    select c.oid::bigint, c.relfilenode::bigint, pg_catalog.pg_stat_get_xact_numscans(c.oid)::bigint, c.relkind::text
    from pg_catalog.pg_class c where c.oid = any (%s::oid[])
"""
# Scans are counted until the session reports them, which it does once a second: the next step must not be given these.
_FORGET = "select pg_catalog.pg_stat_force_next_flush()"


@dataclasses.dataclass(frozen=True)
class _Column:
    """A column of live: its name, its type with its modifier, and both in words."""

    name: str
    type: int
    modifier: int
    spelled: str


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A step that PostgreSQL refused, with what it said."""

    step: Step
    failure: Failure


class Replay:
    """Steps run on one copy, one after the other."""

    def __init__(self, connection: Connection, elevate: Elevate | None, touched: Touched | None = None):
        """`elevate` lets a superuser do what a step asks for; None where live's role may not do what needs that.

        `touched` tells what the last step touched, for steps that do not know it themselves.
        """
        self.connection = connection
        connection.add_notice_handler(self._hear)
        self.granted_nothing: Failure | None = None
        self.touched = touched
        self.elevate = elevate
        self.files: dict[int, int] = {}
        self.names: dict[int, str] = {}
        self.tables: set[int] = set()
        for oid, file, name, has_rows in connection.execute(_WATCHED).fetchall():
            self.files[oid], self.names[oid] = file, name
            if has_rows:
                self.tables.add(oid)
        self.columns: dict[int, dict[int, _Column]] = {}
        for oid, number, *rest in connection.execute(_COLUMNS, [list(self.files)]).fetchall():
            self.columns.setdefault(oid, {})[number] = _Column(*rest)

    def run(self, step: Step) -> Observed | Refusal:
        """Run a step, or the first of its variants that PostgreSQL takes; what it refuses leaves no trace."""
        first: Refusal | None = None
        for text in (step.sql, *step.otherwise):
            # A variant of a step that sets rows aside only drops their table.
            kept = step.sets_aside if text == step.sql else ()
            attempt = dataclasses.replace(step, sql=text, otherwise=(), sets_aside=kept)
            result = self._run_elevated(attempt)
            if isinstance(result, Observed):
                return result
            first = first or result
        if first is None:
            raise AssertionError("a step has at least one text")
        return dataclasses.replace(first, step=step)

    def _run_elevated(self, step: Step) -> Observed | Refusal:
        result = self._run(step)
        if isinstance(result, Observed) or self.elevate is None or result.failure.sqlstate is None:
            return result
        if not may_act(result.failure.sqlstate, step.sql):
            return result
        again = self._run(step, self.elevate)
        return dataclasses.replace(again, acted=True) if isinstance(again, Observed) else again

    def _run(self, step: Step, elevate: Elevate | None = None) -> Observed | Refusal:
        try:
            if not step.transactional:
                perform(self.connection, step.sql, elevate)
                self.connection.execute(_FORGET)
                return Observed(step=step)
            with self.connection.transaction() as transaction:
                self.granted_nothing = None
                perform(self.connection, step.sql, elevate)
                if self.granted_nothing:
                    raise psycopg.Rollback(transaction)
                observed = self._observed(step)
            if self.granted_nothing:
                return Refusal(step, self.granted_nothing)
            return dataclasses.replace(observed, touched=self.touched()) if self.touched else observed
        except UnsafeActError as error:
            return Refusal(step, Failure(message=error.message, hint=error.hint, sqlstate=_INSUFFICIENT_PRIVILEGE))
        except psycopg.Error as error:
            if self.connection.closed:
                raise
            self.connection.execute(_FORGET)
            return Refusal(step, Failure.of(error))

    def _hear(self, notice: psycopg.errors.Diagnostic) -> None:
        """A GRANT or REVOKE by a role that may not is no error where it may do something else: only a warning tells."""
        if notice.sqlstate in _GRANTED_NOTHING:
            self.granted_nothing = Failure(message=notice.message_primary or "", sqlstate=_INSUFFICIENT_PRIVILEGE)

    def _observed(self, step: Step) -> Observed:
        if not self.files:
            return Observed(step=step)
        modes: dict[int, str] = {}
        # What is watched is picked out here: to send it along with every step takes longer the more tables there are.
        for oid, mode in self.connection.execute(_LOCKS).fetchall():
            if oid in self.files:
                modes[oid] = max(modes.get(oid, mode), mode, key=_STRENGTH.index)
        if not modes:
            return Observed(step=step)
        there = {oid: row for oid, *row in self.connection.execute(_TOUCHED, [list(modes)]).fetchall()}
        if any(scans for _, scans, _ in there.values()):
            self.connection.execute(_FORGET)
        rewritten = [oid for oid in there if there[oid][0] != self.files[oid]]
        scanned = [oid for oid in there if there[oid][1]]
        names = {oid: self.names[oid] for oid in modes}
        lost = [*self._lost_tables(modes, there), *self._lost_values(step, modes, there)]
        for oid in rewritten:
            self.files[oid] = there[oid][0]
        if step.sets_aside:
            self._watch_aside(step.about)
        return Observed(
            step=step,
            locks={names[oid]: _spelled(mode) for oid, mode in sorted(modes.items(), key=lambda item: names[item[0]])},
            rewritten=tuple(sorted(names[oid] for oid in rewritten)),
            scanned=tuple(sorted(names[oid] for oid in scanned)),
            lost=tuple(lost),
        )

    def _watch_aside(self, table: Id) -> None:
        """What is done to the rows of a table where they are set aside is done to the table's."""
        place = sql.qualified(table.path[0], aside(table.path[1]))
        for oid, file in self.connection.execute(_PLACE, [place]).fetchall():
            self.files[oid], self.names[oid] = file, table.name
            for _, number, *rest in self.connection.execute(_COLUMNS, [[oid]]).fetchall():
                self.columns.setdefault(oid, {})[number] = _Column(*rest)

    def _lost_tables(self, locked: Iterable[int], there: Mapping[int, Any]) -> list[str]:
        gone = [oid for oid in locked if oid not in there]
        lost = [f"table {self.names[oid]} and its rows" for oid in gone if oid in self.tables]
        for oid in gone:
            del self.files[oid], self.names[oid]
            self.columns.pop(oid, None)
        return lost

    def _lost_values(self, step: Step, locked: Iterable[int], there: Mapping[int, Any]) -> list[str]:
        """Columns that are gone, and those whose new type may alter their values without an error."""
        tables = [oid for oid in locked if oid in there and there[oid][2] in "rp"]
        left: dict[int, dict[int, _Column]] = {oid: {} for oid in tables}
        for oid, number, *rest in self.connection.execute(_COLUMNS, [tables]).fetchall():
            left[oid][number] = _Column(*rest)
        lost: list[str] = []
        for oid in tables:
            for number, was in list(self.columns.get(oid, {}).items()):
                column, now = f"column {self.names[oid]}.{was.name}", left[oid].get(number)
                if now is None:
                    lost.append(f"{column} and its values")
                    del self.columns[oid][number]
                elif (now.type, now.modifier) != (was.type, was.modifier):
                    self.columns[oid][number] = now
                    old, new = (was.type, was.modifier), (now.type, now.modifier)
                    if may_alter_values(self.connection, old, new, explicit=tree.casts(step.sql)):
                        lost.append(f"{column}: what {was.spelled} holds and {now.spelled} does not")
        return lost


def perform(connection: Connection, text: str, elevate: Elevate | None) -> None:
    """Run a step's text: as what a superuser does, with `elevate`. psycopg.Error where PostgreSQL refuses it."""
    if elevate:
        act(connection, elevate, text)
    else:
        connection.execute(text.encode())


def _spelled(mode: str) -> str:
    """A lock's mode as LOCK TABLE writes it: AccessExclusiveLock → ACCESS EXCLUSIVE."""
    words = "".join(f" {c}" if c.isupper() else c for c in mode.removesuffix("Lock")).split()
    return " ".join(words).upper()

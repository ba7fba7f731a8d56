"""Every case of the corpus, both ways through the whole pipeline: planned, applied, and looked at by other means.

The way forth is planned as by default, and in the first case of each kind once more afterwards, which must plan to
nothing; the way back by dbsync's own author alone, which must not depend on the other one's ideas.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import pytest

from dbsync import sql
from dbsync.apply.engine import apply_plan
from dbsync.apply.session import Checks
from dbsync.errors import NoPlan
from dbsync.kinds import KINDS
from dbsync.model.changes import Change, Rename
from dbsync.model.objects import Id, Object
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.planning.live import fingerprint
from dbsync.planning.planner import PlanRequest, make_plan
from dbsync.planning.verify import remaining
from dbsync.scratch.binaries import Installation
from dbsync.snapshot import snapshot
from tests.convergence import EVERYTHING, assert_equal, filled
from tests.corpus_case import CORPUS, Case, cases
from tests.plugins.database import MakeDatabase

Connection = psycopg.Connection[Any]
Rows = Mapping[Id, tuple[list[str], Counter[tuple[str | None, ...]]]]
Numbers = Mapping[Id, tuple[int, int, int]]

_NUMBERS = """
    select array[n.nspname, c.relname, a.attname]::text[], s.increment_by,
           pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_sequences s on format('%I.%I', s.schemaname, s.sequencename)
       = pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)
    where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
"""


@pytest.mark.usefixtures("kept_scratch")
@pytest.mark.parametrize("case", cases())
def test_corpus(case: Case, make_database: MakeDatabase, programs: Installation) -> None:
    live, wanted = make_database(), make_database()
    with filled(live, case.start.read_text(), case.rows) as before, filled(wanted, case.end.read_text()) as after:
        goal, rows, numbers = snapshot(after), rows_of(before), numbers_of(before)

    if "refused" in case.said:
        with pytest.raises(NoPlan) as caught:
            planned(case, live)
        assert case.said["refused"] in str(caught.value)
        return
    plan = planned(case, live)
    assert [one for one in plan.hazards if one.blocks] == []
    apply_plan(lambda: connect(live), plan, checks=Checks(fingerprint, remaining))

    assert [change for change in plan.changes if not foreseen(change)] == []
    script = [one.step.sql for one in plan.steps]
    assert [loss for loss in plan.losses if not loss.startswith(natural_losses(plan.changes))] == case.texts("loses"), (
        script
    )
    if not case.said.get("cascades"):
        assert [line for line in script if line.startswith("DROP ") and line.endswith(" CASCADE")] == []
    for text in case.texts("forbidden"):
        assert [line for line in script if text in line] == [], script
    for text in case.texts("wanted"):
        assert [line for line in script if text in line], script
    assert_equal(live, (wanted, goal), programs, make_database)
    with connect(live) as session:
        assert_kept(by_new_names(rows, plan.renamed), rows_of(session), frozenset(case.texts("changes")))
        counted = numbers_of(session)
    if not any(loss.endswith("and its position") for loss in plan.losses):
        assert_counted(numbers, counted, plan)
    assert {name: counted[column][0] for name in case.next for column in counted if column.name == name} == case.next

    if case.again:
        again = planned(case, live)
        assert (again.changes, again.empty) == ((), True), [one.step.sql for one in again.steps]


def test_every_kind_has_cases() -> None:
    """A folder for each kind, with two cases at least; a kind that no test can make has none, for a reason."""
    without = {
        "security label": "no module of PostgreSQL itself provides labels",
        "unknown": "it stands for what has no kind",
    }
    found = Counter(path.parent.parent.name for path in CORPUS.glob("*/*/from.sql"))
    expected = {kind.replace(" ", "_") for kind in KINDS if kind not in without}
    assert expected - found.keys() == set()
    assert {kind for kind in expected if found[kind] < 2} == set()


def foreseen(change: Change) -> bool:
    """Whether what dbsync says of the kind holds: made again only where it says so."""
    if change.before is None or change.after is None or change.after.alteration(change.before) is not None:
        return True
    kind = type(change.after)
    return kind.alter is Object.alter or any(field in kind.fixed or field in kind.limits for field in change.fields())


def planned(case: Case, live: Target) -> Plan:
    request = PlanRequest(
        target=live,
        schema=case.end,
        manage=case.said.get("manage", EVERYTHING),
        author="best" if case.direction == "forth" else "dbsync",
    )
    return make_plan(request, lambda _: None)


def natural_losses(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """How the losses begin that must be: of what the file does not have, and of columns with another type there."""
    gone = [change.id for change in changes if change.after is None]
    other = [change.id for change in changes if "type" in change.fields()]
    return (
        *(f"{one} and its rows" for one in gone if one.kind == "table"),
        *(f"{one} and its values" for one in gone if one.kind == "column"),
        *(f"{one}: what " for one in other if one.kind == "column"),
    )


def rows_of(connection: Connection) -> Rows:
    """The rows of every table's own as text, with the names of its columns; computed columns are left out."""
    found = {}
    for oid, path in connection.execute(
        "select c.oid, array[nspname, relname]::text[] from pg_class c join pg_namespace n on n.oid = relnamespace"
        " where relkind = 'r' and nspname !~ '^(pg_|information_schema$|dbsync$)'"
    ).fetchall():
        columns = [
            name
            for (name,) in connection.execute(
                "select attname::text from pg_attribute"
                " where attrelid = %s and attnum > 0 and not attisdropped and attgenerated = '' order by attnum",
                [oid],
            ).fetchall()
        ]
        texts = ", ".join(f"{sql.name(column)}::text" for column in columns)
        rows = connection.execute(f"select {texts} from only {sql.qualified(*path)}".encode()).fetchall()
        found[Id("table", tuple(path))] = (columns, Counter(rows))
    return found


def numbers_of(connection: Connection) -> Numbers:
    """For every column with a sequence of its own: what it gives next, the first number that it has not given yet, and
    in which direction it counts."""
    found = {}
    for path, step, sequence in connection.execute(_NUMBERS).fetchall():
        row = connection.execute(f"select last_value, is_called from {sequence}".encode()).fetchone()
        assert row is not None
        (last, called), way = row, 1 if step > 0 else -1
        found[Id("column", tuple(path))] = (last + step * called, last + way * called, way)
    return found


def assert_counted(before: Numbers, after: Numbers, plan: Plan) -> None:
    """No number comes again in a column that is there before and after, in a table that is."""
    new = {rename.before: rename.after.path for rename in plan.renamed}
    gone = {change.id.path for change in plan.changes if change.after is None}
    for column, (_, free, way) in before.items():
        table = new.get(Id("table", column.path[:2]), column.path[:2])
        one = Id("column", new.get(column, (*table, column.path[2])))
        emptied = {f"table {sql.qualified(*path)} and its rows" for path in (column.path[:2], table)}
        if one in after and column.path not in gone and emptied.isdisjoint(plan.losses) and way == after[one][2]:
            assert (after[one][0] - free) * way >= 0, one


def by_new_names(rows: Rows, renames: Sequence[Rename]) -> Rows:
    """Rows as they were before, with the names that tables, columns and their schemas have afterwards."""
    new = {rename.before: rename.after.path for rename in renames}
    found = {}
    for table, (columns, values) in rows.items():
        schema = new.get(Id("schema", table.path[:1]), table.path[:1])
        path = new.get(table, (*schema, *table.path[1:]))
        names = [new.get(Id("column", (*table.path, name)), (name,))[-1] for name in columns]
        found[Id("table", path)] = (names, values)
    return found


def assert_kept(before: Rows, after: Rows, changed: frozenset[str]) -> None:
    """Tables that are there before and after have the same rows, in the columns that are there before and after."""
    for one in before.keys() & after.keys():
        (names, rows), (new_names, new_rows) = before[one], after[one]
        both = [name for name in names if name in new_names and f"{one.name}.{name}" not in changed]
        assert project(rows, names, both) == project(new_rows, new_names, both), one


def project(rows: Counter[tuple[str | None, ...]], names: list[str], wanted: list[str]) -> Counter[Any]:
    positions = [names.index(name) for name in wanted]
    found: Counter[Any] = Counter()
    for row, count in rows.items():
        found[tuple(row[position] for position in positions)] += count
    return found

"""What the replay sees of a step is what that step did."""

import contextlib
from typing import Any, ClassVar

import psycopg

from dbsync.model.objects import Id
from dbsync.model.plan import Observed
from dbsync.model.steps import Step
from dbsync.pg.connect import Target, connect
from dbsync.replay import Replay


def observed(replay: Replay, sql: str, *, transactional: bool = True) -> Observed:
    result = replay.run(Step(sql=sql, about=Id("table", ("public", "t")), transactional=transactional))
    assert isinstance(result, Observed)
    return result


def test_a_scan_is_not_the_next_step_s(database: Target) -> None:
    with contextlib.closing(connect(database)) as connection:
        connection.execute("create table public.t (a integer, b integer)")
        replay = Replay(connection, None)
        assert observed(replay, "ALTER TABLE public.t ALTER a SET NOT NULL").scanned == ("public.t",)
        assert observed(replay, "ALTER TABLE public.t ADD COLUMN c integer").scanned == ()
        observed(replay, "CREATE INDEX CONCURRENTLY i ON public.t (a)", transactional=False)
        assert observed(replay, "ALTER TABLE public.t ADD COLUMN d integer").scanned == ()
        assert not isinstance(
            replay.run(
                Step(sql="ALTER TABLE public.t ADD CHECK (a / 0 > 0), ADD x", about=Id("table", ("public", "t")))
            ),
            Observed,
        )
        assert observed(replay, "ALTER TABLE public.t ADD COLUMN e integer").scanned == ()


class Sent(psycopg.Cursor[Any]):
    """A cursor that writes down how many values each query takes along."""

    values: ClassVar[list[int]] = []

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        self.values.extend(len(one) for one in params or () if isinstance(one, list))
        return super().execute(query, params, **options)


def test_to_observe_a_step_costs_nothing_for_the_tables_that_it_does_not_touch(database: Target) -> None:
    Sent.values.clear()
    with contextlib.closing(connect(database)) as connection:
        connection.execute("".join(f"create table public.t{n} (a integer);" for n in range(50)))
        replay = Replay(connection, None)
        connection.cursor_factory = Sent
        assert observed(replay, "ALTER TABLE public.t7 ADD COLUMN b integer").locks == {"public.t7": "ACCESS EXCLUSIVE"}
        assert observed(replay, "CREATE TABLE public.new (a integer)").locks == {}
    assert Sent.values
    assert max(Sent.values) == 1

"""Plans made by hand, run by the engine on a real server; and gates, by which a test holds it where it wants to."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from dbsync.apply.engine import apply_plan
from dbsync.apply.session import Checks, Limits
from dbsync.model.objects import Id
from dbsync.model.outcome import End, Observer, Outcome
from dbsync.model.plan import Batch, Observed, Plan, Proof
from dbsync.model.steps import Step
from dbsync.model.text import Place
from dbsync.pg.connect import Target, connect
from dbsync.tasks.past import settle_records

Connection = psycopg.Connection[Any]

QUICK = Limits(lock_timeout=0.3, attempts=3, first_pause=0.1, other_apply=0.6, build_patience=0.5, reconnect=5)


class Told(Observer):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.steps: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def step(self, number: int, total: int, step: Step) -> None:
        self.steps.append(f"{number}/{total}")


def step(sql: str) -> Observed:
    return Observed(step=Step(sql=sql, about=Id("table", ("public", "t")), place=Place("schema.sql", 3)))


def plan(*batches: tuple[str, ...] | str) -> Plan:
    """Tuples are transactions; a text runs outside of any."""
    made = tuple(
        Batch(steps=(step(one),), transactional=False)
        if isinstance(one, str)
        else Batch(steps=tuple(step(s) for s in one))
        for one in batches
    )
    return Plan(
        target="the test",
        database="test",
        host="",
        changes=(),
        batches=made,
        proof=Proof("pg_dump"),
        current_fingerprint="now",
        desired_fingerprint="then",
        schema_digest="digest",
        schema_text="create table t ();",
    )


def run(
    target: Target,
    what: Plan,
    *,
    fingerprint: str = "now",
    remaining: tuple[Id, ...] = (),
    observer: Observer | None = None,
    limits: Limits = QUICK,
    before: Callable[[Connection], None] = lambda _: None,
    connect_by: Callable[[], Connection] | None = None,
) -> Outcome:
    def seen(connection: Connection) -> str:
        before(connection)
        return fingerprint

    def end(connection: Connection, _: Plan) -> End:
        connection.execute("select")
        return End(remaining)

    return apply_plan(
        connect_by or (lambda: connect(target)),
        what,
        checks=Checks(seen, end, settle=settle_records),
        observer=observer,
        limits=limits,
    )


def tables(live: Connection) -> set[str]:
    return {row[0] for row in live.execute("select relname from pg_class where relkind = 'r' and relnamespace = 2200")}


def waits(live: Connection, statement: str) -> int:
    """Wait until a session of dbsync waits for a lock with a statement that begins so; its process."""
    query = """select pid from pg_stat_activity where application_name = 'dbsync' and datname = current_database()
               and wait_event_type = 'Lock' and starts_with(lower(ltrim(query, E' \\n')), lower(%s))"""
    end = time.monotonic() + 90
    while (row := live.execute(query, [statement]).fetchone()) is None:
        assert time.monotonic() < end, f"nobody waits with {statement}"
        time.sleep(0.02)
    return int(row[0])


@contextlib.contextmanager
def holding(target: Target, statement: str) -> Iterator[Connection]:
    """A transaction of somebody else that has run a statement, and stays open until it is rolled back or left."""
    with contextlib.closing(connect(target, autocommit=False, application_name="holder")) as other:
        other.execute(statement.encode())
        yield other

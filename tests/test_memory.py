"""What is remembered of plans with nothing to do, and when it counts no longer."""

import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

import dbsync
from dbsync.errors import ConnectionFailed
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.pg.server import LiveFacts, describe
from dbsync.planning import live, planner, quick
from dbsync.planning.request import PlanRequest
from dbsync.scratch import cache
from dbsync.snapshot import edition, snapshot

TABLE = "create table public.t (id integer primary key);\n"
MakePlan = Callable[[], Plan]


class AskedError(Exception):
    """The plan was made, not remembered."""


def refused(*_: object, **__: object) -> Plan:
    raise AskedError


@pytest.fixture
def request_(database: Target, tmp_path: Path, own_cache: Path) -> PlanRequest:
    """Of a database that is what its file says, planned before."""
    schema = tmp_path / "schema.sql"
    schema.write_text(TABLE)
    with connect(database) as session:
        session.execute(TABLE.encode())
    found = PlanRequest(target=database, schema=schema, scratch="embedded", environ={"DBSYNC_CACHE": str(own_cache)})
    assert planner.make_plan(found, lambda _: None).empty
    return found


@pytest.fixture
def remembered(request_: PlanRequest, monkeypatch: pytest.MonkeyPatch) -> MakePlan:
    """The plan from memory; AskedError where it would have to be made."""

    monkeypatch.setattr(planner, "open_scratch", refused)
    return lambda: quick.make_plan(request_, lambda _: None)


def files(request: PlanRequest) -> list[Path]:
    return sorted((Path(request.environ["DBSYNC_CACHE"]) / "proven").iterdir())


def test_nothing_is_asked_but_the_state(remembered: MakePlan, request_: PlanRequest, database: Target) -> None:
    plan = remembered()
    assert (plan.empty, plan.changes, plan.proof.witness) == (True, (), "pg_dump")
    assert plan.schema_text == TABLE
    with connect(database) as session:
        catalog = snapshot(session)
    assert (plan.current_fingerprint, dict(plan.current)) == (catalog.fingerprint, dict(catalog.digests))


def test_a_column_made_and_dropped_is_looked_at_closely(
    remembered: MakePlan, request_: PlanRequest, database: Target
) -> None:
    with connect(database) as session:
        session.execute("comment on table public.t is 'x'; comment on table public.t is null")
        session.execute("drop table public.t")
        session.execute(TABLE.encode())
    assert remembered().empty


def test_live_changed(remembered: MakePlan, database: Target) -> None:
    with connect(database) as session:
        session.execute("alter table public.t add column a text")
    with pytest.raises(AskedError):
        remembered()


def test_the_file_changed(remembered: MakePlan, request_: PlanRequest) -> None:
    request_.schema.write_text(TABLE + "create table public.u ();")
    with pytest.raises(AskedError):
        remembered()


def test_an_included_file_changed(request_: PlanRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    included = tmp_path / "tables.sql"
    included.write_text(TABLE)
    request_.schema.write_text("\\ir tables.sql\n")
    assert planner.make_plan(request_, lambda _: None).empty
    monkeypatch.setattr(planner, "open_scratch", refused)
    assert quick.make_plan(request_, lambda _: None).empty
    included.write_text(TABLE + "-- and more\n")
    with pytest.raises(AskedError):
        quick.make_plan(request_, lambda _: None)


def test_another_version_of_dbsync(remembered: MakePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbsync, "__version__", "0.0.0")
    with pytest.raises(AskedError):
        remembered()


def test_another_role(remembered: MakePlan, request_: PlanRequest, database: Target) -> None:
    with connect(database) as session:
        session.execute("grant select on public.t to dbsync_reader")
        session.execute("alter role dbsync_reader login")
    other = Target({**database.parameters, "user": "dbsync_reader"})
    try:
        with pytest.raises(AskedError):
            quick.make_plan(dataclasses.replace(request_, target=other), lambda _: None)
    except ConnectionFailed:
        pytest.skip("this server wants a password of the role")


@pytest.mark.parametrize("rest", [b"", b"{", b"[]", b'{"state": 1}'])
def test_what_is_half_there_does_not_count(remembered: MakePlan, request_: PlanRequest, rest: bytes) -> None:
    for path in files(request_):
        if path.suffix == ".json":
            path.write_bytes(rest)
    with pytest.raises(AskedError):
        remembered()


def test_without_the_digests_it_does_not_count(remembered: MakePlan, request_: PlanRequest) -> None:
    for path in files(request_):
        if path.suffix != ".json":
            path.unlink()
    with pytest.raises(AskedError):
        remembered()


def test_what_a_file_that_runs_code_made_is_not_kept(database: Target, request_: PlanRequest) -> None:
    before = files(request_)
    request_.schema.write_text(TABLE + "do $$ begin end $$;\n")
    assert planner.make_plan(request_, lambda _: None).empty
    assert files(request_) == before


def test_only_so_many_are_kept(tmp_path: Path) -> None:
    for number in range(5):
        cache.replace(tmp_path / str(number), b"x" * 10)
        os.utime(tmp_path / str(number), (number + 1, number + 1))
    cache.forget(tmp_path, most=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "3", "4"]


def test_live_is_described_once(request_: PlanRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What memory did not know goes on with the connection on which it was asked, and that does not stay open."""
    described: list[psycopg.Connection[Any]] = []

    def describing(connection: psycopg.Connection[Any]) -> LiveFacts:
        described.append(connection)
        return describe(connection)

    monkeypatch.setattr(live, "describe", describing)
    request_.schema.write_text(f"{TABLE} create table more (id integer primary key);")
    assert quick.make_plan(dataclasses.replace(request_, author="dbsync"), lambda _: None).steps
    assert quick.look(request_, lambda _: None).differs
    assert [connection.closed for connection in described] == [True, True]


@pytest.mark.parametrize("name", ["snapshot.py", "model/catalog.py", "model/objects.py", "kinds/column.py"])
def test_what_reads_and_digests_is_of_the_edition(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(dbsync.__file__).parent
    for part in ("snapshot.py", "model", "kinds"):
        copy = shutil.copytree if (home / part).is_dir() else shutil.copy
        copy(home / part, tmp_path / part)
    monkeypatch.setattr("dbsync.snapshot.__file__", str(tmp_path / "snapshot.py"))
    before = edition.__wrapped__()
    assert before == edition()
    (tmp_path / name).write_text((home / name).read_text() + "\n")
    assert edition.__wrapped__() != before
